"""One attempt at one step: everything that may be written is fenced by it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, cast

from runtime.domain.ids import child_path, step_id
from runtime.domain.json import Json
from runtime.domain.run import Run
from runtime.domain.states import ENDED_STEP, Control, StepStatus
from runtime.domain.step import Cost, Step
from runtime.durable.journal import Journal
from runtime.durable.news import News
from runtime.durable.unwind import GiveBack, Lost, Suspend
from runtime.storage import blobs, leaves, runs, steps
from runtime.storage.connection import Connection
from runtime.storage.database import again_when_contended
from runtime.storage.hot import Row

if TYPE_CHECKING:
    from runtime.durable.bunch import Bunch
    from runtime.durable.engine import Engine

_OVER = (*ENDED_STEP, StepStatus.UNKNOWN)


class Attempt:
    """A claimed step in the hands of one worker thread."""

    def __init__(
        self,
        engine: Engine,
        run: Run,
        step: Step,
        *,
        parent: Attempt | None = None,
        follower: str | None = None,
    ) -> None:
        self.engine = engine
        self.run = run
        self.step = step
        self.parent = parent
        """Set where this step runs on the stack of its parent, inline."""
        self.follower = follower
        """A sibling to claim in the transaction that ends this step."""
        self.claimed: Step | None = None
        """The follower, once it is claimed."""
        self.bunch: Bunch | None = None
        """Set where this step was claimed with others, which end together while they are quick."""
        self.fence = step.attempt
        self.seen = step.wakeups
        self.failures = step.failures
        """How often in a row this step failed without getting any further."""
        self.control = run.control
        self.news: News | None = None
        """What the last write told, if there was one."""
        self.journal = Journal(())

    def read_journal(self) -> None:
        """Read what earlier entries did; once per entry into the handler."""
        with self.engine.database.read() as connection:
            rows = connection.execute(steps.JOURNAL, {"owner_id": self.step.id}).mappings()
            self.journal = Journal(steps.from_row(row) for row in rows)

    def path(self, name: str) -> str:
        """Give the path of something below this step."""
        return child_path(self.step.path, name)

    def id(self, name: str) -> str:
        """Give the id of something below this step."""
        return step_id(self.step.run_id, self.path(name))

    def now(self) -> datetime:
        """Give the engine's time; not journalled, for bookkeeping only."""
        return self.engine.clock.now()

    def safe_point(self) -> None:
        """Stop here if there is a reason to begin nothing new."""
        if self.bunch is not None:
            self.bunch.close()
        if self.engine.stopping:
            raise GiveBack
        if not self.engine.leases.valid(self.step.id):
            # Perhaps nobody has taken it yet; it was slow then, and did not crash.
            raise GiveBack
        if self.control == Control.PAUSED:
            raise Suspend("paused")
        if self.control == Control.STOPPED:
            raise Lost

    def insert_leaf(self, row: dict[str, object], *, cost: Cost | None = None) -> None:
        """Write one leaf: one commit. A crash before it means the leaf never was."""
        large = blobs.is_large(cast("Json", row["output"]))
        database = self.engine.database
        if large is None and cost is None:
            self._observe(database.first(leaves.INSERT_LEAF, row))
        elif large is None and not database.is_sqlite:
            self._insert_costly(row)
        else:
            self._insert_with(row, large=large, cost=cost)

    @again_when_contended
    def _insert_with(
        self, row: dict[str, object], *, large: bytes | None, cost: Cost | None
    ) -> None:
        with self.engine.database.write() as connection:
            # First, because it locks the run; a fence that does not hold undoes it.
            self._spend(connection, cost)
            if large is not None:
                row.update(output=None, output_blob=blobs.put(connection, large))
            self.insert_leaf_in(connection, row)

    @again_when_contended
    def _insert_costly(self, row: dict[str, object]) -> None:
        written = self.engine.database.first(leaves.INSERT_COSTLY_LEAF, row)
        self._observe(written)
        if written is not None:
            spent = Cost(usd=written["spent_usd"], tokens=written["spent_tokens"])
            self.run = replace(self.run, spent=spent)

    def insert_leaf_in(self, connection: Connection, row: dict[str, object]) -> None:
        """Write one leaf inside the caller's transaction."""
        self._observe(leaves.INSERT_LEAF.first(connection, row))

    def finish_leaf(
        self,
        leaf: Step,
        *,
        status: StepStatus,
        output: Json = None,
        error: Json = None,
        failures: int = 0,
        cost: Cost | None = None,
        connection: Connection | None = None,
    ) -> Step:
        """Write the outcome of a leaf whose intent is written. It holds even after a stop."""
        large = blobs.is_large(output)
        values: dict[str, object] = {
            "leaf_id": leaf.id,
            "fence": self.fence,
            "the_run": self.run.id,
            "new_status": status,
            "new_output": None if large is not None else output,
            "new_output_blob": None,
            "new_error": error,
            "new_cost_usd": cost.usd if cost else 0.0,
            "new_tokens": cost.tokens if cost else 0,
            "new_finished_at": self.now() if status in _OVER else None,
            "new_due_at": None,
            "new_failures": failures,
            "new_waits_for": "",
        }
        if connection is not None:
            self._observe(leaves.FINISH_LEAF.first(connection, values))
        elif large is None and cost is None:
            self._observe(self.engine.database.first(leaves.FINISH_LEAF, values))
        else:
            self._finish_with(values, large=large, cost=cost)
        ended = replace(leaf, status=status, output=output, error=error, failures=failures)
        self.journal.put(ended)
        return ended

    @again_when_contended
    def _finish_with(
        self, values: dict[str, object], *, large: bytes | None, cost: Cost | None
    ) -> None:
        with self.engine.database.write() as connection:
            self._spend(connection, cost)
            if large is not None:
                values["new_output_blob"] = blobs.put(connection, large)
            self._observe(leaves.FINISH_LEAF.first(connection, values))

    def adopt_leaf(self, leaf: Step) -> Step:
        """Take over a leaf an earlier attempt left, before its effect is begun again.

        Gives it as it is where the earlier attempt, late, has recorded its outcome meanwhile.
        """
        values = {
            "leaf_id": leaf.id,
            "owner_id": self.step.id,
            "fence": self.fence,
            "process": self.engine.process,
        }
        if self.engine.database.count(leaves.ADOPT_LEAF, values) == 0:
            return self._settled(leaf)
        return replace(leaf, attempt=self.fence, status=StepStatus.RUNNING)

    def _settled(self, leaf: Step) -> Step:
        with self.engine.database.read() as connection:
            owner = steps.read_step(connection, self.step.id)
            newest = steps.read_step(connection, leaf.id)
        if newest is None or owner is None or owner.attempt != self.fence:
            raise Lost
        if newest.status not in _OVER:
            raise Lost
        self.journal.put(newest)
        return newest

    def output_of(self, entry: Step) -> Json:
        """Give an entry's output, fetching it where it is kept as a blob."""
        if entry.output_blob is None:
            return entry.output
        with self.engine.database.read() as connection:
            return json.loads(blobs.get(connection, entry.output_blob))

    def leaf_row(self, name: str, **values: object) -> dict[str, object]:
        """Give a complete leaf row of this attempt."""
        now = self.now()
        return steps.new_row(
            id=self.id(name),
            run_id=self.run.id,
            parent_id=self.step.id,
            path=self.path(name),
            attempt=self.fence,
            fence=self.fence,
            the_run=self.run.id,
            owner_id=self.step.id,
            owner=self.engine.process,
            created_at=now,
            **values,
        )

    def _observe(self, written: Row | None) -> None:
        """Take what people want of the run from a fenced write; no row: the fence did not hold."""
        if written is None:
            raise Lost
        self.failures = 0
        self.control = Control(written["control"])
        self.news = News(halted=bool(written["halted"]), last_signal=str(written["said"] or ""))

    def _spend(self, connection: Connection, cost: Cost | None) -> None:
        if cost is not None and (cost.usd or cost.tokens):
            spent = runs.spend(connection, self.run.id, cost)
            self.run = replace(self.run, spent=spent)
