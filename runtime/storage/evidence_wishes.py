"""Statements on whose evidence is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from runtime.domain.ids import new_id
from runtime.storage.channel_tables import evidence_wish as table

_c = table.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Somebody wants the evidence of a run, in a conversation or with the run only."""

    id: str
    run_id: str
    conversation_id: str | None


def add(
    connection: Connection, *, run_id: str, conversation_id: str | None, by: str, now: datetime
) -> None:
    """Keep a wish."""
    values = {"run_id": run_id, "conversation_id": conversation_id, "asked_by": by, "at": now}
    connection.execute(insert(table).values(id=new_id("evw"), **values))


def unmade(connection: Connection, *, limit: int) -> list[Wish]:
    """Give wishes that nothing was made for yet, the oldest first."""
    statement = select(_c.id, _c.run_id, _c.conversation_id).where(_c.made_at.is_(None))
    rows = connection.execute(statement.order_by(_c.at, _c.id).limit(limit)).mappings()
    return [Wish(**row) for row in rows]


def mark_made(connection: Connection, wish_id: str, *, now: datetime) -> bool:
    """Say that it was made; False where somebody else was faster."""
    made = connection.execute(
        update(table).where(_c.id == wish_id, _c.made_at.is_(None)).values(made_at=now)
    )
    return made.rowcount == 1


def made_before(connection: Connection, moment: datetime, *, limit: int) -> list[Wish]:
    """Give wishes that something was made for before a moment."""
    statement = select(_c.id, _c.run_id, _c.conversation_id).where(_c.made_at < moment)
    return [Wish(**row) for row in connection.execute(statement.limit(limit)).mappings()]


def drop(connection: Connection, wish_id: str) -> None:
    """Forget a wish."""
    connection.execute(delete(table).where(_c.id == wish_id))
