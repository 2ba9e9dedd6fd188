"""Statements on people who have several accounts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from runtime.domain.conversation import Person
from runtime.domain.ids import new_id
from runtime.storage.hot import Hot
from runtime.storage.reach_tables import link_code as codes
from runtime.storage.reach_tables import linked_account as table

_c = table.c
_OTHERS = Hot(
    select(_c.principal)
    .where(
        _c.person == select(_c.person).where(_c.principal == bindparam("this")).scalar_subquery(),
        _c.principal != bindparam("this_again"),
    )
    .order_by(_c.at, _c.principal)
)


def others(connection: Connection, principal: str) -> tuple[str, ...]:
    """Name the other accounts of whoever has this one, the oldest first."""
    rows = _OTHERS.all(connection, {"this": principal, "this_again": principal})
    return tuple(row["principal"] for row in rows)


def link(
    connection: Connection, one: tuple[str, str], other: tuple[str, str], *, how: str, now: datetime
) -> None:
    """Make two accounts, each a principal and a name, one person's, with all that each had."""
    rows = connection.execute(
        select(_c.principal, _c.person).where(_c.principal.in_([one[0], other[0]]))
    )
    known = {row.principal: row.person for row in rows}
    person = next(iter(known.values()), None) or new_id("per")
    for former in set(known.values()) - {person}:
        connection.execute(update(table).where(_c.person == former).values(person=person))
    for principal, name in (one, other):
        if principal not in known:
            connection.execute(
                insert(table).values(principal=principal, person=person, name=name, how=how, at=now)
            )


def unlink(connection: Connection, principal: str, *, how: str | None = None) -> bool:
    """Let one account stand by itself; False where it did already, or was linked in another way."""
    statement = delete(table).where(_c.principal == principal)
    if how is not None:
        statement = statement.where(_c.how == how)
    return connection.execute(statement).rowcount > 0


def keep_code(
    connection: Connection, digest: str, person: Person, *, expires_at: datetime, now: datetime
) -> None:
    """Keep a code in place of any other this account was given; drop what has expired."""
    stale = (codes.c.principal == person.principal) | (codes.c.expires_at <= now)
    connection.execute(delete(codes).where(stale))
    connection.execute(
        insert(codes).values(
            digest=digest,
            principal=person.principal,
            name=person.name,
            expires_at=expires_at,
        )
    )


def of_code(connection: Connection, digest: str, *, now: datetime) -> tuple[str, str] | None:
    """Give whose code it is, as a principal and a name; None where it is nobody's any more."""
    statement = select(codes.c.principal, codes.c.name).where(
        codes.c.digest == digest, codes.c.expires_at > now
    )
    found = connection.execute(statement.with_for_update()).first()
    return (found.principal, found.name) if found else None


def use_code(connection: Connection, digest: str) -> None:
    """Take a code away; ``of_code`` has locked it against anybody else's use."""
    connection.execute(delete(codes).where(codes.c.digest == digest))
