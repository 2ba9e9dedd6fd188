"""The database goes away in the middle of a handler: nothing acknowledged is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

from runtime.domain.effects import Effect
from runtime.domain.errors import Upstream
from runtime.domain.json import Json
from runtime.domain.states import StepStatus
from runtime.durable.context import Context
from runtime.durable.leaf import Leaf
from runtime.storage.database import Database
from tests.worlds.engine import LEASE_SECONDS, EngineWorld


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[EngineWorld]:
    database = Database(postgres_url)
    world = EngineWorld(database)
    yield world
    world.close()
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


def test_a_cut_connection_is_an_upstream_error_and_the_next_try_works(
    postgres: EngineWorld, cut: Callable[[], None]
) -> None:
    run = postgres.accept()
    cut()

    with pytest.raises(Upstream):
        postgres.step(run, "/")

    assert postgres.step(run, "/").status == StepStatus.READY


@pytest.mark.parametrize("effect", list(Effect))
def test_a_connection_cut_before_an_effect_is_written_lets_the_step_try_again(
    postgres: EngineWorld, cut: Callable[[], None], effect: Effect
) -> None:
    cuts = [cut]
    done: list[str] = []

    def root(ctx: Context) -> Json:
        ctx.do("one", lambda: done.append("one"), Leaf(effect=effect))
        if cuts:
            cuts.pop()()
        ctx.do("two", lambda: done.append("two"), Leaf(effect=effect))
        return "done"

    engine = postgres.process(root=root)
    run = postgres.accept()
    postgres.do(engine, run)
    own = postgres.step(run, "/")
    assert own.status == StepStatus.WAITING
    assert own.waits_for.startswith("a retry")
    postgres.later(engine, seconds=2)

    assert postgres.step(run, "/").output == "done"
    assert done[0] == "one"
    assert done.count("one") == 1
    assert done.count("two") == (2 if effect == Effect.READ else 1)


@pytest.mark.parametrize("effect", [Effect.WRITE, Effect.IRREVERSIBLE])
def test_a_connection_cut_between_intent_and_outcome_is_a_doubt_handled_by_class(
    postgres: EngineWorld, cut: Callable[[], None], effect: Effect
) -> None:
    cuts = [cut]
    keys: list[str] = []

    def root(ctx: Context) -> Json:
        def charge() -> Json:
            keys.append(ctx.key("charge"))
            if cuts:
                cuts.pop()()
            return f"receipt {len(keys)}"

        return ctx.do("charge", charge, Leaf(effect=effect))

    engine = postgres.process(root=root)
    run = postgres.accept()
    postgres.do(engine, run)
    postgres.later(engine, seconds=2)

    if effect == Effect.WRITE:
        assert keys == [f"{run}:/charge"] * 2
        assert postgres.step(run, "/").output == "receipt 2"
    else:
        assert len(keys) == 1
        assert postgres.states(run) == {"/": "waiting", "/charge": "unknown"}


def test_a_connection_cut_before_the_end_is_written_ends_the_step_at_the_next_try(
    postgres: EngineWorld, cut: Callable[[], None]
) -> None:
    cuts = [cut]

    def root(ctx: Context) -> Json:
        value = ctx.do("one", lambda: "kept")
        if cuts:
            cuts.pop()()
        return value

    engine = postgres.process(root=root)
    run = postgres.accept()
    with pytest.raises(Upstream):
        postgres.do(engine, run)
    postgres.clock.step(LEASE_SECONDS + 1)
    postgres.later(engine, seconds=0)

    assert postgres.step(run, "/").output == "kept"


def test_many_cuts_in_a_step_that_gets_further_each_time_do_not_fail_it(
    postgres: EngineWorld, cut: Callable[[], None]
) -> None:
    def root(ctx: Context) -> Json:
        for number in range(8):
            fresh = not ctx.replaying
            ctx.do(f"value/{number}", lambda number=number: number)
            if fresh and not ctx.replaying:
                cut()
        return "through"

    engine = postgres.process(root=root)
    run = postgres.accept()
    for _ in range(12):
        try:
            postgres.later(engine, seconds=400)
        except Upstream:
            postgres.clock.step(LEASE_SECONDS + 1)

    assert postgres.step(run, "/").output == "through"
