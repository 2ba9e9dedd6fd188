"""Bytes by digest: stored once, never changed, read by whoever knows the digest."""

from __future__ import annotations

import hashlib
import json

from sqlalchemy import Connection, literal, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from runtime.domain.json import Json
from runtime.storage.tables import blob

INLINE_BYTES = 64 * 1024
"""A result larger than this is kept as a blob, so that reading a journal stays cheap."""


def put(connection: Connection, content: bytes) -> str:
    """Store bytes and give their SHA-256; storing the same bytes again changes nothing."""
    name = hashlib.sha256(content).hexdigest()
    # Locked, so that whoever removes bytes nothing names any more sees what names them next.
    known = (
        select(literal(1)).where(blob.c.digest == name).with_for_update(key_share=True, read=True)
    )
    if connection.execute(known).first() is None:
        # Two writers of one blob at once: the second waits for the first and then does nothing.
        insert = sqlite_insert if connection.dialect.name == "sqlite" else postgresql_insert
        connection.execute(
            insert(blob)
            .values(digest=name, content=content, size_bytes=len(content))
            .on_conflict_do_nothing()
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
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    # Half a surrogate pair passes here, and back again in ``json.loads``.
    spelled = text.encode("utf-8", "surrogatepass")
    return spelled if len(spelled) > INLINE_BYTES else None
