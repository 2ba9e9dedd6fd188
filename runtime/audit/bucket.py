"""A bucket that speaks S3: objects are added there once, and never written over."""

from __future__ import annotations

import base64
import hashlib
import http.client
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit
from xml.sax.saxutils import unescape

from runtime.audit.sigv4 import Credentials, escaped, signed, spelled
from runtime.domain.errors import Misconfigured, Upstream
from runtime.domain.ports import Clock

_TIMEOUT_SECONDS: Final = 10.0
_LARGEST_BYTES: Final = 8 * 1024 * 1024
_KEY: Final = re.compile(r"<Key>([^<]*)</Key>")
_NEXT: Final = re.compile(r"<NextContinuationToken>([^<]*)</NextContinuationToken>")
_THERE_ALREADY: Final = 412
_NOT_NOW: Final = (409, 429, 500, 502, 503, 504)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Objects below ``url``, which is the bucket's with a folder in it where one is wanted."""

    url: str
    credentials: Credentials
    clock: Clock

    def add(self, name: str, content: bytes) -> bool:
        """Store an object under a new name; False where there is one of that name already.

        Raises:
            Upstream: it did not answer, or not now.
            Misconfigured: it will not have us.
        """
        headers = {
            "If-None-Match": "*",
            "Content-Type": "application/json",
            # A bucket with object lock takes nothing without.
            "x-amz-checksum-sha256": base64.b64encode(hashlib.sha256(content).digest()).decode(),
        }
        status, _ = self._ask("PUT", self._path(name), {}, headers, content)
        if status == _THERE_ALREADY:
            return False
        self._require(status, "PUT")
        return True

    def read(self, name: str) -> bytes:
        """Give an object's content. Raises as ``add`` does."""
        status, body = self._ask("GET", self._path(name), {}, {}, b"")
        self._require(status, "GET")
        return body

    def names(self) -> Iterator[str]:
        """Name every object below ``url``. Raises as ``add`` does."""
        root, folder = self._split()
        more = ""
        while True:
            query = {"list-type": "2", "prefix": folder}
            query |= {"continuation-token": more} if more else {}
            status, body = self._ask("GET", root, query, {}, b"")
            self._require(status, "GET")
            text = body.decode("utf-8", "replace")
            for key in _KEY.findall(text):
                yield unescape(key).removeprefix(folder)
            found = _NEXT.search(text)
            if found is None:
                return
            more = unescape(found.group(1))

    def _path(self, name: str) -> str:
        root, folder = self._split()
        return f"{root}/{folder}{name}"

    def _split(self) -> tuple[str, str]:
        """Give the bucket's path, and the folder in it with a slash at its end."""
        parts = unquote(urlsplit(self.url).path).strip("/").split("/")
        folder = "/".join(parts[1:])
        return f"/{parts[0]}", f"{folder}/" if folder else ""

    def _ask(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str],
        body: bytes,
    ) -> tuple[int, bytes]:  # fmt: skip
        place = urlsplit(self.url)
        ready = signed(
            self.credentials,
            method,
            path=path,
            query=query,
            headers={**headers, "Host": place.netloc},
            body=body,
            at=self.clock.now(),
        )
        secure = place.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(place.hostname or "", place.port, timeout=_TIMEOUT_SECONDS)
        target = escaped(path) + (f"?{spelled(query)}" if query else "")
        try:
            connection.request(method, target, body=body or None, headers=ready)
            answer = connection.getresponse()
            return answer.status, answer.read(_LARGEST_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise Upstream(
                f"the bucket of the audit's anchors did not answer ({type(error).__name__});"
                " it is tried again",
                ambiguous=True,
            ) from error
        finally:
            connection.close()

    def _require(self, status: int, method: str) -> None:
        if status in (200, 201, 204):
            return
        if status in _NOT_NOW:
            raise Upstream(
                f"the bucket of the audit's anchors answered {status}; it is tried again",
                ambiguous=False,
            )
        raise Misconfigured(
            f"the bucket of the audit's anchors answered {status} to {method}: look at"
            " BATON_AUDIT_BUCKET, its region, and what its key may do (PutObject, GetObject,"
            " ListBucket)"
        )


def open_bucket(
    url: str | None, *, key_id: str | None, secret: str | None, region: str, clock: Clock
) -> Bucket | None:
    """Give the bucket of the settings, or None where none is set.

    Raises:
        Misconfigured: something of it is missing.
    """
    if url is None:
        return None
    place = urlsplit(url)
    if place.scheme not in ("https", "http") or not place.hostname or not place.path.strip("/"):
        raise Misconfigured(
            "BATON_AUDIT_BUCKET names no bucket; write https://HOST/BUCKET or"
            " https://HOST/BUCKET/FOLDER"
        )
    if not key_id or not secret:
        raise Misconfigured(
            "BATON_AUDIT_BUCKET needs BATON_AUDIT_BUCKET_KEY_ID and BATON_AUDIT_BUCKET_SECRET"
        )
    credentials = Credentials(key_id=key_id, secret=secret, region=region)
    return Bucket(url=url, credentials=credentials, clock=clock)
