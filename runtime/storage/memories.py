"""Statements on facts that outlive runs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from runtime.domain.words import storable
from runtime.storage.tables import memory as table

_c = table.c


def put(
    connection: Connection, *, workspace: str, name: str, value: str, by: str, now: datetime
) -> None:
    """Store a fact; the same name again replaces it, also when two do so at once."""
    insert = sqlite_insert if connection.dialect.name == "sqlite" else postgresql_insert
    values: dict[str, object] = {"value": storable(value), "remembered_by": by, "at": now}
    connection.execute(
        insert(table)
        .values(workspace=workspace, name=name, **values)
        .on_conflict_do_update(index_elements=[_c.workspace, _c.name], set_=values)
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
