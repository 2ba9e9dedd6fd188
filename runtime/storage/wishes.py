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
_OPENED = upsert(
    table, key=("principal",), change=lambda new: {"home_opened_at": new["home_opened_at"]}
)


def put(connection: Connection, principal: str, *, nudges: bool, now: datetime) -> None:
    """Store whether somebody wants to be written to; the newest word counts."""
    _PUT.count(
        connection,
        {"principal": principal, "nudges": nudges, "at": now, "home_opened_at": None},
    )


def wants_nudges(connection: Connection, principal: str) -> bool:
    """Tell whether somebody wants to be written to; who said nothing does."""
    found = connection.execute(select(_c.nudges).where(_c.principal == principal)).first()
    return found is None or bool(found.nudges)


def opened_home(connection: Connection, principal: str, *, now: datetime) -> None:
    """Store that somebody turned to their page; what they want told stays as it is."""
    _OPENED.count(
        connection, {"principal": principal, "nudges": True, "at": now, "home_opened_at": now}
    )


def homes_opened_since(
    connection: Connection, start: str, since: datetime, *, limit: int
) -> list[str]:
    """Name those who turned to their page since a moment, the latest first.

    ``start`` is what their names begin with: the accounts of one workspace.
    """
    statement = (
        select(_c.principal)
        .where(_c.principal.startswith(start, autoescape=True), _c.home_opened_at >= since)
        .order_by(_c.home_opened_at.desc())
        .limit(limit)
    )
    return list(connection.execute(statement).scalars())


def home_opened_since(connection: Connection, principal: str, since: datetime) -> bool:
    """Tell whether somebody turned to their page since a moment."""
    statement = select(_c.principal).where(_c.principal == principal, _c.home_opened_at >= since)
    return connection.execute(statement).first() is not None
