"""Statements on the keys that people's words are encrypted under."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from runtime.storage.audit_tables import personal_key as table
from runtime.storage.hot import Hot

Key = tuple[str, bytes]
"""A key and its id."""
_c = table.c
_OF = Hot(select(*_c).where(_c.principal == bindparam("the_principal"), _c.key.is_not(None)))


def of(connection: Connection, principal: str) -> Key | None:
    """Give the key a person's words are sealed under now, or None."""
    row = _OF.first(connection, {"the_principal": principal})
    return (row["id"], bytes(row["key"])) if row else None


def add(connection: Connection, id: str, principal: str, key: bytes, *, now: datetime) -> None:
    """Keep a new key, unless somebody else kept one for this person at the same moment."""
    insert = sqlite_insert if connection.dialect.name == "sqlite" else postgresql_insert
    statement = insert(table).values(id=id, principal=principal, key=key, made_at=now)
    connection.execute(statement.on_conflict_do_nothing())


def keys(connection: Connection, ids: Iterable[str]) -> dict[str, bytes]:
    """Give the keys that still exist among these."""
    statement = select(_c.id, _c.key).where(_c.id.in_(list(ids)), _c.key.is_not(None))
    return {row.id: bytes(row.key) for row in connection.execute(statement)}


def destroy(connection: Connection, principal: str, *, now: datetime) -> int:
    """Forget every key of a person; give how many there were."""
    result = connection.execute(
        update(table)
        .where(_c.principal == principal, _c.key.is_not(None))
        .values(key=None, destroyed_at=now)
    )
    return result.rowcount
