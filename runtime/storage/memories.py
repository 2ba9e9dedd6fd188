"""Statements on facts that outlive runs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from runtime.storage.tables import memory as table

_c = table.c


def put(
    connection: Connection, *, workspace: str, name: str, value: str, by: str, now: datetime
) -> None:
    """Store a fact; the same name again replaces it."""
    forget(connection, workspace=workspace, name=name)
    connection.execute(
        insert(table).values(workspace=workspace, name=name, value=value, remembered_by=by, at=now)
    )


def all_of(connection: Connection, workspace: str) -> list[tuple[str, str]]:
    """Give every fact of a workspace, newest first."""
    statement = (
        select(_c.name, _c.value).where(_c.workspace == workspace).order_by(_c.at.desc(), _c.name)
    )
    return [(row.name, row.value) for row in connection.execute(statement)]


def forget(connection: Connection, *, workspace: str, name: str) -> bool:
    """Drop a fact; False where there was none."""
    result = connection.execute(delete(table).where(_c.workspace == workspace, _c.name == name))
    return result.rowcount > 0
