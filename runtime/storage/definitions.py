"""Statements on stored versions of the agents folder."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, bindparam, select

from runtime.domain.json import JsonObject
from runtime.storage.hot import Hot
from runtime.storage.tables import definition as table
from runtime.storage.upsert import insert_unless_there

_KNOWN = Hot(select(table.c.digest).where(table.c.digest == bindparam("the_digest")))
_KEEP = insert_unless_there(table, key=("digest",))


def keep(
    connection: Connection, digest: str, content: Callable[[], JsonObject], *, now: datetime
) -> None:
    """Store a version if it is not stored yet; ``content`` is only asked for then."""
    if _KNOWN.first(connection, {"the_digest": digest}) is None:
        _KEEP.count(connection, {"digest": digest, "content": dict(content()), "created_at": now})


def read(connection: Connection, digest: str) -> JsonObject | None:
    """Give a stored version, or None."""
    found = connection.execute(
        select(table.c.content).where(table.c.digest == digest)
    ).scalar_one_or_none()
    return cast("JsonObject | None", found)


def newest(connection: Connection, *, limit: int) -> list[tuple[JsonObject, datetime]]:
    """Give the latest stored versions, newest first, and when each was stored."""
    statement = (
        select(table.c.content, table.c.created_at)
        .order_by(table.c.created_at.desc(), table.c.digest)
        .limit(limit)
    )
    rows = connection.execute(statement).all()
    return [(cast("JsonObject", row[0]), row[1]) for row in rows]
