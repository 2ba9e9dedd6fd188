"""Statements on second factors: whose device makes codes, and which was used last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from runtime.storage.governance_tables import second_factor as table

_c = table.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """One account's."""

    principal: str
    sealed: str
    last_step: int
    """The half minute, counted since 1970, of the last code that was used."""
    failures: int
    """Wrong codes in a row."""
    locked_until: datetime | None
    confirmed_at: datetime | None
    at: datetime


def of(connection: Connection, principals: Sequence[str], *, lock: bool = False) -> Factor | None:
    """Give the factor of whoever has these accounts; the confirmed one, if there is one."""
    statement = (
        select(*_c)
        .where(_c.principal.in_(principals))
        .order_by(_c.confirmed_at.is_(None), _c.at, _c.principal)
        .limit(1)
    )
    statement = statement.with_for_update() if lock else statement
    row = connection.execute(statement).mappings().first()
    return Factor(**row) if row is not None else None


def put(connection: Connection, principal: str, *, sealed: str, now: datetime) -> None:
    """Keep a new factor in place of the account's former one; it counts once it is confirmed."""
    remove(connection, [principal])
    connection.execute(
        insert(table).values(principal=principal, sealed=sealed, last_step=0, failures=0, at=now)
    )


def change(connection: Connection, principal: str, **values: Any) -> None:
    """Change what is known of a factor that ``of`` has locked."""
    connection.execute(update(table).where(_c.principal == principal).values(**values))


def remove(connection: Connection, principals: Sequence[str]) -> bool:
    """Forget factors; False where there were none."""
    return connection.execute(delete(table).where(_c.principal.in_(principals))).rowcount > 0
