"""A database that goes away in the middle of a handler is no error the handler may catch."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

from runtime.domain.effects import Effect
from runtime.domain.errors import BatonError
from runtime.domain.json import Json
from runtime.durable.context import Context
from runtime.durable.leaf import Leaf
from runtime.storage.database import Database
from tests.worlds.engine import EngineWorld

pytestmark = pytest.mark.faults


@pytest.fixture
def world(postgres_url: str) -> Iterator[EngineWorld]:
    database = Database(postgres_url)
    made = EngineWorld(database)
    yield made
    made.close()
    database.close()


@pytest.fixture
def cut(postgres_url: str) -> Callable[[], None]:
    """Give what ends every connection to the test's database."""

    def cut() -> None:
        url = postgres_url.replace("postgresql+psycopg://", "postgresql://")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    return cut


def test_a_handler_that_catches_everything_does_not_go_on_without_its_journal(
    world: EngineWorld, cut: Callable[[], None]
) -> None:
    """An agent tells its model what went wrong with a call; this did not go wrong, it is open."""
    cuts = [cut]

    def root(ctx: Context) -> Json:
        def mark() -> Json:
            if cuts:
                cuts.pop()()
            return "marked"

        try:
            return ctx.do("mark", mark, Leaf(effect=Effect.WRITE))
        except BatonError as error:
            return f"told the model: {error.public}"

    engine = world.process(root=root)
    run = world.accept()
    world.do(engine, run)
    world.later(engine, seconds=2)

    assert world.step(run, "/").output == "marked"
    assert world.states(run) == {"/": "succeeded", "/mark": "succeeded"}


def test_reads_side_by_side_are_not_told_of_a_database_that_is_away(
    world: EngineWorld, cut: Callable[[], None]
) -> None:
    cuts = [cut]

    def root(ctx: Context) -> Json:
        def look() -> Json:
            if cuts:
                cuts.pop()()
            return "seen"

        return [str(one) for one in ctx.do_all([("a", look, Leaf()), ("b", look, Leaf())])]

    engine = world.process(root=root)
    run = world.accept()
    world.do(engine, run)
    world.later(engine, seconds=2)

    assert world.step(run, "/").output == ["seen", "seen"]
