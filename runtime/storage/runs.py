"""Statements on runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, RowMapping, bindparam, insert, literal, select, update

from runtime.domain.budget import Budget
from runtime.domain.json import Json, JsonObject
from runtime.domain.retention import Kept
from runtime.domain.run import Run
from runtime.domain.states import Control, RunStatus
from runtime.domain.step import Cost
from runtime.domain.words import storable
from runtime.storage.hot import Hot
from runtime.storage.tables import run as table

_c = table.c
_ONE = Hot(select(*_c).where(_c.id == bindparam("the_run")))
_NUMBERED = Hot(select(*_c).where(_c.number == bindparam("the_number")))
_FIND = {
    (False, False): _ONE,
    (True, False): _NUMBERED,
    (False, True): Hot(select(*_c).where(_c.id == bindparam("the_run")).with_for_update()),
    (True, True): Hot(select(*_c).where(_c.number == bindparam("the_number")).with_for_update()),
}
"""By whether a number is meant, and whether it is locked."""
_CONTROL = Hot(
    update(table)
    .where(_c.id == bindparam("the_run"), _c.status == RunStatus.ACTIVE)
    .values(control=bindparam("new_control", type_=_c.control.type))
)
_LOCK = Hot(select(_c.number).where(_c.id == bindparam("the_run")).with_for_update())
_SPEND = Hot(
    update(table)
    .where(_c.id == bindparam("the_run"))
    .values(
        spent_usd=_c.spent_usd + bindparam("usd"), spent_tokens=_c.spent_tokens + bindparam("more")
    )
    .returning(_c.spent_usd, _c.spent_tokens)
)

_FRESH: dict[str, object] = {
    "agent": None,
    "input": None,
    "budget": None,
    "spent_usd": 0.0,
    "spent_tokens": 0,
    "answer": "",
    "revision": 0,
    "demonstration": False,
}
GIVEN = (
    "id", "workspace", "conversation_id", "requester", "requester_name", "request", "goal",
    "status", "control", "catalog", "created_at", *_FRESH,
)  # fmt: skip
"""The columns of a new row; the database fills in the others."""
_ADD = Hot(
    insert(table)
    .values({name: bindparam(f"new_{name}", type_=_c[name].type) for name in GIVEN})
    .returning(*_c)
)
_LIVE_IN = Hot(
    select(*_c)
    .where(
        _c.conversation_id == bindparam("conversation"),
        _c.status == literal(RunStatus.ACTIVE.value),
    )
    .order_by(_c.number.desc())
    .limit(1)
)


def from_row(row: RowMapping | Mapping[str, Any]) -> Run:
    """Give the domain value of a row."""
    return Run(
        id=row["id"],
        number=row["number"],
        workspace=row["workspace"],
        conversation_id=row["conversation_id"],
        requester=row["requester"],
        requester_name=row["requester_name"],
        request=row["request"],
        agent=row["agent"],
        input=row["input"] or {},
        goal=row["goal"],
        status=RunStatus(row["status"]),
        control=Control(row["control"]),
        catalog=row["catalog"],
        budget=Budget(**cast("dict[str, Any]", row["budget"] or {})),
        spent=Cost(usd=row["spent_usd"], tokens=row["spent_tokens"]),
        answer=row["answer"],
        sources=tuple(row["sources"] or ()),
        demonstration=row["demonstration"],
        revision=row["revision"],
        error=row["error"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
    )


def new_row(**values: object) -> Mapping[str, object]:
    """Give a row for ``add``; what is not said has its default."""
    return {**_FRESH, **values}


def add(connection: Connection, row: Mapping[str, object]) -> Run:
    """Insert a new run and give it as it is stored."""
    added = _ADD.first(connection, {f"new_{name}": value for name, value in row.items()})
    assert added is not None, "an insert gives its row"
    return from_row(added)


def read(connection: Connection, run_id: str) -> Run | None:
    """Give one run, or None."""
    row = _ONE.first(connection, {"the_run": run_id})
    return from_row(row) if row else None


def lock(connection: Connection, run_id: str) -> None:
    """Lock a run for this transaction: the first lock of every one that touches its parts."""
    _LOCK.first(connection, {"the_run": run_id})


def find(
    connection: Connection, ref: str, *, workspace: str | None, lock: bool = False
) -> Run | None:
    """Give the run that a person means by id or number, within a workspace or in all of them."""
    ref = ref.strip().lstrip("#")
    is_number = ref.isascii() and ref.isdigit() and len(ref) < 18
    meant = {"the_number": int(ref)} if is_number else {"the_run": ref}
    row = _FIND[is_number, lock].first(connection, meant)
    elsewhere = row is not None and workspace is not None and row["workspace"] != workspace
    return None if row is None or elsewhere else from_row(row)


def recent(
    connection: Connection, *, workspace: str | None, limit: int, requesters: Sequence[str] = ()
) -> list[Run]:
    """Give the newest runs, newest first; ``requesters`` limits them to those of some."""
    statement = select(*_c).order_by(_c.number.desc()).limit(limit)
    if requesters:
        statement = statement.where(_c.requester.in_(requesters))
    if workspace is not None:
        statement = statement.where(_c.workspace == workspace)
    return [from_row(row) for row in connection.execute(statement).mappings()]


def live_in(connection: Connection, conversation_id: str) -> Run | None:
    """Give the newest active run of a conversation, or None."""
    row = _LIVE_IN.first(connection, {"conversation": conversation_id})
    return from_row(row) if row else None


def spend(connection: Connection, run_id: str, cost: Cost) -> Cost:
    """Add to what a run has used up; give the new total."""
    spent = _SPEND.first(connection, {"the_run": run_id, "usd": cost.usd, "more": cost.tokens})
    assert spent is not None, f"there is no run {run_id}"
    return Cost(usd=spent["spent_usd"], tokens=spent["spent_tokens"])


def set_plan(connection: Connection, run_id: str, *, goal: str, revision: int) -> None:
    """Record what the planner understood."""
    connection.execute(
        update(table).where(_c.id == run_id).values(goal=storable(goal), revision=revision)
    )


def set_control(connection: Connection, run_id: str, *, control: Control) -> bool:
    """Pause, resume or stop an active run; False where it has ended."""
    return _CONTROL.count(connection, {"the_run": run_id, "new_control": control}) == 1


def end(
    connection: Connection,
    run_id: str,
    *,
    status: RunStatus,
    output: JsonObject,
    error: Json,
    now: datetime,
) -> bool:
    """End an active run with its result; False where it has ended already."""
    result = connection.execute(
        update(table)
        .where(_c.id == run_id, _c.status == RunStatus.ACTIVE)
        .values(
            status=status,
            answer=storable(str(output.get("answer") or "")),
            sources=output.get("sources") or [],
            demonstration=bool(output.get("demonstration")),
            error=error,
            finished_at=now,
        )
    )
    return result.rowcount == 1


def reopen(connection: Connection, run_id: str) -> bool:
    """Make a failed run active again; False where it did not fail, or its journal was removed."""
    result = connection.execute(
        update(table)
        .where(
            _c.id == run_id,
            _c.status == RunStatus.FAILED,
            _c.transcript == Kept.KEPT,
            _c.words == Kept.KEPT,
        )
        .values(status=RunStatus.ACTIVE, control=Control.GO, finished_at=None, error=None)
    )
    return result.rowcount == 1
