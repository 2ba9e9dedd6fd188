"""Sign a request as S3 and what speaks its language want it: AWS Signature Version 4.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html (2026-11)
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

_ALGORITHM: Final = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What requests are signed with."""

    key_id: str
    secret: str
    region: str

    def __repr__(self) -> str:
        """Show everything but the secret."""
        return f"Credentials(key_id={self.key_id!r}, region={self.region!r})"


def signed(
    credentials: Credentials,
    method: str,
    *,
    path: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes,
    at: datetime,
) -> dict[str, str]:
    """Give the headers of a request with the signature among them. ``headers`` name the host."""
    stamp = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    digest = hashlib.sha256(body).hexdigest()
    all_of_them = {**headers, "x-amz-content-sha256": digest, "x-amz-date": stamp}
    named = sorted((name.lower(), " ".join(value.split())) for name, value in all_of_them.items())
    names = ";".join(name for name, _ in named)
    canonical = "\n".join(
        [
            method,
            escaped(path),
            spelled(query),
            *(f"{name}:{value}" for name, value in named),
            "",
            names,
            digest,
        ]
    )
    scope = f"{stamp[:8]}/{credentials.region}/s3/aws4_request"
    text = "\n".join([_ALGORITHM, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{credentials.secret}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.digest(key, part.encode(), "sha256")
    return {
        **all_of_them,
        "Authorization": f"{_ALGORITHM} Credential={credentials.key_id}/{scope},"
        f"SignedHeaders={names},Signature={key.hex()}",
    }


def escaped(path: str) -> str:
    """Give a path as it is sent and signed."""
    return quote(path, safe="/-_.~")


def spelled(query: Mapping[str, str]) -> str:
    """Give a query as it is sent and signed."""
    return "&".join(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
        for name, value in sorted(query.items())
    )
