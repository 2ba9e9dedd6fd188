"""A bucket on this machine that speaks S3 as far as anchors need it, and believes nobody."""

from __future__ import annotations

import hashlib
import hmac
import threading
from base64 import b64encode
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.sax.saxutils import escape

KEY_ID, SECRET, REGION = "AKIAANCHOR", "anchor-secret-canary-31415926", "eu-test-1"


@dataclass
class Shelf:
    """What is in the bucket, and how it behaves."""

    url: str = ""
    objects: dict[str, bytes] = field(default_factory=dict[str, bytes])
    refused: list[str] = field(default_factory=list[str])
    answers: int | None = None
    """Answered to everything, in the place of what was asked for."""
    page: int = 2
    """How many names a listing gives at once."""


@contextmanager
def bucket_server() -> Generator[Shelf]:
    """Serve one bucket named ``audit``."""
    shelf = Shelf()

    class Handler(_Handler):
        def __init__(self, *given: object) -> None:
            self.shelf = shelf
            super().__init__(*given)  # pyright: ignore[reportArgumentType] - as the server calls it

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    shelf.url = f"http://127.0.0.1:{server.server_port}/audit/heads"
    yield shelf
    server.shutdown()
    server.server_close()
    thread.join()


class _Handler(BaseHTTPRequestHandler):
    shelf: Shelf

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self._may(body):
            return None
        name = unquote(urlsplit(self.path).path)
        if (
            self.headers["x-amz-checksum-sha256"]
            != b64encode(hashlib.sha256(body).digest()).decode()
        ):
            return self._answer(400)
        if self.headers["If-None-Match"] == "*" and name in self.shelf.objects:
            return self._answer(412)
        self.shelf.objects[name] = body
        return self._answer(200)

    def do_GET(self) -> None:
        if not self._may(b""):
            return None
        place = urlsplit(self.path)
        query = dict(parse_qsl(place.query, keep_blank_values=True))
        if query.get("list-type") == "2":
            return self._answer(200, self._listing(unquote(place.path), query))
        found = self.shelf.objects.get(unquote(place.path))
        return self._answer(404) if found is None else self._answer(200, found)

    def _listing(self, bucket: str, query: dict[str, str]) -> bytes:
        keys = sorted(
            name.removeprefix(f"{bucket}/")
            for name in self.shelf.objects
            if name.startswith(f"{bucket}/{query['prefix']}")
        )
        later = [key for key in keys if key > query.get("continuation-token", "")]
        shown = later[: self.shelf.page]
        more = f"<NextContinuationToken>{escape(shown[-1])}</NextContinuationToken>"
        entries = "".join(f"<Contents><Key>{escape(key)}</Key></Contents>" for key in shown)
        tail = more if len(later) > len(shown) else ""
        return f"<ListBucketResult>{entries}{tail}</ListBucketResult>".encode()

    def _may(self, body: bytes) -> bool:
        if self.shelf.answers is not None:
            self._answer(self.shelf.answers)
            return False
        if self.headers["Authorization"] == self._expected(body):
            return True
        self.shelf.refused.append(self.path)
        self._answer(403)
        return False

    def _expected(self, body: bytes) -> str:
        """Work out what whoever knows the secret would have written."""
        given = self.headers["Authorization"] or ""
        names = given.partition("SignedHeaders=")[2].partition(",")[0]
        stamp, place = self.headers["x-amz-date"], urlsplit(self.path)
        needed = {"host", "x-amz-content-sha256", "x-amz-date", "if-none-match"}
        if not needed - {"if-none-match"} <= set(names.split(";")):
            return "everything that matters must be signed"
        if "If-None-Match" in self.headers and "if-none-match" not in names.split(";"):
            return "the condition must be signed"
        digest = hashlib.sha256(body).hexdigest()
        headers = "".join(f"{name}:{self.headers[name]}\n" for name in names.split(";"))
        request = f"{self.command}\n{place.path}\n{place.query}\n{headers}\n{names}\n{digest}"
        scope = f"{stamp[:8]}/{REGION}/s3/aws4_request"
        hashed = hashlib.sha256(request.encode()).hexdigest()
        key = b"AWS4" + SECRET.encode()
        for word in (stamp[:8], REGION, "s3", "aws4_request"):
            key = hmac.new(key, word.encode(), hashlib.sha256).digest()
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashed}"
        signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        return (
            f"AWS4-HMAC-SHA256 Credential={KEY_ID}/{scope},"
            f"SignedHeaders={names},Signature={signature}"
        )

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
