"""A log with a few runs in it, and the means to alter it behind its back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from runtime.audit import chain
from runtime.audit.bucket import Bucket
from runtime.audit.inspect import Inspected
from runtime.domain.json import JsonObject
from runtime.domain.retention import Periods
from runtime.domain.states import RunStatus, StepStatus
from runtime.door.evidence import Evidence
from runtime.storage import runs, trees
from runtime.storage.database import Database
from runtime.testing import RememberingBell, SteppedClock
from tests.worlds.engine import EngineWorld

STORY: Sequence[tuple[str, JsonObject]] = (
    ("RunAccepted", {"requester": "slack:T1/U1", "channel": "slack", "request": "Buy 12 laptops"}),
    ("PlanAccepted", {"revision": 1, "plan": {"goal": "Buy", "steps": [{"id": "a"}]}}),
    ("ApprovalRequested", {"approval": "apr_1", "tool": "order", "eligible": [["slack:T1/U2"]]}),
    ("ApprovalDecided", {"approval": "apr_1", "by": "slack:T1/U2", "verdict": "approve",
                         "tool": "order", "surface": "slack", "reason": "cheap enough"}),
    ("RunEnded", {"status": "succeeded", "usd": 0.25, "tokens": 1200}),
)  # fmt: skip


def another_digit(column: str) -> str:
    """SQL for a column's hexadecimal value with its first digit changed, whichever that is."""
    return f"CASE substr({column}, 1, 1) WHEN '0' THEN '1' ELSE '0' END || substr({column}, 2)"


@dataclass
class Ledger:
    """An installation's audit and its key, without anything else running."""

    database: Database
    home: Path
    clock: SteppedClock = field(default_factory=SteppedClock)
    bell: RememberingBell = field(default_factory=RememberingBell)
    periods: Periods = field(default_factory=Periods)
    bucket: Bucket | None = None

    @property
    def evidence(self) -> Evidence:
        return Evidence(
            database=self.database,
            clock=self.clock,
            key=self.home / "audit.key",
            anchors=self.home / "anchors.jsonl",
            anchor_every=timedelta(seconds=60),
            keep=timedelta(days=100),
            periods=self.periods,
            bucket=self.bucket,
        )

    def tell(self, story: Sequence[tuple[str, JsonObject]] = STORY, *, runs: int = 1) -> list[str]:
        """Put a story on record for new runs."""
        world = EngineWorld(self.database)
        made = [world.accept() for _ in range(runs)]
        for run_id in made:
            for event, facts in story:
                self.clock.step(1)
                with self.database.write() as connection:
                    chain.append(connection, run_id, event, facts, now=self.clock.now())
        return made

    def end(self, run_id: str) -> None:
        """End a run, as somebody who cancels it would."""
        now = self.clock.now()
        with self.database.write() as connection:
            runs.end(connection, run_id, status=RunStatus.CANCELLED, output={}, error=None, now=now)
            trees.end_all(connection, run_id, status=StepStatus.CANCELLED, now=now)

    def sweep(self) -> None:
        """Do what the sweep does, until nothing is left to do."""
        for _ in range(1000):
            found = [chore() for chore in self.evidence.chores(self.bell)]
            if not any(found):
                return
        raise AssertionError("the sweep never ends")

    def inspect(self) -> Inspected:
        return self.evidence.inspect()

    def alter(self, *statements: str) -> None:
        """Do what somebody with all rights in the database can, triggers or not."""
        with self.database.write() as connection:
            for table in ("audit", "audit_head"):
                for deed in ("update", "delete"):
                    where = "" if self.database.is_sqlite else f" ON {table}"
                    connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_keeps_{deed}{where}"))
            for statement in statements:
                connection.execute(text(statement))
