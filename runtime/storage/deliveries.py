"""Statements on the outbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NotRequired, TypedDict, Unpack

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    update,
)

from runtime.domain.conversation import Place
from runtime.domain.delivery import Delivery, DeliveryKind
from runtime.domain.ids import new_id
from runtime.domain.json import Json
from runtime.domain.states import DeliveryStatus
from runtime.storage.hot import Hot
from runtime.storage.tables import conversation
from runtime.storage.tables import delivery as table
from runtime.storage.upsert import upsert

_c = table.c
_v = conversation.c
_with_place = select(*_c, _v.channel, _v.workspace, _v.key.label("place_key"), _v.address).join(
    conversation, _v.id == _c.conversation_id
)


def _sooner(now: ColumnElement[datetime]) -> ColumnElement[Any]:
    # A message that is being sent, or waits out a failure, keeps its time: the courier looks at
    # wanted_rev when it is done.
    return case(
        (and_(_c.status == DeliveryStatus.SENT, or_(_c.due_at.is_(None), _c.due_at > now)), now),
        else_=_c.due_at,
    )


_OWE = upsert(
    table,
    key=("conversation_id", "kind", "subject_id"),
    change=lambda new: {"wanted_rev": _c.wanted_rev + 1, "due_at": _sooner(new["due_at"])},
)

GIVEN = [one.name for one in _c if one.name not in ("external_id", "sent_at")]
"""The columns of a message that was never sent; the others hold nothing."""
_TOUCH = Hot(
    update(table)
    .where(_c.subject_id == bindparam("subject"), _c.status != DeliveryStatus.FAILED)
    .values(wanted_rev=_c.wanted_rev + 1, due_at=_sooner(bindparam("now", type_=_c.due_at.type)))
    .returning(_c.conversation_id)
)


class Owed(TypedDict):
    """One message about a subject, as it is owed to a conversation."""

    conversation_id: str
    run_id: str
    kind: DeliveryKind
    subject_id: str
    now: datetime
    payload: NotRequired[Mapping[str, Json]]


def new_row(**owed: Unpack[Owed]) -> Mapping[str, object]:
    """Give a message that was never sent, due now."""
    return {
        "id": new_id("dlv"),
        "conversation_id": owed["conversation_id"],
        "run_id": owed["run_id"],
        "kind": owed["kind"],
        "subject_id": owed["subject_id"],
        "payload": dict(owed.get("payload", {})),
        "wanted_rev": 1,
        "sent_rev": 0,
        "status": DeliveryStatus.DUE,
        "external_id": None,
        "attempt": 0,
        "due_at": owed["now"],
        "last_error": "",
        "created_at": owed["now"],
        "sent_at": None,
    }


def owe(connection: Connection, **owed: Unpack[Owed]) -> None:
    """Owe a conversation a message; owing it again asks for a newer version."""
    add(connection, new_row(**owed))


def add(connection: Connection, row: Mapping[str, object]) -> None:
    """Owe the message of a row."""
    _OWE.count(connection, row)


def touch(connection: Connection, subject_id: str, *, now: datetime) -> list[str]:
    """Ask for a newer version of every message about a subject; name their conversations."""
    rows = _TOUCH.all(connection, {"subject": subject_id, "now": now})
    return [row["conversation_id"] for row in rows]


def due_conversations(connection: Connection, *, now: datetime, limit: int) -> list[str]:
    """Name conversations with something due and no courier at work, the longest overdue first."""
    statement = (
        select(_c.conversation_id)
        .join(conversation, _v.id == _c.conversation_id)
        .where(
            _c.due_at <= now,
            or_(_v.courier_until.is_(None), _v.courier_until < now),
        )
        .group_by(_c.conversation_id)
        .order_by(func.min(_c.due_at))
        .limit(limit)
    )
    return list(connection.execute(statement).scalars())


def has_due(connection: Connection, conversation_id: str, *, now: datetime) -> bool:
    """Tell whether a conversation is owed something now."""
    statement = select(_c.id).where(_c.conversation_id == conversation_id, _c.due_at <= now)
    return connection.execute(statement.limit(1)).first() is not None


def claim(
    connection: Connection,
    conversation_id: str,
    *,
    courier: str,
    now: datetime,
    lease: timedelta,
) -> list[Delivery]:
    """Take what a conversation is owed, in the order it came to be owed; cards before answers.

    Empty where another courier has the conversation. A message found in ``sending`` was left by a
    courier that died between sending and marking: it is doubtful.
    """
    taken = connection.execute(
        update(conversation)
        .where(
            _v.id == conversation_id,
            or_(_v.courier_until.is_(None), _v.courier_until < now),
        )
        .values(courier=courier, courier_until=now + lease)
    )
    if taken.rowcount == 0:
        return []
    statement = _with_place.where(
        _c.conversation_id == conversation_id, _c.due_at.is_not(None)
    ).order_by(_c.created_at, _c.id)
    owed: list[Delivery] = []
    held = False
    for row in connection.execute(statement).mappings():
        first = row["external_id"] is None
        if row["due_at"] > now:
            # A message not posted yet holds back every first post after it: order is kept.
            held = held or first
        elif not (held and first):
            owed.append(replace(_from_row(row), attempt=row["attempt"] + 1))
    if owed:
        # A crash from here to the mark leaves ``sending`` behind, which is what makes it doubtful.
        connection.execute(
            update(table)
            .where(_c.id.in_([one.id for one in owed]))
            .values(
                status=DeliveryStatus.SENDING,
                attempt=_c.attempt + 1,
                due_at=now + lease,
            )
        )
    else:
        release(connection, conversation_id, courier=courier)
    return owed


def mark_sent(
    connection: Connection, delivery: Delivery, *, external_id: str, now: datetime
) -> str:
    """Record what was sent; where newer state is wanted by now, it stays due.

    Gives the id that is on record. It is another one where the message had been in doubt and was
    found while it was sent again: then the found one is to be brought up to date.
    """
    found = None
    if delivery.external_id is None:
        # Locked by the write of this transaction, which ``adopt`` waits for.
        found = connection.execute(
            update(table)
            .where(_c.id == delivery.id, _c.external_id.is_not(None), _c.external_id != external_id)
            .values(status=DeliveryStatus.SENT, attempt=0, last_error="", due_at=now, sent_at=now)
            .returning(_c.external_id)
        ).scalar_one_or_none()
    if found is not None:
        return str(found)
    connection.execute(
        update(table)
        .where(_c.id == delivery.id)
        .values(
            status=DeliveryStatus.SENT,
            external_id=external_id,
            sent_rev=delivery.wanted_rev,
            attempt=0,
            last_error="",
            due_at=case((_c.wanted_rev > delivery.wanted_rev, now), else_=None),
            sent_at=now,
        )
    )
    return external_id


def postpone(
    connection: Connection, delivery: Delivery, *, until: datetime, reason: str, doubtful: bool
) -> None:
    """Try again later; a doubtful one is looked for first."""
    status = (
        DeliveryStatus.SENDING
        if doubtful
        else DeliveryStatus.SENT
        if delivery.external_id
        else DeliveryStatus.DUE
    )
    connection.execute(
        update(table)
        .where(_c.id == delivery.id)
        .values(status=status, due_at=until, last_error=reason[:500])
    )


def give_up(connection: Connection, delivery: Delivery, *, reason: str) -> None:
    """Record that this conversation will not take the message."""
    connection.execute(
        update(table)
        .where(_c.id == delivery.id)
        .values(status=DeliveryStatus.FAILED, due_at=None, last_error=reason[:500])
    )


def release(connection: Connection, conversation_id: str, *, courier: str) -> None:
    """Let another courier have the conversation."""
    connection.execute(
        update(conversation)
        .where(_v.id == conversation_id, _v.courier == courier)
        .values(courier=None, courier_until=None)
    )


def adopt(connection: Connection, delivery_id: str, *, external_id: str, now: datetime) -> None:
    """Record the id of a message whose posting was in doubt; nothing where it is known."""
    connection.execute(
        update(table)
        .where(
            _c.id == delivery_id,
            _c.external_id.is_(None),
            _c.status == DeliveryStatus.SENDING,
        )
        .values(external_id=external_id, due_at=case((_c.due_at > now, now), else_=_c.due_at))
    )


def of_message(connection: Connection, place: Place, external_id: str) -> str | None:
    """Give the delivery that a message is on record for, in any conversation of a place's room."""
    statement = (
        select(_c.id)
        .join(conversation, _v.id == _c.conversation_id)
        .where(
            _v.channel == place.channel,
            _v.workspace == place.workspace,
            or_(
                _v.key == place.room,
                _v.key.startswith(place.apart("").key, autoescape=True),
            ),
            _c.external_id == external_id,
        )
    )
    return connection.execute(statement.limit(1)).scalar_one_or_none()


def read(connection: Connection, delivery_id: str) -> Delivery | None:
    """Give one delivery, or None."""
    row = connection.execute(_with_place.where(_c.id == delivery_id)).mappings().first()
    return _from_row(row) if row else None


def all_in(connection: Connection, conversation_id: str) -> list[tuple[datetime, Delivery]]:
    """Give everything a conversation was or is owed, oldest first, with when it came to be."""
    statement = _with_place.where(_c.conversation_id == conversation_id).order_by(
        _c.created_at, _c.id
    )
    return [(row["created_at"], _from_row(row)) for row in connection.execute(statement).mappings()]


def _from_row(row: RowMapping) -> Delivery:
    return Delivery(
        id=row["id"],
        conversation_id=row["conversation_id"],
        place=Place(
            channel=row["channel"],
            workspace=row["workspace"],
            key=row["place_key"],
            address=row["address"],
        ),
        run_id=row["run_id"],
        kind=DeliveryKind(row["kind"]),
        subject_id=row["subject_id"],
        payload=row["payload"] or {},
        wanted_rev=row["wanted_rev"],
        sent_rev=row["sent_rev"],
        external_id=row["external_id"],
        attempt=row["attempt"],
        doubtful=row["status"] == DeliveryStatus.SENDING,
    )
