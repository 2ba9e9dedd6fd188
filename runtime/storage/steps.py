"""Statements on single steps. Each says in one conditional update what it relies on.

What touches a run's whole tree is in ``trees.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from runtime.domain.effects import Effect
from runtime.domain.states import Control, StepStatus
from runtime.domain.step import Cost, Step
from runtime.domain.words import storable
from runtime.storage.hot import Hot
from runtime.storage.tables import run as run_table
from runtime.storage.tables import step as table

_c = table.c
_READY, _RUNNING, _WAITING = StepStatus.READY, StepStatus.RUNNING, StepStatus.WAITING
PARKED = "a person: "
"""How the ``waits_for`` of a step begins that was set aside after too many crashes."""
UNENDED = (_READY, _RUNNING, _WAITING, StepStatus.UNKNOWN)

_COLUMNS = tuple(column.name for column in _c)


def is_one_of(*statuses: StepStatus) -> ColumnElement[bool]:
    """Say "in one of these states" without a list, for statements that are compiled once."""
    return or_(*(_c.status == status for status in statuses))


INSERT_TASK = Hot(insert(table))

_claim = (
    update(table)
    .where(
        exists(
            select(literal(1)).where(run_table.c.id == _c.run_id, run_table.c.control == Control.GO)
        ),
    )
    .values(
        status=_RUNNING,
        attempt=_c.attempt + 1,
        crashes=case((_c.status == _RUNNING, _c.crashes + 1), else_=_c.crashes),
        owner=bindparam("process"),
        due_at=bindparam("lease_end", type_=_c.due_at.type),
        waits_for="",
        started_at=func.coalesce(_c.started_at, bindparam("now", type_=_c.due_at.type)),
    )
    .returning(*table.c)
)

CLAIM = Hot(
    _claim.where(
        _c.id == bindparam("step_id"),
        or_(
            _c.status == _READY,
            and_(
                _c.status == _RUNNING,
                _c.due_at < bindparam("now", type_=_c.due_at.type),
                or_(_c.owner.is_(None), _c.owner != bindparam("not_from")),
            ),
        ),
    )
)

# One that made its process end is not claimed with others: they would be blamed for it.
_CLAIM_SOME = _claim.where(
    _c.id.in_(
        select(_c.id)
        .where(_c.id.in_(bindparam("ids", expanding=True)), _c.status == _READY, _c.crashes == 0)
        .order_by(_c.id.desc())
        .with_for_update(skip_locked=True)
    )
)

SUSPEND = Hot(
    update(table)
    .where(
        _c.id == bindparam("step_id"),
        _c.attempt == bindparam("fence"),
        _c.status == _RUNNING,
        _c.wakeups == bindparam("seen"),
    )
    .values(
        status=_WAITING,
        owner=None,
        pending=bindparam("new_pending"),
        due_at=bindparam("wake_at", type_=_c.due_at.type),
        waits_for=bindparam("reason"),
        failures=bindparam("new_failures"),
        error=bindparam("new_error", type_=_c.error.type),
        crashes=0,
    )
)

GIVE_BACK = Hot(
    update(table)
    .where(_c.id == bindparam("step_id"), _c.attempt == bindparam("fence"), _c.status == _RUNNING)
    .values(status=_READY, owner=None, due_at=bindparam("now", type_=_c.due_at.type))
)

# ``pending`` counts the ends a waiting parent still wants before it is woken.
_wake = (
    update(table)
    .where(_c.id == bindparam("step_id"), is_one_of(_READY, _RUNNING, _WAITING))
    .values(
        wakeups=_c.wakeups + 1,
        pending=case((_c.pending > 1, _c.pending - 1), else_=0),
        status=case(
            (and_(_c.status == _WAITING, _c.pending <= 1), _READY),
            else_=_c.status,
        ),
        due_at=case(
            (
                and_(_c.status == _WAITING, _c.pending <= 1),
                bindparam("ring_again_at", type_=_c.due_at.type),
            ),
            else_=_c.due_at,
        ),
    )
    .returning(_c.status, _c.run_id)
)

WAKE = Hot(_wake)

# News that is not the end of a child wakes at once, whatever is pending.
NUDGE = Hot(
    _wake.values(
        pending=0,
        status=case((_c.status == _WAITING, _READY), else_=_c.status),
        due_at=case(
            (_c.status == _WAITING, bindparam("ring_again_at", type_=_c.due_at.type)),
            else_=_c.due_at,
        ),
    )
)

FINISH = Hot(
    update(table)
    .where(_c.id == bindparam("step_id"), _c.attempt == bindparam("fence"), _c.status == _RUNNING)
    .values(
        status=bindparam("new_status"),
        owner=None,
        due_at=None,
        output=bindparam("new_output", type_=_c.output.type),
        output_blob=bindparam("new_output_blob"),
        error=bindparam("new_error", type_=_c.error.type),
        finished_at=bindparam("now", type_=_c.due_at.type),
        crashes=0,
    )
)

RENEW = (
    update(table)
    .where(
        _c.id.in_(
            # From the deepest up, as a step that ends locks itself before its parent.
            select(_c.id)
            .where(_c.id.in_(bindparam("held", expanding=True)))
            .order_by(_c.id.desc())
            .with_for_update()
        ),
        _c.owner == bindparam("process"),
        _c.status == _RUNNING,
    )
    .values(due_at=bindparam("lease_end", type_=_c.due_at.type))
    .returning(_c.id)
)

JOURNAL = select(*table.c).where(_c.parent_id == bindparam("owner_id")).order_by(_c.created_at)
_ONE = Hot(select(*table.c).where(_c.id == bindparam("step_id")))

CHILD_STATES = select(
    _c.id, _c.status, _c.output, _c.output_blob, _c.error, _c.due_at, _c.wakeups
).where(_c.id.in_(bindparam("ids", expanding=True)))

# A child that was on the stack when a process died lost its lease with its parent.
HAS_CRASHED_CHILD = select(
    exists(
        select(literal(1)).where(
            _c.parent_id == bindparam("step_id"),
            _c.leaf.is_(False),
            _c.status.in_(UNENDED),
            or_(
                _c.crashes > 0,
                # Set aside already, and no more to be blamed on its parent than before.
                and_(_c.status == _WAITING, _c.waits_for.startswith(PARKED)),
                and_(_c.status == _RUNNING, _c.due_at < bindparam("now", type_=_c.due_at.type)),
            ),
        )
    )
)


def from_row(row: RowMapping | Mapping[str, Any]) -> Step:
    """Give the domain value of a row; a large output is still a reference (see ``blobs``)."""
    return Step(
        id=row["id"],
        run_id=row["run_id"],
        parent_id=row["parent_id"],
        path=row["path"],
        kind=row["kind"],
        leaf=row["leaf"],
        title=row["title"],
        actor=row["actor"],
        status=StepStatus(row["status"]),
        attempt=row["attempt"],
        wakeups=row["wakeups"],
        failures=row["failures"],
        crashes=row["crashes"],
        due_at=row["due_at"],
        waits_for=row["waits_for"],
        effect=Effect(row["effect"]) if row["effect"] else None,
        key=row["key"],
        input=row["input"],
        output=row["output"],
        output_blob=row["output_blob"],
        error=row["error"],
        decision=row["decision"],
        cost=Cost(usd=row["cost_usd"], tokens=row["tokens"]),
        created_at=row["created_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        owner=row["owner"],
    )


def new_row(**values: object) -> dict[str, object]:
    """Give a complete row for an insert: every column, defaults filled in."""
    row: dict[str, object] = {}
    row.update(
        dict.fromkeys(_COLUMNS),
        leaf=True, title="", actor="", attempt=0, wakeups=0, pending=0, failures=0, crashes=0,
        waits_for="", cost_usd=0.0, tokens=0, recorded=False,
    )  # fmt: skip
    row.update(values)
    row["title"] = storable(str(row["title"]))
    return row


def insert_tasks(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert task steps; the caller has fenced the transaction and commits."""
    INSERT_TASK.each(connection, rows)


def claim_some(
    connection: Connection, ids: Sequence[str], terms: Mapping[str, object]
) -> list[Step]:
    """Take those of these steps that are ready and never crashed, in the order of ``ids``."""
    rows = connection.execute(_CLAIM_SOME, {"ids": list(ids), **terms}).mappings()
    by_id = {row["id"]: from_row(row) for row in rows}
    return [by_id[one] for one in ids if one in by_id]


def read_step(connection: Connection, step_id: str) -> Step | None:
    """Give one step, or None."""
    row = _ONE.first(connection, {"step_id": step_id})
    return from_row(row) if row else None


def make_due(connection: Connection, step_id: str, *, now: datetime) -> None:
    """Let the next sweep look at a step that is ready."""
    connection.execute(
        update(table).where(_c.id == step_id, _c.status == _READY).values(due_at=now)
    )


def lock_owned(connection: Connection, *, step_id: str, fence: int) -> str | None:
    """Lock a step against claims for this transaction; give its run's control if it is owned."""
    statement = (
        select(run_table.c.control)
        .select_from(table.join(run_table, run_table.c.id == _c.run_id))
        .where(_c.id == step_id, _c.attempt == fence, _c.status == _RUNNING)
        .with_for_update(read=True, of=table)
    )
    return connection.execute(statement).scalar_one_or_none()


def sweep(
    connection: Connection,
    *,
    now: datetime,
    ring_again_at: datetime,
    limit: int,
    in_hand: Callable[[str, str], bool] = lambda _step, _owner: False,
) -> list[str]:
    """Make ready whatever is due: timers, expired leases, rings that were lost. Name them all.

    Rows that another sweep holds are skipped; a claim or an end in between wins, because every
    update repeats its condition. What ``in_hand`` says of a step and its owner is left as it is.
    """
    chosen = connection.execute(
        select(_c.id, _c.owner)
        .where(_c.due_at <= now)
        .order_by(_c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = [id for id, owner in chosen if owner is None or not in_hand(id, owner)]
    if not ids:
        return []
    # An effect whose run was stopped and whose worker never said how it went: a doubt, shown.
    connection.execute(
        update(table)
        .where(_c.id.in_(ids), _c.due_at <= now, _c.leaf.is_(True), _c.status == _RUNNING)
        .values(status=StepStatus.UNKNOWN, due_at=None)
    )
    woken = connection.execute(
        update(table)
        .where(
            _c.id.in_(ids),
            _c.due_at <= now,
            _c.leaf.is_(False),
            _c.status.in_((_READY, _RUNNING, _WAITING)),
        )
        .values(
            status=_READY,
            owner=None,
            due_at=ring_again_at,
            wakeups=_c.wakeups + 1,
            crashes=case((_c.status == _RUNNING, _c.crashes + 1), else_=_c.crashes),
        )
        .returning(_c.id)
    )
    return list(woken.scalars())


def some_ready_child(connection: Connection, parent_id: str) -> str | None:
    """Name any one task below a step that could be claimed now; by chance, to spread rivals."""
    statement = (
        select(_c.id)
        .where(_c.parent_id == parent_id, _c.leaf.is_(False), _c.status == _READY)
        .order_by(func.random())
        .limit(1)
    )
    return connection.execute(statement).scalar_one_or_none()
