"""Whoever touches a run locks it first, so that a result and a cancel never undo each other."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import text

from runtime.domain.effects import Effect
from runtime.domain.json import Json
from runtime.domain.states import StepStatus
from runtime.domain.step import Cost
from runtime.durable.context import Context
from runtime.durable.leaf import Leaf
from runtime.storage import runs, trees
from runtime.storage.database import Database
from tests.worlds.engine import EngineWorld, root_of

BLOCKED = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


def until_somebody_waits(database: Database) -> None:
    deadline = time.monotonic() + 30
    with database.read() as connection:
        while not connection.execute(text(BLOCKED)).scalar_one():
            assert time.monotonic() < deadline, "nobody waits for the run"
            threading.Event().wait(0.01)


@pytest.mark.parametrize("effect", [Effect.READ, Effect.WRITE])
def test_a_costly_result_and_a_cancel_at_once_do_not_deadlock(
    postgres_url: str, effect: Effect
) -> None:
    database = Database(postgres_url)
    world = EngineWorld(database)
    asked: list[int] = []

    def root(ctx: Context) -> Json:
        leaf = Leaf(effect=effect, cost=lambda _: Cost(usd=0.1, tokens=10))
        return ctx.do("model", lambda: asked.append(1), leaf)

    engine = world.process(root=root)
    run = world.accept()
    working = threading.Thread(target=lambda: engine.execute(root_of(run)))
    with database.write() as connection:
        runs.lock(connection, run)
        working.start()
        until_somebody_waits(database)
        trees.end_all(
            connection, run, status=StepStatus.CANCELLED, now=world.clock.now()
        )  # fmt: skip
    working.join(30)

    assert asked == [1]
    assert world.step(run, "/").status == StepStatus.CANCELLED
    if effect == Effect.WRITE:
        assert world.step(run, "/model").status == StepStatus.SUCCEEDED
        assert world.run(run).spent.tokens == 10
    world.close()
    database.close()
