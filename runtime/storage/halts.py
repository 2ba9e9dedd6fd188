"""Statements on halts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, RowMapping, insert, literal, select, update

from runtime.domain.halt import Halt, HaltScope
from runtime.storage.governance_tables import halt as table
from runtime.storage.hot import Hot
from runtime.storage.tables import run

_c = table.c


def add(connection: Connection, one: Halt) -> Halt:
    """Insert a halt; give it with its number."""
    number = connection.execute(
        insert(table)
        .values(
            id=one.id,
            scope=one.scope,
            name=one.name,
            workspace=one.workspace,
            by=one.by,
            by_name=one.by_name,
            reason=one.reason,
            drill=one.drill,
            at=one.at,
            lifted_by=list(one.lifted_by),
        )
        .returning(_c.number)
    ).scalar_one()
    found = find(connection, int(number))
    assert found is not None
    return found


# Asked before every effect, and the answer is nearly always no.
_ANY = Hot(select(_c.number).where(_c.lifted_at.is_(None)).limit(literal(1)))


def standing(connection: Connection) -> list[Halt]:
    """Give what is halted now, drills included, oldest first."""
    if _ANY.first(connection, {}) is None:
        return []
    statement = select(*_c).where(_c.lifted_at.is_(None)).order_by(_c.number)
    return [_from_row(row) for row in connection.execute(statement).mappings()]


def find(connection: Connection, number: int, *, lock: bool = False) -> Halt | None:
    """Give one halt."""
    statement = select(*_c).where(_c.number == number)
    if lock:
        statement = statement.with_for_update()
    row = connection.execute(statement).mappings().first()
    return _from_row(row) if row else None


def agree(
    connection: Connection, one: Halt, lifted_by: tuple[str, ...], *, lifted_at: datetime | None
) -> None:
    """Record who has agreed to end it; the caller has locked it."""
    connection.execute(
        update(table)
        .where(_c.number == one.number, _c.lifted_at.is_(None))
        .values(lifted_by=list(lifted_by), lifted_at=lifted_at)
    )


def active_runs(connection: Connection, *, workspace: str) -> list[tuple[str, str]]:
    """Give (run, conversation) of what is at work in a workspace, in all where it is empty."""
    statement = select(run.c.id, run.c.conversation_id).where(run.c.status == "active")
    if workspace:
        statement = statement.where(run.c.workspace == workspace)
    return [(row.id, row.conversation_id) for row in connection.execute(statement)]


def _from_row(row: RowMapping) -> Halt:
    return Halt(
        id=row["id"],
        number=row["number"],
        scope=HaltScope(row["scope"]),
        name=row["name"],
        workspace=row["workspace"],
        by=row["by"],
        by_name=row["by_name"],
        reason=row["reason"],
        drill=row["drill"],
        at=row["at"],
        lifted_by=tuple(row["lifted_by"] or ()),
        lifted_at=row["lifted_at"],
    )
