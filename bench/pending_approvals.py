"""What a decision costs with few and with many others pending, in the same minute."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any

from sqlalchemy import Table, func, insert, select, text

from bench.places import POSTGRES, SQLITE, Places
from bench.processes import CONTENT
from bench.table import Measured, median, quantile
from runtime.approvals.ask import Asked, opening
from runtime.catalog.watch import Library
from runtime.clock import SystemClock
from runtime.domain.approval import Decide, Preview, Question, Verdict
from runtime.domain.conversation import Person, Place
from runtime.domain.effects import Effect
from runtime.domain.ids import new_id, step_id
from runtime.domain.run import Run
from runtime.domain.states import ApprovalStatus, Control, RunStatus, StepStatus
from runtime.opening import open_runtime
from runtime.policy.decision import Proposal
from runtime.storage import conversations, runs, steps, tables
from runtime.storage.database import Database
from runtime.testing import RememberingBell

_FEW = 10
_MANY = 100_000
_ROUNDS = 60
_AT_ONCE = 5_000
_GOAL = 1.25
_ME = Person(channel="slack", workspace="T024", external_id="U1", name="Ada")
_COPIED = (tables.conversation, tables.run, tables.step, tables.approval, tables.delivery)


def measure(places: Places) -> Iterator[Measured]:
    """Decide in turns in a database with few and in one with many pending, on both kinds."""
    for kind in (SQLITE, POSTGRES):
        with ExitStack() as stack:
            few = Desk(stack.enter_context(places.another(kind)))
            many = Desk(stack.enter_context(places.another(kind)))
            for desk in (few, many):
                for _ in range(_FEW):
                    desk.ask()
            many.fill(_MANY - _FEW)
            times: tuple[list[float], list[float]] = ([], [])
            for _ in range(_ROUNDS):
                for desk, took in zip((few, many), times, strict=True):
                    took.append(desk.decide(desk.ask()))
            few.close()
            many.close()
        beside = (
            f"{median(times[0]) * 1000:.2f} and {median(times[1]) * 1000:.2f} ms,"
            f" p95 {quantile(times[0], 0.95) * 1000:.1f} and {quantile(times[1], 0.95) * 1000:.1f}"
        )
        yield Measured(
            name=f"decision with {_MANY:,} pending over {_FEW}", on=kind,
            value=median(times[1]) / median(times[0]), unit="times", goal=_GOAL, beside=beside,
        )  # fmt: skip


class Desk:
    """One database, and somebody who is asked and decides in it."""

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        self.clock = SystemClock()
        library = Library(CONTENT, clock=self.clock)
        self.runtime = open_runtime(
            self.database, clock=self.clock, bell=RememberingBell(), library=library
        )
        self.policy = self.runtime.governing.rules.policy()

    def ask(self) -> str:
        """Let a run ask; give the approval's id."""
        now, run_id = self.clock.now(), new_id("run")
        proposal = Proposal(
            tool="sign", effect=Effect.IRREVERSIBLE, arguments={"name": run_id}, agent="clerk",
            requester=_ME.principal, channel="slack",
        )  # fmt: skip
        asked = Asked(
            question=Question.CALL, tool="sign", arguments=proposal.arguments, digest=run_id,
            agent="clerk@1", preview=Preview(what="Sign it"), effect=Effect.IRREVERSIBLE,
            decision=self.policy.decide(proposal),
        )  # fmt: skip
        leaf = step_id(run_id, "/call")
        with self.database.write() as connection:
            run = self._run(connection, run_id)
            for path, kind, is_leaf in (("/", "agent", False), ("/call", "approval", True)):
                row = steps.new_row(
                    id=step_id(run_id, path), run_id=run_id, path=path, kind=kind, leaf=is_leaf,
                    parent_id=step_id(run_id, "/") if is_leaf else None,
                    status=StepStatus.WAITING, created_at=now,
                )  # fmt: skip
                connection.execute(insert(tables.step).values(**row))
            opening(run, asked, now=now, policy=self.policy)(connection, leaf)
        [approval] = self.runtime.approvals(workspace=None, run=run_id)
        return approval.id

    def _run(self, connection: Any, run_id: str) -> Run:
        now = self.clock.now()
        place = Place(channel="slack", workspace="T024", key=run_id, address={})
        conversation = conversations.ensure(connection, place, now=now)
        row = runs.new_row(
            id=run_id, workspace="T024", conversation_id=conversation.id,
            requester=_ME.principal, requester_name="Ada", request="", goal="", answer="",
            catalog="", status=RunStatus.ACTIVE, control=Control.GO, created_at=now,
        )  # fmt: skip
        return runs.add(connection, row)

    def decide(self, approval_id: str) -> float:
        """Approve through the front door; give the seconds it took."""
        said = Decide(approval=approval_id, person=_ME, verdict=Verdict.APPROVE, surface="slack")
        began = time.perf_counter()
        decided = self.runtime.decide(said)
        took = time.perf_counter() - began
        assert decided.final
        return took

    def fill(self, count: int) -> None:
        """Copy one that asks so many times, with all that belongs to it."""
        with self.database.read() as connection:
            model = {
                table: [dict(row) for row in connection.execute(select(table)).mappings()]
                for table in _COPIED
            }
        one = model[tables.approval][0]
        run_id = one["run_id"]
        rows = {
            table: [row for row in found if run_id in str(row.values())]
            for table, found in model.items()
        }
        for begins in range(0, count, _AT_ONCE):
            with self.database.write() as connection:
                for table, found in rows.items():
                    copies = [
                        _copy(table, row, f"{run_id[4:]}", at)
                        for at in range(begins, min(begins + _AT_ONCE, count))
                        for row in found
                    ]
                    connection.execute(insert(table), copies)
        with self.database.write() as connection:
            connection.execute(text("ANALYZE"))
        waiting = select(func.count()).where(tables.approval.c.status == ApprovalStatus.PENDING)
        with self.database.read() as connection:
            assert connection.execute(waiting).scalar_one() == count + _FEW

    def close(self) -> None:
        """Let go of the database."""
        self.runtime.evaluator.close()
        self.database.close()


def _copy(table: Table, row: Mapping[str, Any], name: str, at: int) -> dict[str, Any]:
    """Give the row as if it were about another run: every id in it is another."""
    copy = {key: value for key, value in row.items() if key != "number"}
    for key, value in copy.items():
        if isinstance(value, str) and name in value:
            copy[key] = value.replace(name, f"{name}x{at}")
    if table is not tables.run:
        for key in ("id", "subject_id", "conversation_id"):
            if isinstance(copy.get(key), str) and name not in copy[key]:
                copy[key] = f"{copy[key]}x{at}"
    else:
        copy["conversation_id"] = f"{copy['conversation_id']}x{at}"
    return copy
