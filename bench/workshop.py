"""An engine with the queue it has when everything is one process, and nobody to tell."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta

from runtime.clock import SystemClock
from runtime.domain.ids import new_id, step_id
from runtime.domain.json import Json
from runtime.domain.states import Control, RunStatus, StepStatus
from runtime.durable.announcer import Silent
from runtime.durable.engine import Engine, Handler
from runtime.queue.actors import bind_runs
from runtime.queue.bell import QueueBell
from runtime.queue.broker import RUNS, open_broker, start_worker
from runtime.storage import runs, steps
from runtime.storage.database import Database

THREADS = 8
_MOST_SECONDS = 30.0


class Workshop:
    """Runs of bare handlers, with everything of the engine and nothing of agents."""

    def __init__(self, database: Database, handlers: Mapping[str, Handler]) -> None:
        self.database = database
        self._clock = SystemClock()
        self._broker = open_broker(None)
        self._bell = _EndBell(QueueBell(self._broker))
        self.engine = Engine(
            database,
            clock=self._clock,
            bell=self._bell,
            handlers=handlers,
            announcer=Silent(),
        )
        bind_runs(self._broker, self.engine.execute)
        self._queue = start_worker(self._broker, queues={RUNS}, threads=THREADS)
        self.engine.start()

    def accept(self, kind: str, input: Json = None) -> str:
        """Write a run that is ready, without ringing; give its id."""
        run_id, now = new_id("run"), self._clock.now()
        root = steps.new_row(
            id=step_id(run_id, "/"),
            run_id=run_id,
            path="/",
            kind=kind,
            leaf=False,
            status=StepStatus.READY,
            due_at=now + timedelta(minutes=10),
            created_at=now,
            input=input,
        )
        with self.database.write() as connection:
            row = runs.new_row(
                id=run_id, workspace="bench", conversation_id=run_id,
                requester="bench", requester_name="", request="", goal="", answer="", catalog="",
                status=RunStatus.ACTIVE, control=Control.GO, created_at=now,
            )  # fmt: skip
            runs.add(connection, row)
            steps.insert_tasks(connection, [root])
        return run_id

    def carry_out(self, run_ids: Sequence[str]) -> None:
        """Ring for all of them and wait until every one has succeeded."""
        self._bell.ring(steps=[step_id(run_id, "/") for run_id in run_ids])
        give_up_at = time.monotonic() + _MOST_SECONDS
        for run_id in run_ids:
            while not self._ended(run_id):
                assert time.monotonic() < give_up_at, f"{run_id} has not ended"
                self._bell.rung.wait(0.1)
                self._bell.rung.clear()

    def _ended(self, run_id: str) -> bool:
        with self.database.read() as connection:
            run = runs.read(connection, run_id)
        assert run is not None
        assert run.status in (RunStatus.ACTIVE, RunStatus.SUCCEEDED), run.error
        return run.status == RunStatus.SUCCEEDED

    def close(self) -> None:
        """Stop; every run has ended."""
        self.engine.stop()
        self._queue.stop()
        self.engine.close()
        self._broker.close()


class _EndBell:
    """Rings steps through the queue; tells the bench when a run may have ended."""

    def __init__(self, bell: QueueBell) -> None:
        self.rung = threading.Event()
        self._bell = bell

    def ring(self, *, steps: Iterable[str] = (), conversations: Iterable[str] = ()) -> None:
        self._bell.ring(steps=steps)
        if any(conversations):
            self.rung.set()


@contextmanager
def workshop(url: str, handlers: Mapping[str, Handler]) -> Generator[Workshop]:
    """Open a workshop on a database for as long as the block lasts."""
    database = Database(url)
    opened = Workshop(database, handlers)
    try:
        yield opened
    finally:
        opened.close()
        database.close()
