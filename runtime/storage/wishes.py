"""Statements on what people want of Baton."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from runtime.storage.channel_tables import wish as table
from runtime.storage.upsert import upsert

_c = table.c
_PUT = upsert(
    table, key=("principal",), change=lambda new: {name: new[name] for name in ("nudges", "at")}
)


def put(connection: Connection, principal: str, *, nudges: bool, now: datetime) -> None:
    """Store whether somebody wants to be written to; the newest word counts."""
    _PUT.count(connection, {"principal": principal, "nudges": nudges, "at": now})


def wants_nudges(connection: Connection, principal: str) -> bool:
    """Tell whether somebody wants to be written to; who said nothing does."""
    found = connection.execute(select(_c.nudges).where(_c.principal == principal)).first()
    return found is None or bool(found.nudges)
