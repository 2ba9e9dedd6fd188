"""Statements on stored versions of the agents folder."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import Connection, insert, select

from runtime.domain.json import JsonObject
from runtime.storage.tables import definition as table


def keep(connection: Connection, digest: str, content: JsonObject, *, now: datetime) -> None:
    """Store a version if it is not stored yet."""
    known = connection.execute(select(table.c.digest).where(table.c.digest == digest)).first()
    if known is None:
        connection.execute(
            insert(table).values(digest=digest, content=dict(content), created_at=now)
        )


def read(connection: Connection, digest: str) -> JsonObject | None:
    """Give a stored version, or None."""
    found = connection.execute(
        select(table.c.content).where(table.c.digest == digest)
    ).scalar_one_or_none()
    return cast("JsonObject | None", found)
