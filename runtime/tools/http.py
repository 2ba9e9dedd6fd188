"""One HTTP exchange with a checked destination, bounded in time and size."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urljoin

from runtime.domain.errors import TimedOut, ToolFailed, Upstream
from runtime.tools.network import Destination, Network

MOST_REDIRECTS: Final = 5
LARGEST_BODY_BYTES: Final = 2 * 1024 * 1024
_REDIRECTS: Final = (301, 302, 303, 307, 308)
_OURS: Final = ("host", "connection", "content-length", "transfer-encoding", "accept-encoding")
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_METHOD: Final = re.compile(r"[A-Z]{1,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a server answered. ``truncated`` says the body was longer than what is kept."""

    url: str
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    truncated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Http:
    """Speaks HTTP to where ``network`` permits. Proxies from the environment are not used."""

    network: Network
    timeout_seconds: float = 20.0
    """For everything together: names, redirects, body."""
    largest_body_bytes: int = LARGEST_BODY_BYTES
    tls: ssl.SSLContext | None = field(default=None)
    """Whom to trust; None for the system's authorities."""

    def get(self, url: str) -> Reply:
        """Fetch, following redirects; each is checked like the first URL.

        Raises:
            ToolFailed: the URL, or one it redirects to, may not be called.
            Upstream: no answer came.
        """
        deadline = time.monotonic() + self.timeout_seconds
        for _ in range(MOST_REDIRECTS + 1):
            destination = self.network.destination(url)
            reply = self._exchange("GET", destination, b"", {}, deadline)
            location = reply.headers.get("location")
            if reply.status not in _REDIRECTS or not location:
                return reply
            url = urljoin(destination.url, location)
            if destination.scheme == "https" and url.lower().startswith("http:"):
                raise ToolFailed(f"{destination.host!r} redirects from https to http; stop there")
        raise ToolFailed(f"{url[:200]!r}: more than {MOST_REDIRECTS} redirects; use the last URL")

    def post(self, url: str, body: bytes, *, content_type: str, key: str) -> Reply:
        """Send, and follow no redirect: it would send the body somewhere else.

        ``key`` goes along as ``Idempotency-Key``; a server may heed it or not.

        Raises:
            ToolFailed: the URL may not be called; nothing was sent.
            Upstream: ``ambiguous`` once anything may have been sent.
        """
        deadline = time.monotonic() + self.timeout_seconds
        headers = {"Content-Type": content_type, "Idempotency-Key": key}
        return self._exchange("POST", self.network.destination(url), body, headers, deadline)

    def send(self, method: str, url: str, body: bytes, *, headers: Mapping[str, str]) -> Reply:
        """Make one exchange of any method, and follow no redirect.

        Raises:
            ToolFailed: the URL may not be called, or a header is malformed; nothing was sent.
            Upstream: ``ambiguous`` once anything may have been sent.
        """
        for name, value in headers.items():
            if name.lower() in _OURS or _HEADER.fullmatch(name) is None:
                raise ToolFailed(f"the header {name!r} may not be set; leave it out")
            if not value.isascii() or any(letter in value for letter in "\r\n\0"):
                raise ToolFailed(f"the header {name!r} holds what no header may; encode it")
        if _METHOD.fullmatch(method) is None:
            raise ToolFailed(f"{method!r} is no HTTP method; write GET, POST or another")
        deadline = time.monotonic() + self.timeout_seconds
        return self._exchange(method, self.network.destination(url), body, headers, deadline)

    def _exchange(
        self,
        method: str,
        destination: Destination,
        body: bytes,
        headers: Mapping[str, str],
        deadline: float,
    ) -> Reply:
        connection = http.client.HTTPConnection(destination.host, destination.port)
        connection.sock = self._connected(destination, deadline)
        cut = _Cut(connection.sock, seconds=deadline - time.monotonic())
        try:
            connection.request(
                method,
                destination.target,
                body=body or None,
                headers={
                    "Host": destination.authority,
                    "User-Agent": "Baton",
                    "Accept": "*/*",
                    "Accept-Encoding": "identity",
                    "Connection": "close",
                    **headers,
                },
            )
            response = connection.getresponse()
            content = response.read(self.largest_body_bytes + 1)
        except (OSError, http.client.HTTPException, ValueError) as error:
            if cut.made or isinstance(error, TimeoutError):
                # The socket's own limit is the same moment, and may be noticed first.
                raise _late(destination) from error
            raise Upstream(
                f"{destination.host!r} did not answer properly ({type(error).__name__}); "
                "try again later"
            ) from error
        finally:
            cut.cancel()
            connection.close()
        if cut.made:
            raise _late(destination)
        if response.length and len(content) <= self.largest_body_bytes:
            raise Upstream(f"{destination.host!r} broke off in the middle; try again later")
        return Reply(
            url=destination.url,
            status=response.status,
            headers={name.lower(): value for name, value in response.getheaders()},
            body=content[: self.largest_body_bytes],
            truncated=len(content) > self.largest_body_bytes,
        )

    def _connected(self, destination: Destination, deadline: float) -> socket.socket:
        """Connect to a checked address, while the server hears the name that was asked for."""
        error: Exception | None = None
        for address in destination.addresses[:3]:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            try:
                plain = socket.create_connection((address, destination.port), timeout=left)
            except OSError as failure:
                error = failure
                continue
            if destination.scheme == "http":
                return plain
            try:
                context = self.tls or ssl.create_default_context()
                return context.wrap_socket(plain, server_hostname=destination.host)
            except (OSError, ValueError) as failure:
                plain.close()
                error = failure
        said = f"{type(error).__name__}: {error}" if error else "no time was left"
        raise Upstream(
            f"{destination.host!r} cannot be reached ({said}); try again later", ambiguous=False
        ) from error


class _Cut:
    """Ends a connection at a moment, whatever it is doing: a server may drip for ever."""

    def __init__(self, connection: socket.socket, *, seconds: float) -> None:
        self.made = False
        self._connection = connection
        self._timer = threading.Timer(max(seconds, 0.01), self._cut)
        self._timer.daemon = True
        self._timer.start()

    def cancel(self) -> None:
        self._timer.cancel()

    def _cut(self) -> None:
        self.made = True
        try:
            # Not SSLSocket's own: that one drops its state under the thread that reads.
            socket.socket.shutdown(self._connection, socket.SHUT_RDWR)
        except OSError:
            return  # It was closed already.


def _late(destination: Destination) -> TimedOut:
    return TimedOut(f"{destination.host!r} took too long; try again later, or ask for less")
