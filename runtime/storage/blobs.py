"""Bytes by digest: stored once, never changed, read by whoever knows the digest."""

from __future__ import annotations

import hashlib
import json

from sqlalchemy import Connection, insert, literal, select

from runtime.domain.json import Json
from runtime.storage.tables import blob

INLINE_BYTES = 64 * 1024
"""A result larger than this is kept as a blob, so that reading a journal stays cheap."""


def put(connection: Connection, content: bytes) -> str:
    """Store bytes and give their SHA-256; storing the same bytes again changes nothing."""
    name = hashlib.sha256(content).hexdigest()
    known = select(literal(1)).where(blob.c.digest == name)
    if connection.execute(known).first() is None:
        # Two writers of one blob: the second fails on the key and its transaction is retried.
        connection.execute(
            insert(blob).values(digest=name, content=content, size_bytes=len(content))
        )
    return name


def get(connection: Connection, name: str) -> bytes:
    """Give the bytes of a digest. Raises ``KeyError`` for one that was never stored."""
    content = connection.execute(
        select(blob.c.content).where(blob.c.digest == name)
    ).scalar_one_or_none()
    if content is None:
        raise KeyError(name)
    return bytes(content)


def is_large(value: Json) -> bytes | None:
    """Give the spelling of a value too large for a row, or None where it fits."""
    if value is None or isinstance(value, (bool, int, float)):
        return None
    if isinstance(value, str) and len(value) * 4 < INLINE_BYTES:
        return None
    spelled = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    return spelled if len(spelled) > INLINE_BYTES else None
