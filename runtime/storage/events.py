"""Statements on events, in the order they came, and on who waits for which."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, delete, insert, select, update

from runtime.domain.json import JsonObject
from runtime.domain.states import StepStatus
from runtime.storage.event_tables import event as table
from runtime.storage.event_tables import event_counter as counter
from runtime.storage.event_tables import listener
from runtime.storage.steps import UNENDED
from runtime.storage.tables import step
from runtime.storage.upsert import upsert

_c = table.c
_l = listener.c
_COUNT = upsert(
    counter,
    key=("workspace",),
    change=lambda _: {"last": counter.c.last + 1},
    returning=(counter.c.last,),
)
ANY_TYPE = ""
"""What a listener waits for that takes events of any type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """An event, and its number in the workspace."""

    number: int
    content: JsonObject


def add(
    connection: Connection, *, workspace: str, content: JsonObject, now: datetime
) -> int | None:
    """Store an event and give its number; None where its source sent that id before.

    The counter's row is locked until the commit, so that numbers become visible in their order and
    a reader who has seen one will never find a smaller one later.
    """
    number = _next(connection, workspace)
    same = select(_c.number).where(
        _c.workspace == workspace,
        _c.source == str(content["source"]),
        _c.event_id == str(content["id"]),
    )
    if connection.execute(same).first() is not None:
        return None
    connection.execute(
        insert(table).values(
            workspace=workspace,
            number=number,
            source=str(content["source"]),
            event_id=str(content["id"]),
            type=str(content["type"]),
            content=dict(content),
            told=False,
            received_at=now,
        )
    )
    return number


def _next(connection: Connection, workspace: str) -> int:
    row = _COUNT.first(connection, {"workspace": workspace, "last": 1})
    assert row is not None, "an upsert gives its row"
    return int(row["last"])


def last(connection: Connection, workspace: str) -> int:
    """Give the number of the newest event; 0 where there is none."""
    found = connection.execute(
        select(counter.c.last).where(counter.c.workspace == workspace)
    ).scalar_one_or_none()
    return int(found or 0)


def after(
    connection: Connection,
    *,
    workspace: str,
    number: int,
    types: Collection[str] | None,
    limit: int,
) -> list[StoredEvent]:
    """Give events that came after a number, oldest first; of some types, or of all with None."""
    statement = (
        select(_c.number, _c.content)
        .where(_c.workspace == workspace, _c.number > number)
        .order_by(_c.number)
        .limit(limit)
    )
    if types is not None:
        statement = statement.where(_c.type.in_(list(types)))
    rows = connection.execute(statement).all()
    return [StoredEvent(number=row[0], content=cast("JsonObject", row[1])) for row in rows]


def listen(
    connection: Connection, *, key: str, step_id: str, workspace: str, types: Collection[str]
) -> None:
    """Note that a step waits for events of some types; noting it again changes nothing."""
    known = set(connection.execute(select(_l.type).where(_l.key == key)).scalars())
    rows = [
        {"key": key, "type": name, "step_id": step_id, "workspace": workspace}
        for name in sorted({*types} - known)
    ]
    if rows:
        connection.execute(insert(listener), rows)


def stop_listening(connection: Connection, key: str) -> None:
    """Forget who waits under a key."""
    connection.execute(delete(listener).where(_l.key == key))


def untold(connection: Connection, *, limit: int) -> list[tuple[str, int, str]]:
    """Give events whose listeners were not woken yet: workspace, number, type."""
    statement = (
        select(_c.workspace, _c.number, _c.type)
        .where(_c.told.is_(False))
        .order_by(_c.workspace, _c.number)
        .limit(limit)
    )
    return [(row[0], row[1], row[2]) for row in connection.execute(statement)]


def waiting_for(connection: Connection, *, workspace: str, type_: str) -> list[str]:
    """Name the steps that wait for an event of a type; those that have ended wait no more."""
    statement = (
        select(_l.step_id)
        .join(step, step.c.id == _l.step_id)
        .where(
            _l.workspace == workspace,
            _l.type.in_((type_, ANY_TYPE)),
            step.c.status.in_(UNENDED),
        )
        .distinct()
        .order_by(_l.step_id)
    )
    return list(connection.execute(statement).scalars())


def mark_told(connection: Connection, *, workspace: str, numbers: Sequence[int]) -> None:
    """Note that everybody who waited for these events was woken."""
    connection.execute(
        update(table)
        .where(_c.workspace == workspace, _c.number.in_(list(numbers)))
        .values(told=True)
    )


def forget_ended(connection: Connection, *, limit: int) -> int:
    """Forget listeners whose steps have ended; give how many were looked at."""
    ended = (StepStatus.SUCCEEDED, StepStatus.FAILED, StepStatus.CANCELLED, StepStatus.SKIPPED)
    keys = list(
        connection.execute(
            select(_l.key)
            .join(step, step.c.id == _l.step_id)
            .where(step.c.status.in_(ended))
            .limit(limit)
        ).scalars()
    )
    if keys:
        connection.execute(delete(listener).where(_l.key.in_(keys)))
    return len(keys)
