"""Statements on places where Baton may speak unasked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, insert, select, update

from runtime.domain.conversation import Place
from runtime.storage.reach_tables import surface as table
from runtime.storage.tables import conversation, delivery

_c = table.c


def keep(connection: Connection, place: Place, *, principal: str | None, now: datetime) -> None:
    """Know a place, alive from now on; ``principal`` is whose own chat it is."""
    values = {
        "principal": principal,
        "address": dict(place.address),
        "alive": True,
        "reason": "",
        "at": now,
    }
    changed = connection.execute(update(table).where(_is(place)).values(**values))
    if changed.rowcount == 0:
        connection.execute(
            insert(table).values(
                channel=place.channel, workspace=place.workspace, key=place.key, **values
            )
        )


def is_known(connection: Connection, place: Place, *, principal: str | None) -> bool:
    """Tell whether a place is known as it is, and alive."""
    statement = select(_c.address, _c.principal).where(_is(place), _c.alive)
    found = connection.execute(statement).first()
    return (
        found is not None and found.principal == principal and found.address == dict(place.address)
    )


def lose(connection: Connection, place: Place, *, reason: str, now: datetime) -> bool:
    """Record that nobody can be spoken to there; False where that was known, or the place not."""
    changed = connection.execute(
        update(table).where(_is(place), _c.alive).values(alive=False, reason=reason[:500], at=now)
    )
    return changed.rowcount > 0


def own_of(connection: Connection, principals: Sequence[str]) -> list[Place]:
    """Give the own chats of people, those that are alive, in a fixed order."""
    statement = (
        select(_c.channel, _c.workspace, _c.key, _c.address)
        .where(_c.principal.in_(principals), _c.alive)
        .order_by(_c.principal, _c.at)
    )
    return [
        Place(channel=row.channel, workspace=row.workspace, key=row.key, address=row.address)
        for row in connection.execute(statement)
    ]


def subjects_shown(connection: Connection, place: Place, *, kind: str) -> list[str]:
    """Name what was shown in a place, or is owed to it, of one kind."""
    there = and_(
        conversation.c.channel == place.channel,
        conversation.c.workspace == place.workspace,
        conversation.c.key == place.key,
    )
    statement = (
        select(delivery.c.subject_id)
        .join(conversation, conversation.c.id == delivery.c.conversation_id)
        .where(there, delivery.c.kind == kind)
        .order_by(delivery.c.created_at)
    )
    return list(connection.execute(statement).scalars())


def _is(place: Place) -> ColumnElement[bool]:
    return and_(_c.channel == place.channel, _c.workspace == place.workspace, _c.key == place.key)
