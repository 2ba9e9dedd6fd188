"""Statements on the tree of a run as a whole: reading it, stopping it, opening it again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, case, delete, func, or_, select, update

from runtime.domain.states import StepStatus
from runtime.domain.step import Step
from runtime.storage.steps import PARKED, UNENDED, from_row
from runtime.storage.tables import step as table

_c = table.c
_READY, _RUNNING, _WAITING = StepStatus.READY, StepStatus.RUNNING, StepStatus.WAITING
OUTCOME_GRACE = timedelta(minutes=2)
"""How long after a stop the outcome of an effect under way may still come."""


def _of(run_id: str) -> ColumnElement[bool]:
    """Say "a step of this run" by the primary key: ids begin with their run's."""
    return and_(_c.id >= f"{run_id}:", _c.id < f"{run_id};")


def end_all(connection: Connection, run_id: str, *, status: StepStatus, now: datetime) -> None:
    """End every task of a run that has not ended.

    Effects already begun keep their own row: their outcome is recorded by the worker that has them
    in hand, or they are shown as unknown when it does not come.
    """
    # From the deepest up, as a step that ends locks itself before its parent.
    deepest_first = select(_c.id).where(_of(run_id)).order_by(_c.id.desc()).with_for_update()
    connection.execute(deepest_first).all()
    connection.execute(
        update(table)
        .where(_of(run_id), _c.leaf.is_(True), _c.status == _RUNNING)
        .values(due_at=now + OUTCOME_GRACE)
    )
    connection.execute(
        update(table)
        .where(
            _of(run_id),
            or_(
                and_(_c.leaf.is_(False), _c.status.in_(UNENDED)),
                and_(_c.leaf.is_(True), _c.status.in_((_WAITING, _READY))),
            ),
        )
        .values(status=status, owner=None, due_at=None, finished_at=now)
    )


def cancel_below(connection: Connection, step: Step, *, now: datetime) -> None:
    """Cancel what has not ended below a step that failed; effects begun are as in ``end_all``."""
    prefix = step.path if step.path.endswith("/") else f"{step.path}/"
    below = and_(_of(step.run_id), _c.id != step.id, func.substr(_c.path, 1, len(prefix)) == prefix)
    connection.execute(
        update(table)
        .where(below, _c.leaf.is_(True), _c.status == _RUNNING)
        .values(due_at=now + OUTCOME_GRACE)
    )
    connection.execute(
        update(table)
        .where(
            below,
            or_(
                and_(_c.leaf.is_(False), _c.status.in_(UNENDED)),
                and_(_c.leaf.is_(True), _c.status.in_((_WAITING, _READY))),
            ),
        )
        .values(status=StepStatus.CANCELLED, owner=None, due_at=None, finished_at=now)
    )


def cancel_one(connection: Connection, step_id: str, *, now: datetime) -> None:
    """Cancel a task, unless it has ended."""
    connection.execute(
        update(table)
        .where(_c.id == step_id, _c.leaf.is_(False), _c.status.in_(UNENDED))
        .values(status=StepStatus.CANCELLED, owner=None, due_at=None, finished_at=now)
    )


def nudge_all(connection: Connection, run_id: str, *, ring_again_at: datetime) -> None:
    """Give every task of a run news, whether it waits or is at work; what was parked stays so."""
    sleeps = and_(_c.status == _WAITING, _c.waits_for.not_like(f"{PARKED}%"))
    connection.execute(
        update(table)
        .where(_of(run_id), _c.leaf.is_(False), _c.status.in_((_READY, _RUNNING, _WAITING)))
        .values(
            wakeups=_c.wakeups + 1,
            pending=case((sleeps, 0), else_=_c.pending),
            status=case((sleeps, _READY), else_=_c.status),
            due_at=case((sleeps, ring_again_at), else_=_c.due_at),
        )
    )


def ready_of(connection: Connection, run_id: str) -> list[str]:
    """Name the tasks of a run that could be claimed now."""
    statement = select(_c.id).where(_of(run_id), _c.leaf.is_(False), _c.status == _READY)
    return list(connection.execute(statement).scalars())


def tree(connection: Connection, run_id: str) -> list[Step]:
    """Give every step of a run in the order it came to be."""
    statement = select(*table.c).where(_of(run_id)).order_by(_c.created_at, _c.id)
    return [from_row(row) for row in connection.execute(statement).mappings()]


def agents_above(connection: Connection, step_id: str) -> tuple[str, ...]:
    """Name the agents between the root and a step, outermost first, each with its version."""
    run_id, path = step_id.split(":", 1)
    parts = path.strip("/").split("/")
    above = [f"{run_id}:/{'/'.join(parts[:length])}" for length in range(1, len(parts))]
    statement = (
        select(_c.actor)
        .where(_c.id.in_(above), _c.kind == "agent", _c.leaf.is_(False))
        .order_by(func.length(_c.id))
    )
    return tuple(connection.execute(statement).scalars())


def tasks_of_root(connection: Connection, run_id: str) -> list[Step]:
    """Give the tasks right below the root, in the order they came to be."""
    statement = (
        select(*table.c)
        .where(_c.parent_id == f"{run_id}:/", _c.leaf.is_(False))
        .order_by(_c.created_at, _c.id)
    )
    return [from_row(row) for row in connection.execute(statement).mappings()]


def leaves(connection: Connection, run_id: str, *, kind: str) -> list[Step]:
    """Give a run's leaves of one kind, in the order they came to be."""
    statement = (
        select(*table.c)
        .where(_of(run_id), _c.leaf.is_(True), _c.kind == kind)
        .order_by(_c.created_at, _c.id)
    )
    return [from_row(row) for row in connection.execute(statement).mappings()]


def open_leaves(connection: Connection, run_id: str, *, kind: str) -> list[str]:
    """Name a run's leaves of one kind that wait for an answer, oldest first."""
    found = leaves(connection, run_id, kind=kind)
    return [leaf.id for leaf in found if leaf.status == _WAITING]


def unpark(connection: Connection, run_id: str, *, now: datetime) -> list[str]:
    """Make ready what was set aside after too many crashes; name it."""
    statement = (
        update(table)
        .where(
            _of(run_id), _c.leaf.is_(False), _c.status == _WAITING, _c.waits_for.like(f"{PARKED}%")
        )
        .values(status=_READY, crashes=0, due_at=now, wakeups=_c.wakeups + 1, error=None)
        .returning(_c.id)
    )
    return list(connection.execute(statement).scalars())


def make_ready(connection: Connection, step_id: str, *, now: datetime) -> None:
    """Reopen a failed task."""
    connection.execute(
        update(table)
        .where(_c.id == step_id, _c.status == StepStatus.FAILED)
        .values(
            status=_READY, error=None, finished_at=None, due_at=now, failures=0, crashes=0,
            wakeups=_c.wakeups + 1,
        )
    )  # fmt: skip


def remove_trees(connection: Connection, ids: Sequence[str]) -> None:
    """Forget steps and all below them; only "retry" does this, and the audit keeps that it did."""
    for one in ids:
        connection.execute(
            delete(table).where(or_(_c.id == one, func.substr(_c.id, 1, len(one) + 1) == f"{one}/"))
        )
