"""Statements on runs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, RowMapping, bindparam, insert, literal, select, update

from runtime.domain.budget import Budget
from runtime.domain.json import Json, JsonObject
from runtime.domain.run import Run
from runtime.domain.states import Control, RunStatus
from runtime.domain.step import Cost
from runtime.domain.words import storable
from runtime.storage.hot import Hot
from runtime.storage.tables import run as table

_c = table.c
_ONE = select(*_c).where(_c.id == bindparam("run_id"))
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
_ADD = Hot(
    insert(table)
    .values(
        {
            name: bindparam(f"new_{name}", type_=_c[name].type)
            for name in (
                "id", "workspace", "conversation_id", "requester", "requester_name", "request",
                "goal", "status", "control", "catalog", "created_at", *_FRESH,
            )
        }
    )
    .returning(*_c)
)  # fmt: skip
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


def add(connection: Connection, **values: object) -> Run:
    """Insert a run and give it as it is stored; what is not said has its default."""
    given = {**_FRESH, **values}
    row = _ADD.first(connection, {f"new_{name}": value for name, value in given.items()})
    assert row is not None, "an insert gives its row"
    return from_row(row)


def read(connection: Connection, run_id: str) -> Run | None:
    """Give one run, or None."""
    row = connection.execute(_ONE, {"run_id": run_id}).mappings().first()
    return from_row(row) if row else None


def lock(connection: Connection, run_id: str) -> None:
    """Lock a run for this transaction: the first lock of every one that touches its parts."""
    connection.execute(select(_c.number).where(_c.id == run_id).with_for_update()).first()


def find(connection: Connection, ref: str, *, workspace: str | None) -> Run | None:
    """Give the run that a person means by id or number, within a workspace or in all of them."""
    ref = ref.strip().lstrip("#")
    statement = select(*_c).where(
        _c.number == int(ref) if ref.isascii() and ref.isdigit() and len(ref) < 18 else _c.id == ref
    )
    if workspace is not None:
        statement = statement.where(_c.workspace == workspace)
    row = connection.execute(statement).mappings().first()
    return from_row(row) if row else None


def recent(connection: Connection, *, workspace: str | None, limit: int) -> list[Run]:
    """Give the newest runs, newest first."""
    statement = select(*_c).order_by(_c.number.desc()).limit(limit)
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
    result = connection.execute(
        update(table).where(_c.id == run_id, _c.status == RunStatus.ACTIVE).values(control=control)
    )
    return result.rowcount == 1


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
    """Make a failed run active again; False where it did not fail."""
    result = connection.execute(
        update(table)
        .where(_c.id == run_id, _c.status == RunStatus.FAILED)
        .values(status=RunStatus.ACTIVE, control=Control.GO, finished_at=None, error=None)
    )
    return result.rowcount == 1
