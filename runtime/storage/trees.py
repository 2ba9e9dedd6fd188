"""Statements on the tree of a run as a whole: reading it, stopping it, opening it again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)

from runtime.domain.states import StepStatus
from runtime.domain.step import Cost, Step
from runtime.storage.hot import Hot
from runtime.storage.steps import PARKED, UNENDED, from_row, is_one_of
from runtime.storage.tables import step as table

_c = table.c
_READY, _RUNNING, _WAITING = StepStatus.READY, StepStatus.RUNNING, StepStatus.WAITING
_IN_ORDER = (_c.created_at, _c.id)
_BELOW = Hot(select(*table.c).where(_c.parent_id == bindparam("the_parent")).order_by(*_IN_ORDER))
_LATEST_BELOW = Hot(
    select(*table.c)
    .where(_c.parent_id == bindparam("the_parent"))
    .order_by(_c.created_at.desc(), _c.id.desc())
    .limit(literal(1))
)
_TASKS_BELOW = Hot(
    select(*table.c)
    .where(_c.parent_id == bindparam("the_parent"), _c.leaf.is_(False))
    .order_by(*_IN_ORDER)
)
_WITHIN = and_(_c.id >= bindparam("first"), _c.id < bindparam("beyond"))
_LEAVES = Hot(
    select(*table.c)
    .where(
        _WITHIN,
        _c.leaf.is_(True),
        _c.kind == bindparam("the_kind"),
    )
    .order_by(*_IN_ORDER)
)
_SLEEPS = and_(_c.status == _WAITING, _c.waits_for.not_like(f"{PARKED}%"))
_NUDGE_ALL = Hot(
    update(table)
    .where(_WITHIN, _c.leaf.is_(False), is_one_of(_READY, _RUNNING, _WAITING))
    .values(
        wakeups=_c.wakeups + 1,
        pending=case((_SLEEPS, 0), else_=_c.pending),
        status=case((_SLEEPS, _READY), else_=_c.status),
        due_at=case((_SLEEPS, bindparam("ring_again_at", type_=_c.due_at.type)), else_=_c.due_at),
    )
    .returning(_c.id, _c.status)
)
OUTCOME_GRACE = timedelta(minutes=2)
"""How long after a stop the outcome of an effect under way may still come."""


def _bounds(run_id: str) -> dict[str, str]:
    """Give the ids between which a run's steps lie: they begin with their run's."""
    return {"first": f"{run_id}:", "beyond": f"{run_id};"}


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


def nudge_all(connection: Connection, run_id: str, *, ring_again_at: datetime) -> list[str]:
    """Give every task of a run news, whether it waits or is at work; what was parked stays so.

    Names those that could be claimed now.
    """
    nudged = _NUDGE_ALL.all(connection, {**_bounds(run_id), "ring_again_at": ring_again_at})
    return [row["id"] for row in nudged if row["status"] == _READY]


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


def tasks_above(connection: Connection, step_id: str, *, kind: str) -> list[Step]:
    """Give the tasks of a kind that a step lies below, or is; the outermost first."""
    run_id, path = step_id.split(":", 1)
    parts = path.strip("/").split("/")
    above = [f"{run_id}:/{'/'.join(parts[:length])}" for length in range(1, len(parts) + 1)]
    statement = (
        select(*table.c)
        .where(_c.id.in_(above), _c.kind == kind, _c.leaf.is_(False))
        .order_by(func.length(_c.id))
    )
    return [from_row(row) for row in connection.execute(statement).mappings()]


def spent_below(connection: Connection, step: Step) -> Cost:
    """Sum up what the effects below a task have used up so far."""
    prefix = f"{step.id.rstrip('/')}/"
    # Ids begin with their run's, and "0" is the character after "/".
    below = and_(_c.id >= prefix, _c.id < f"{prefix[:-1]}0", _c.leaf.is_(True))
    statement = select(func.sum(_c.cost_usd), func.sum(_c.tokens)).where(below)
    usd, tokens = connection.execute(statement).one()
    return Cost(usd=float(usd or 0), tokens=int(tokens or 0))


def entries_of(connection: Connection, task_id: str) -> list[Step]:
    """Give what the journal of a task holds, in the order it came to be."""
    return [from_row(row) for row in _BELOW.all(connection, {"the_parent": task_id})]


def latest_of(connection: Connection, task_id: str) -> Step | None:
    """Give what the journal of a task got last; None where it is empty."""
    row = _LATEST_BELOW.first(connection, {"the_parent": task_id})
    return from_row(row) if row else None


def tasks_of_root(connection: Connection, run_id: str) -> list[Step]:
    """Give the tasks right below the root, in the order they came to be."""
    below = _TASKS_BELOW.all(connection, {"the_parent": f"{run_id}:/"})
    return [from_row(row) for row in below]


def leaves(connection: Connection, run_id: str, *, kind: str) -> list[Step]:
    """Give a run's leaves of one kind, in the order they came to be."""
    values = {"first": f"{run_id}:", "beyond": f"{run_id};", "the_kind": kind}
    return [from_row(row) for row in _LEAVES.all(connection, values)]


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


def begin_again(connection: Connection, leaf_id: str, *, now: datetime) -> None:
    """Let a time that is counted from a journalled moment be counted from now."""
    connection.execute(update(table).where(_c.id == leaf_id).values(output=now.isoformat()))


def skip(connection: Connection, step_id: str, *, words: str, now: datetime) -> bool:
    """End a task that has not succeeded as one that a person goes on without; False: it has ended.

    By way of ready, which takes it out of the hands of whoever is at work on it.
    """
    open_or_failed = (*UNENDED, StepStatus.FAILED)
    taken = connection.execute(
        update(table)
        .where(_c.id == step_id, _c.leaf.is_(False), _c.status.in_(open_or_failed))
        .values(status=_READY, owner=None, wakeups=_c.wakeups + 1)
    )
    if taken.rowcount != 1:
        return False
    connection.execute(
        update(table)
        .where(_c.id == step_id)
        .values(
            status=StepStatus.SKIPPED, due_at=None, finished_at=now, waits_for="",
            output={"answer": None}, error={"code": "skipped_by_person", "message": words},
        )
    )  # fmt: skip
    return True


def remove_trees(connection: Connection, ids: Sequence[str]) -> None:
    """Forget steps and all below them; only "retry" does this, and the audit keeps that it did."""
    for one in ids:
        connection.execute(
            delete(table).where(or_(_c.id == one, func.substr(_c.id, 1, len(one) + 1) == f"{one}/"))
        )
