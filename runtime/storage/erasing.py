"""Statements on what is stored of one person outside of their own runs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, or_, select, update

from runtime.domain.states import RunStatus
from runtime.storage.channel_tables import rating, wish
from runtime.storage.governance_tables import absence, grant, halt, handover, inquiry
from runtime.storage.reach_tables import link_code, linked_account, surface, vouched_address
from runtime.storage.schedule_tables import schedule
from runtime.storage.tables import approval, approval_decision, inbox, memory, principal, run


def live_runs(connection: Connection, person: str) -> list[int]:
    """Number the runs of a person that have not ended."""
    statement = select(run.c.number).where(
        run.c.requester == person, run.c.status == RunStatus.ACTIVE
    )
    return list(connection.execute(statement.order_by(run.c.number)).scalars())


def sponsored(connection: Connection, workspace: str) -> list[tuple[str, Any]]:
    """Give workflows of a workspace that were set going, and by whom."""
    statement = select(schedule.c.workflow, schedule.c.sponsor).where(
        schedule.c.workspace == workspace
    )
    return [(row.workflow, row.sponsor) for row in connection.execute(statement)]


def runs_spoken_in(connection: Connection, person: str) -> list[tuple[str, int, bool]]:
    """Give other people's runs that a person has written in: id, number, whether it has ended."""
    statement = (
        select(run.c.id, run.c.number, run.c.status)
        .join(inbox, inbox.c.run_id == run.c.id)
        .where(inbox.c.principal == person, inbox.c.text != "", run.c.requester != person)
        .distinct()
        .order_by(run.c.number)
    )
    rows = connection.execute(statement)
    return [(row.id, row.number, row.status != RunStatus.ACTIVE) for row in rows]


def drop_said(connection: Connection, person: str, *, mark: str, limit: int) -> int:
    """Take one batch of what a person has said, wherever they did; give how many there were."""
    said = select(inbox.c.key).where(
        inbox.c.principal == person, or_(inbox.c.text != "", inbox.c.name != mark)
    )
    keys = connection.execute(said.limit(limit)).scalars().all()
    if keys:
        values = {"text": "", "name": mark}
        connection.execute(update(inbox).where(inbox.c.key.in_(keys)).values(values))
    return len(keys)


def drop_person(connection: Connection, person: str, *, mark: str) -> int:
    """Take a person's name and words out of what they decided, remembered and asked for.

    Gives how many facts of theirs were forgotten. That they decided, and how, stays.
    """
    for table, which, values in _marked(person, mark):
        connection.execute(update(table).where(which).values(values))
    for table in (vouched_address, link_code, surface, wish):
        connection.execute(delete(table).where(table.c.principal == person))
    return connection.execute(delete(memory).where(memory.c.remembered_by == person)).rowcount


def _marked(person: str, mark: str) -> list[tuple[Any, ColumnElement[bool], dict[str, Any]]]:
    said = approval_decision
    return [
        (principal, principal.c.id == person, {"name": mark}),
        (linked_account, linked_account.c.principal == person, {"name": mark}),
        (
            approval,
            approval.c.decided_by == person,
            {"decided_by_name": mark, "decision_reason": mark},
        ),
        (approval, approval.c.claimed_by == person, {"claimed_by_name": mark}),
        (said, said.c.principal == person, {"name": mark, "reason": mark, "arguments": None}),
        (inquiry, inquiry.c.asked_by == person, {"asked_by_name": mark, "text": mark}),
        (handover, handover.c.principal == person, {"name": mark, "reason": mark}),
        (handover, handover.c.successor == person, {"successor_name": mark}),
        (rating, rating.c.principal == person, {"name": mark}),
        (absence, absence.c.principal == person, {"name": mark}),
        (grant, grant.c.given_by == person, {"given_by_name": mark}),
        (halt, halt.c.by == person, {"by_name": mark, "reason": mark}),
    ]
