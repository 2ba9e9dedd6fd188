"""Statements on who is away, and who decides for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    bindparam,
    insert,
    or_,
    select,
    update,
)

from runtime.domain.absence import Absence
from runtime.storage.governance_tables import absence as table
from runtime.storage.hot import Hot

_c = table.c


def _not_over(now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    return or_(_c.until_at.is_(None), _c.until_at > now)


def _holds(now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    return and_(_c.revoked_at.is_(None), _c.begins_at <= now, _not_over(now))


_STANDING = Hot(
    select(*_c).where(_holds(bindparam("this_moment", type_=_c.begins_at.type))).order_by(_c.id)
)


def add(connection: Connection, one: Absence, *, workspace: str) -> None:
    """Insert one."""
    connection.execute(
        insert(table).values(
            id=one.id,
            workspace=workspace,
            principal=one.principal,
            name=one.name,
            delegate=one.delegate,
            away=one.away,
            begins_at=one.begins_at,
            until_at=one.until_at,
        )
    )


def of_person(connection: Connection, principal: str, *, now: datetime) -> list[Absence]:
    """Give what a person has said that holds now or will, oldest first."""
    statement = (
        select(*_c)
        .where(_c.principal == principal, _c.revoked_at.is_(None), _not_over(now))
        .order_by(_c.id)
    )
    return [_from_row(row) for row in connection.execute(statement).mappings()]


def handed_to(connection: Connection, principals: Sequence[str], *, now: datetime) -> list[Absence]:
    """Give who has handed their decisions to any of these accounts, as it holds now."""
    statement = select(*_c).where(_c.delegate.in_(principals), _holds(now)).order_by(_c.id)
    return [_from_row(row) for row in connection.execute(statement).mappings()]


def standing(connection: Connection, *, now: datetime) -> list[Absence]:
    """Give what holds now, of everybody."""
    return [_from_row(row) for row in _STANDING.all(connection, {"this_moment": now})]


def revoke(connection: Connection, principal: str, *, now: datetime) -> int:
    """End everything a person has said; give how much that was."""
    return connection.execute(
        update(table)
        .where(_c.principal == principal, _c.revoked_at.is_(None), _not_over(now))
        .values(revoked_at=now)
    ).rowcount


def _from_row(row: RowMapping | Mapping[str, Any]) -> Absence:
    return Absence(
        id=row["id"],
        principal=row["principal"],
        name=row["name"],
        delegate=row["delegate"],
        away=row["away"],
        begins_at=row["begins_at"],
        until_at=row["until_at"],
    )
