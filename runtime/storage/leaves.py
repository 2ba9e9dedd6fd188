"""Statements on leaves: effects, written by the task that owns them and fenced by its attempt."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, exists, insert, literal, select, update

from runtime.domain.json import Json
from runtime.domain.states import ENDED_STEP, StepStatus
from runtime.storage.hot import Hot
from runtime.storage.steps import is_one_of
from runtime.storage.tables import run as run_table
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
_control_of_run = (
    select(run_table.c.control).where(run_table.c.id == bindparam("the_run")).scalar_subquery()
)

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
    .returning(_control_of_run.label("control"))
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
    .returning(_control_of_run.label("control"))
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
    statement = (
        update(table)
        .where(
            _c.id == leaf_id,
            _c.leaf.is_(True),
            _c.status.in_((_WAITING, StepStatus.UNKNOWN)),
        )
        .values(
            status=status,
            output=output,
            error=error,
            finished_at=now if ended else None,
        )
        .returning(_c.parent_id)
    )
    return connection.execute(statement).scalar_one_or_none()
