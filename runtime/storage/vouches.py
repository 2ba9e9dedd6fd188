"""Statements on the addresses that channels vouch for; what is kept of one is a digest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from runtime.domain.conversation import Person
from runtime.storage.reach_tables import vouched_address as table
from runtime.storage.upsert import upsert

_c = table.c
_KEEP = upsert(
    table,
    key=("principal",),
    change=lambda new: {
        # Who wants to stand alone does so for as long as the address is theirs.
        "declined": _c.declined & (_c.digest == new["digest"]),
        **{name: new[name] for name in ("name", "digest", "at")},
    },
)


@dataclass(frozen=True, slots=True)
class Vouch:
    """What was said last about one account."""

    digest: str
    at: datetime


def of(connection: Connection, principal: str) -> Vouch | None:
    """Give what is kept of an account's address, or None."""
    row = connection.execute(select(_c.digest, _c.at).where(_c.principal == principal)).first()
    return Vouch(row.digest, row.at) if row else None


def keep(connection: Connection, person: Person, digest: str, *, now: datetime) -> None:
    """Keep an account's address as it is vouched for now."""
    _KEEP.count(
        connection,
        {
            "principal": person.principal,
            "channel": person.channel,
            "name": person.name,
            "digest": digest,
            "at": now,
            "declined": False,
        },
    )


def forget(connection: Connection, principal: str) -> None:
    """Keep nothing of an account's address."""
    connection.execute(delete(table).where(_c.principal == principal))


def decline(connection: Connection, principal: str) -> None:
    """Link this account to none by its address."""
    connection.execute(update(table).where(_c.principal == principal).values(declined=True))


def others(
    connection: Connection, person: Person, digest: str, *, since: datetime
) -> list[tuple[str, str]]:
    """Give principal and name of accounts in other chats with this address.

    None to who declined, and none where another account of the same chat has the address too.

    Of two that are vouched for at once neither may see the other; the next word about either does.
    """
    mine = connection.execute(select(_c.declined).where(_c.principal == person.principal))
    if mine.scalar_one_or_none():
        return []
    statement = (
        select(_c.principal, _c.name, _c.channel)
        .where(
            _c.digest == digest,
            _c.principal != person.principal,
            _c.at >= since,
            _c.declined.is_(False),
        )
        .order_by(_c.principal)
    )
    found = connection.execute(statement).all()
    if any(row.channel == person.channel for row in found):
        return []
    return [(row.principal, row.name) for row in found]
