"""Statements on facts and events whose time is over."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, delete, exists, func, literal, select

from runtime.storage.event_tables import event, event_counter, listener
from runtime.storage.schedule_tables import schedule
from runtime.storage.steps import UNENDED
from runtime.storage.tables import memory, step


def drop_memories(connection: Connection, *, before: datetime, limit: int) -> int:
    """Remove one batch of facts that were last said before a moment; give how many."""
    found = connection.execute(
        select(memory.c.workspace, memory.c.name).where(memory.c.at < before).limit(limit)
    ).all()
    for row in found:
        # Said anew in between, it stays.
        connection.execute(
            delete(memory).where(
                memory.c.workspace == row.workspace,
                memory.c.name == row.name,
                memory.c.at < before,
            )
        )
    return len(found)


def count_memories(connection: Connection, *, before: datetime) -> int:
    """Count the facts that were last said before a moment."""
    statement = select(func.count()).select_from(memory).where(memory.c.at < before)
    return int(connection.execute(statement).scalar_one())


def oldest_memory(connection: Connection, *, since: datetime) -> datetime | None:
    """Give when the first fact was said that is not due yet."""
    statement = select(func.min(memory.c.at)).where(memory.c.at >= since)
    return connection.execute(statement).scalar_one_or_none()


def workspaces_with_events(connection: Connection) -> list[str]:
    """Name the workspaces that were ever sent an event."""
    return list(connection.execute(select(event_counter.c.workspace)).scalars())


def drop_events(connection: Connection, workspace: str, *, before: datetime, limit: int) -> int:
    """Remove the first events of a workspace that nobody will look at any more; give how many.

    Kept are those that a schedule has not looked at, and those that came after something began to
    listen that listens still.
    """
    first = connection.execute(
        select(event.c.number, event.c.received_at, event.c.told)
        .where(event.c.workspace == workspace)
        .order_by(event.c.number)
        .limit(limit)
    ).all()
    if not first or first[0].received_at >= before:
        return 0
    looked_at = connection.execute(
        select(func.min(schedule.c.event_number)).where(schedule.c.workspace == workspace)
    ).scalar_one_or_none()
    listens_since = connection.execute(
        select(func.min(step.c.created_at))
        .join(listener, listener.c.step_id == step.c.id)
        .where(listener.c.workspace == workspace, step.c.status.in_(UNENDED))
    ).scalar_one_or_none()
    gone = [
        row.number
        for row in first
        if row.told
        and row.received_at < before
        and (looked_at is None or row.number <= looked_at)
        and (listens_since is None or row.received_at < listens_since)
    ]
    connection.execute(
        delete(event).where(event.c.workspace == workspace, event.c.number.in_(gone))
    )
    return len(gone)


def count_events(connection: Connection, *, before: datetime) -> int:
    """Count the events that came before a moment and were looked at."""
    statement = (
        select(func.count())
        .select_from(event)
        .where(
            event.c.received_at < before,
            event.c.told.is_(True),
            ~exists(
                select(literal(1)).where(
                    and_(
                        schedule.c.workspace == event.c.workspace,
                        schedule.c.event_number < event.c.number,
                    )
                )
            ),
        )
    )
    return int(connection.execute(statement).scalar_one())


def oldest_event(connection: Connection, *, since: datetime) -> datetime | None:
    """Give when the first event came that is not due yet."""
    statement = select(func.min(event.c.received_at)).where(event.c.received_at >= since)
    return connection.execute(statement).scalar_one_or_none()
