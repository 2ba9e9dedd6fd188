"""Recorded runs, replayed with the handlers of today: they must ask for the same and do nothing.

A failure here means that runs under way would be stopped by this version. Change the handler so
that it replays, or record the histories anew (``record.py``) and tell operators to let runs end.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import Table, insert

from runtime.agent.kit import Kits, Services
from runtime.clock import SystemClock
from runtime.domain.errors import BatonError, HandlerChanged
from runtime.domain.json import Json, JsonObject
from runtime.domain.states import ENDED_STEP, StepStatus
from runtime.domain.step import Step
from runtime.durable import failure
from runtime.durable.announcer import Silent
from runtime.durable.attempt import Attempt
from runtime.durable.context import Context
from runtime.durable.engine import Engine
from runtime.models.completion import Completion, Prompt
from runtime.policy.parse import parse_policy
from runtime.settings import Settings
from runtime.storage import runs, tables, trees
from runtime.storage.columns import UtcDateTime
from runtime.storage.database import Database
from runtime.testing import RememberingBell
from runtime.tools.runner import Runner
from runtime.tools.tool import Call, Tool
from runtime.worker import Toolshed, handlers

HISTORIES = sorted(Path(__file__).parent.glob("*.json"))


class NoModels:
    """Asked for anything, they fail the test: every answer is in the journal."""

    def complete(self, prompt: Prompt) -> Completion:
        raise AssertionError(f"the handler asks a model anew: {prompt.labels}")


class NoRunner(Runner):
    """Makes no call: every result is in the journal."""

    def run(self, tool: Tool, arguments: JsonObject, call: Call) -> Json:
        raise AssertionError(f"the handler calls {tool.name} anew")


class Replay:
    """A recorded run in a database of its own, where every write is refused by the fence."""

    def __init__(self, database: Database, history: Mapping[str, Any], home: Path) -> None:
        clock = SystemClock()
        with database.write() as connection:
            for table in (tables.run, tables.definition, tables.step):
                found = history[table.name]
                rows = cast("list[dict[str, Any]]", found if table is tables.step else [found])
                for row in rows:
                    connection.execute(insert(table).values(**_row(table, row)))
        settings = Settings(BATON_HOME=home)
        self.toolshed = Toolshed(settings, clock=clock, environment={})
        policy = parse_policy(str(history["definition"]["content"]["policy"]), file="policy.yaml")
        services = Services(
            database=database,
            clock=clock,
            kits=Kits(database, self.toolshed.shared),
            models=NoModels(),
            runner=NoRunner(secrets={}),
            data=home,
            current_policy=lambda: policy,
        )
        self.handlers = handlers(services)
        self.engine = Engine(
            database, clock=clock, bell=RememberingBell(), handlers=self.handlers,
            announcer=Silent(),
        )  # fmt: skip
        self.run_id = str(history["run"]["id"])

    def tasks(self) -> list[Step]:
        """Give the recorded tasks that were carried out to their end."""
        with self.engine.database.read() as connection:
            tree = trees.tree(connection, self.run_id)
        return [
            step
            for step in tree
            if not step.leaf and step.status in ENDED_STEP and step.started_at is not None
        ]

    def again(self, step: Step) -> tuple[Json, JsonObject | None]:
        """Enter a task's handler with its whole journal; give its output or error."""
        with self.engine.database.read() as connection:
            run = runs.read(connection, self.run_id)
        assert run is not None
        attempt = Attempt(self.engine, run, step)
        attempt.read_journal()
        try:
            output = self.handlers[step.kind](Context(attempt))
        except HandlerChanged:
            raise
        except BatonError as error:
            return None, failure.to_json(error)
        attempt.journal.finish()
        return output, None

    def close(self) -> None:
        self.engine.close()
        self.toolshed.close()


def _row(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: datetime.fromisoformat(value)
        if isinstance(table.c[name].type, UtcDateTime)
        else value
        for name, value in row.items()
    }


@pytest.fixture(params=HISTORIES, ids=lambda path: path.stem)
def replay(request: pytest.FixtureRequest, sqlite_url: str, tmp_path: Path) -> Iterator[Replay]:
    history = json.loads(request.param.read_text(encoding="utf-8"))
    database = Database(sqlite_url)
    replay = Replay(database, history, tmp_path)
    yield replay
    replay.close()
    database.close()


def test_todays_handlers_ask_for_what_was_recorded_and_come_to_the_same_end(
    replay: Replay,
) -> None:
    tasks = replay.tasks()

    for step in tasks:
        output, error = replay.again(step)
        if step.status == StepStatus.SUCCEEDED:
            assert (step.path, output, error) == (step.path, step.output, None)
        elif step.status == StepStatus.FAILED:
            assert (step.path, error) == (step.path, step.error)
    assert tasks


def test_a_handler_that_asks_for_something_else_would_be_noticed(replay: Replay) -> None:
    root = next(step for step in replay.tasks() if step.parent_id is None)
    done: list[str] = []

    def changed(ctx: Context) -> Json:
        return ctx.do("something/else", lambda: done.append("done"))

    replay.handlers[root.kind] = changed

    with pytest.raises(HandlerChanged):
        replay.again(root)
    assert done == []


def test_there_are_histories_to_replay() -> None:
    assert len(HISTORIES) >= 4
