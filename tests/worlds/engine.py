"""Processes of the engine on one database, with time and rings in the hands of the test.

A process dies here by ``Crash``: no handler and no engine code catches it, so whatever was not
committed never was, and the lease stays behind, exactly as after a kill.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import psycopg
from sqlalchemy import Connection, event
from sqlalchemy.pool import ConnectionPoolEntry

from runtime.domain.budget import Budget
from runtime.domain.conversation import Person
from runtime.domain.ids import new_id, step_id
from runtime.domain.json import Json
from runtime.domain.run import Run
from runtime.domain.states import Control, RunStatus, StepStatus
from runtime.domain.step import Step
from runtime.door.steer import Steering
from runtime.durable import outside
from runtime.durable.announcer import Announcer
from runtime.durable.context import Context, Pending
from runtime.durable.engine import Engine, Handler, Timing
from runtime.durable.leaf import Leaf
from runtime.policy.parse import parse_policy
from runtime.storage import leaves, runs, steps, trees
from runtime.storage.database import Database
from runtime.testing import RememberingBell, SteppedClock
from runtime.worker import StepChore

LEASE_SECONDS = 10.0
REQUESTER = Person(channel="slack", workspace="T1", external_id="U1", name="Ada")
_PATIENCE_SECONDS = 90.0


class Crash(BaseException):
    """The process dies here."""


@dataclass
class Heard:
    """An announcer that remembers what it was told."""

    changed: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    ended: list[str] = field(default_factory=list[str])
    parked: list[str] = field(default_factory=list[str])

    def step_changed(self, connection: Connection, step: Step) -> None:
        self.changed.append((step.path, step.status))

    def run_ended(self, connection: Connection, run_id: str) -> None:
        self.ended.append(run_id)

    def cut_off(self, connection: Connection, step: Step) -> None:
        pass

    def step_parked(self, connection: Connection, step: Step) -> None:
        self.parked.append(step.path)


class EngineWorld:
    """One database, one clock, one bell, and any number of processes."""

    def __init__(self, database: Database, clock: SteppedClock | None = None) -> None:
        self.database = database
        self.clock = clock or SteppedClock()
        self.bell = RememberingBell()
        self.heard = Heard()
        self._engines: list[Engine] = []

    def process(self, announcer: Announcer | None = None, /, **handlers: Handler) -> Engine:
        """Start a process that knows these handlers."""
        engine = Engine(
            self.database,
            clock=self.clock,
            bell=self.bell,
            handlers=handlers,
            announcer=announcer or self.heard,
            timing=Timing(lease_seconds=LEASE_SECONDS),
        )
        self._engines.append(engine)
        return engine

    def accept(self, *, kind: str = "root", input: Json = None, catalog: str = "") -> str:
        """Accept a run whose root is done by the handler ``kind``; give its id. Nobody is rung."""
        return self.accept_many(1, kind=kind, input=input, catalog=catalog)[0]

    def accept_many(
        self, count: int, *, kind: str = "root", input: Json = None, catalog: str = ""
    ) -> list[str]:
        """Accept runs that are all alike in one transaction; give their ids. Nobody is rung."""
        run_ids = [new_id("run") for _ in range(count)]
        now = self.clock.now()
        with self.database.write() as connection:
            for run_id in run_ids:
                row = runs.new_row(
                    id=run_id,
                    workspace="T1",
                    conversation_id=f"cnv_{run_id}",
                    requester=REQUESTER.principal,
                    requester_name=REQUESTER.name,
                    request="Do it",
                    agent=None,
                    input={},
                    goal="Do it",
                    status=RunStatus.ACTIVE,
                    control=Control.GO,
                    catalog=catalog,
                    budget=asdict(Budget()),
                    answer="",
                    created_at=now,
                )
                runs.add(connection, row)
                root = steps.new_row(
                    id=root_of(run_id),
                    run_id=run_id,
                    path="/",
                    kind=kind,
                    leaf=False,
                    title="Do it",
                    status=StepStatus.READY,
                    input=input,
                    due_at=now,
                    created_at=now,
                )
                steps.insert_tasks(connection, [root])
        return run_ids

    def do(self, engine: Engine, run_id: str) -> None:
        """Ring the root of a run in a process, and whatever that rings, until all is quiet."""
        engine.execute(root_of(run_id))
        self.answer_rings(engine)

    def answer_rings(self, engine: Engine) -> None:
        """Carry out whatever was rung, until all is quiet."""
        for _ in range(1000):
            rung = self.bell.take_steps()
            if not rung:
                return
            for one in rung:
                engine.execute(one)
        raise AssertionError("the bell never stops ringing")

    def sweep(self, by: Engine | None = None) -> int:
        """Do what is overdue, as any process does every few seconds: ``by`` or one that idles."""
        if by is None:
            return StepChore(self.database, self.clock, self.bell)()
        return StepChore(self.database, self.clock, self.bell, in_hand=by.has_in_hand)()

    def later(self, engine: Engine, *, seconds: float) -> None:
        """Let time pass, sweep, and carry out what that made ready."""
        self.clock.step(seconds)
        self.sweep()
        self.answer_rings(engine)

    def crash(self, engine: Engine, run_id: str) -> None:
        """Carry out a run until its process dies, and let its leases run out."""
        try:
            self.do(engine, run_id)
        except Crash:
            self.bell.take_steps()
            self.clock.step(LEASE_SECONDS + 1)
        else:
            raise AssertionError("the process was to die and did not")

    def steering(self) -> Steering:
        """Give what people do to runs."""
        policy = parse_policy("version: 1\n", file="policy.yaml")
        return Steering(
            database=self.database, clock=self.clock, bell=self.bell, policy=lambda: policy
        )

    def answer(self, leaf_id: str, output: Json, *, status: StepStatus | None = None) -> None:
        """Answer an open leaf from outside, and ring whom that wakes."""
        with self.database.write() as connection:
            rings = outside.answer(
                connection,
                leaf_id,
                status=status or StepStatus.SUCCEEDED,
                output=output,
                now=self.clock.now(),
            )
        assert rings is not None, f"{leaf_id} is not open"
        self.bell.ring(steps=rings)

    def nudge(self, step_id: str) -> None:
        """Give a step news, and ring it where that wakes it."""
        with self.database.write() as connection:
            rings = outside.wake(connection, step_id, now=self.clock.now())
        self.bell.ring(steps=rings)

    def answer_late(self, leaf: Step, output: Json) -> None:
        """Record an outcome the way the attempt that wrote the intent does."""
        values: dict[str, object] = {"new_output_blob": None, "new_error": None, "new_due_at": None}
        values.update(
            leaf_id=leaf.id, fence=leaf.attempt, the_run=leaf.run_id,
            new_status=StepStatus.SUCCEEDED, new_output=output, new_cost_usd=0.0, new_tokens=0,
            new_finished_at=self.clock.now(), new_failures=0, new_waits_for="",
        )  # fmt: skip
        assert self.database.first(leaves.FINISH_LEAF, values) is not None

    def run(self, run_id: str) -> Run:
        """Give a run as it is."""
        with self.database.read() as connection:
            found = runs.read(connection, run_id)
        assert found is not None
        return found

    def step(self, run_id: str, path: str) -> Step:
        """Give a step as it is."""
        with self.database.read() as connection:
            found = steps.read_step(connection, step_id(run_id, path))
        assert found is not None, f"there is no {path}"
        return found

    def states(self, run_id: str) -> dict[str, str]:
        """Give the state of every step of a run, by path."""
        with self.database.read() as connection:
            return {step.path: step.status.value for step in trees.tree(connection, run_id)}

    @contextmanager
    def counting(self) -> Generator[list[str]]:
        """Collect the statements this thread's connections send while the block runs."""
        said: list[str] = []

        def note(words: str) -> None:
            # SQLite names a statement once more when it has looked at a trigger.
            if (
                not words.startswith(("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA", "--"))
                and words not in said[-1:]
            ):
                said.append(words)

        def lent(connection: Any, record: ConnectionPoolEntry, *_: object) -> None:
            record.info.clear()  # A cursor that is kept there hears nothing.
            _eavesdrop(connection, note)

        def returned(connection: Any, record: ConnectionPoolEntry) -> None:
            record.info.clear()
            _eavesdrop(connection, None)

        event.listen(self.database.engine, "checkout", lent)
        event.listen(self.database.engine, "checkin", returned)
        try:
            yield said
        finally:
            event.remove(self.database.engine, "checkout", lent)
            event.remove(self.database.engine, "checkin", returned)

    def close(self) -> None:
        """End all processes."""
        for engine in self._engines:
            engine.stop()
            engine.close()


def _eavesdrop(connection: Any, note: Callable[[str], None] | None) -> None:
    """Hear every statement on a driver's connection, whoever sends it."""
    if isinstance(connection, sqlite3.Connection):
        connection.set_trace_callback(note)
        return

    class Noting(psycopg.Cursor[Any]):
        def execute(self, query: Any, *args: Any, **kwargs: Any) -> Any:
            if note is not None:
                note(str(query))
            return super().execute(query, *args, **kwargs)

    connection.cursor_factory = psycopg.Cursor if note is None else Noting


def unseen(_connection: Connection, _leaf_id: str) -> None:
    """Open a question that nobody is shown."""


def ask(ctx: Context) -> Json:
    """Ask ``question`` and give the answer: a handler, or the part of one that waits."""
    answer = ctx.open("question", Leaf(kind="question", title="question"), unseen)
    if isinstance(answer, Pending):
        ctx.suspend("an answer")
    return answer


def root_of(run_id: str) -> str:
    """Name the root step of a run."""
    return step_id(run_id, "/")


def side_by_side(works: Sequence[Callable[[], object]]) -> list[object]:
    """Do all of these at once, each on a thread of its own; give what they gave or raised."""
    ready = threading.Barrier(len(works))
    results: list[object] = [None] * len(works)

    def work(index: int) -> None:
        ready.wait(_PATIENCE_SECONDS)
        try:
            results[index] = works[index]()
        except Exception as error:
            results[index] = error

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_PATIENCE_SECONDS)
        assert not thread.is_alive(), "somebody waits for ever"
    return results
