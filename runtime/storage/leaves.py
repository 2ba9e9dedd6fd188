"""Statements on leaves: effects, written by the task that owns them and fenced by its attempt."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, exists, func, insert, literal, select, update

from runtime.domain.json import Json
from runtime.domain.states import ENDED_STEP, StepStatus
from runtime.storage.governance_tables import halt
from runtime.storage.hot import Hot
from runtime.storage.steps import is_one_of
from runtime.storage.tables import run as run_table
from runtime.storage.tables import signal
from runtime.storage.tables import step as table

_c = table.c
_READY, _RUNNING, _WAITING = StepStatus.READY, StepStatus.RUNNING, StepStatus.WAITING
_COLUMNS = tuple(column.name for column in _c)
_owner = table.alias("owner")
_fenced = and_(
    _owner.c.id == bindparam("owner_id", type_=_c.id.type),
    _owner.c.attempt == bindparam("fence"),
    _owner.c.status == _RUNNING,
)
_the_run = bindparam("the_run", type_=run_table.c.id.type)
# What whoever writes a leaf is told about the world, so that it need not ask before its next one.
_control = select(run_table.c.control).where(run_table.c.id == _the_run).scalar_subquery()
_halts = select(literal(1)).select_from(halt).where(halt.c.lifted_at.is_(None))
_said = select(func.max(signal.c.id)).where(signal.c.run_id == _the_run).scalar_subquery()
_NEWS = (_control.label("control"), exists(_halts).label("halted"), _said.label("said"))

# One statement, one commit: the row lock on the owner (FOR SHARE) makes a claim by another worker
# wait for this insert or this insert fail; the caller learns in the same trip whether to go on.
INSERT_LEAF = Hot(
    insert(table)
    .from_select(
        _COLUMNS,
        select(*(bindparam(name, type_=_c[name].type) for name in _COLUMNS))
        .select_from(_owner)
        .where(_fenced)
        .with_for_update(read=True),
    )
    .returning(*_NEWS)
)

# The same for a leaf that costs, where the database can do both in one statement. The run is locked
# before its step, like everywhere. Where the fence breaks in between, the money stays on the bill:
# the call was made.
_spent = (
    update(run_table)
    .where(
        run_table.c.id == _the_run, exists(select(literal(1)).select_from(_owner).where(_fenced))
    )
    .values(
        spent_usd=run_table.c.spent_usd + bindparam("cost_usd", type_=_c.cost_usd.type),
        spent_tokens=run_table.c.spent_tokens + bindparam("tokens", type_=_c.tokens.type),
    )
    .returning(run_table.c.id, run_table.c.spent_usd, run_table.c.spent_tokens)
    .cte("spent")
)
INSERT_COSTLY_LEAF = Hot(
    insert(table)
    .from_select(
        _COLUMNS,
        select(*(bindparam(name, type_=_c[name].type) for name in _COLUMNS))
        .select_from(_spent.join(_owner, _owner.c.run_id == _spent.c.id))
        .where(_fenced)
        .with_for_update(read=True, of=_owner),
    )
    .returning(
        *_NEWS,
        select(_spent.c.spent_usd).scalar_subquery().label("spent_usd"),
        select(_spent.c.spent_tokens).scalar_subquery().label("spent_tokens"),
    )
)

# The outcome of an effect is recorded even when its run was stopped meanwhile: it did happen.
# It is fenced by the attempt the intent was written under.
FINISH_LEAF = Hot(
    update(table)
    .where(
        _c.id == bindparam("leaf_id"),
        _c.attempt == bindparam("fence"),
        is_one_of(_RUNNING, _WAITING, StepStatus.UNKNOWN),
    )
    .values(
        {
            name: bindparam(f"new_{name}", type_=_c[name].type)
            for name in (
                "status", "output", "output_blob", "error", "cost_usd", "tokens", "finished_at",
                "due_at", "failures", "waits_for",
            )
        }
    )
    .returning(*_NEWS)
)  # fmt: skip

# A leaf that another attempt left behind is taken over by the attempt that now owns the step.
ADOPT_LEAF = Hot(
    update(table)
    .where(
        _c.id == bindparam("leaf_id"),
        is_one_of(_READY, _RUNNING, _WAITING),
        exists(select(literal(1)).select_from(_owner).where(_fenced)),
    )
    .values(
        attempt=bindparam("fence"),
        status=_RUNNING,
        owner=bindparam("process"),
    )
)


_ANSWER_LEAF = Hot(
    update(table)
    .where(
        _c.id == bindparam("leaf_id"),
        _c.leaf.is_(True),
        is_one_of(_WAITING, StepStatus.UNKNOWN),
    )
    .values(
        {
            name: bindparam(f"new_{name}", type_=_c[name].type)
            for name in ("status", "output", "error", "finished_at")
        }
    )
    .returning(_c.parent_id)
)


def answer_leaf(
    connection: Connection,
    leaf_id: str,
    *,
    status: StepStatus,
    output: Json,
    error: Json,
    now: datetime,
) -> str | None:
    """Answer a leaf that waits or is in doubt, once; give its owner, or None where it is closed."""
    ended = status in ENDED_STEP
    row = _ANSWER_LEAF.first(
        connection,
        {
            "leaf_id": leaf_id,
            "new_status": status,
            "new_output": output,
            "new_error": error,
            "new_finished_at": now if ended else None,
        },
    )
    return row["parent_id"] if row else None
