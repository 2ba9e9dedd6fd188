"""A loopback HTTP server that answers by path, and remembers what it was sent."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from runtime.domain.json import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    host: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True, kw_only=True)
class Page:
    """What a path answers; ``act`` takes the connection over instead."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    act: Callable[[BaseHTTPRequestHandler], None] | None = None


class WebServer:
    """Use as a context manager; ``seen`` grows with every request."""

    def __init__(self, pages: dict[str, Page], *, tls: ssl.SSLContext | None = None) -> None:
        self.pages = pages
        self.seen: list[Seen] = []
        self.released = threading.Event()
        """Set on closing; pages that hang wait for it."""
        world = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer()

            def do_POST(self) -> None:
                self._answer()

            def do_PUT(self) -> None:
                self._answer()

            def _answer(self) -> None:
                size = int(self.headers.get("Content-Length", "0"))
                world.seen.append(
                    Seen(
                        method=self.command,
                        path=self.path,
                        host=self.headers.get("Host", ""),
                        headers={name.lower(): value for name, value in self.headers.items()},
                        body=self.rfile.read(size),
                    )
                )
                page = world.pages.get(self.path, Page(status=404, body=b"not here"))
                if page.act is not None:
                    page.act(self)
                    return
                self.send_response(page.status)
                for name, value in page.headers.items():
                    self.send_header(name, value)
                if "Content-Length" not in page.headers:
                    self.send_header("Content-Length", str(len(page.body)))
                self.end_headers()
                self.wfile.write(page.body)

            def log_message(self, format: str, *args: object) -> None:
                return

        self._server = _Quiet(("127.0.0.1", 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def place(self) -> str:
        """Host and port, as an operator would allow it."""
        return f"127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        return f"http://{self.place}{path}"

    def __enter__(self) -> WebServer:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what some tests are about."""


def answer_json(handler: BaseHTTPRequestHandler, value: Json) -> None:
    """Answer a request whose page is an act with JSON."""
    body = json.dumps(value).encode()
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
