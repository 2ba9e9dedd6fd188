"""What the write of a leaf tells about the world beside it is not asked for again."""

from __future__ import annotations

import pytest

from runtime.domain.halt import Halt, HaltScope
from runtime.domain.ids import new_id
from runtime.domain.json import Json
from runtime.domain.step import Cost
from runtime.durable import news
from runtime.durable.context import Context
from runtime.durable.leaf import Child, Leaf
from runtime.storage import halts, runs, signals
from tests.worlds.engine import EngineWorld


@pytest.fixture(autouse=True)
def _slow_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what was heard be fresh for as long as the slowest machine needs to go on."""
    monkeypatch.setattr(news, "_FRESH_SECONDS", 60.0)


def _say(world: EngineWorld, run: str, text: str) -> None:
    with world.database.write() as connection:
        runs.lock(connection, run)
        now = world.clock.now()
        signals.add(connection, run_id=run, name="reply", payload={"text": text}, now=now)


def _halt(world: EngineWorld) -> None:
    one = Halt(
        id=new_id("halt"), number=0, scope=HaltScope.EVERYTHING, name="", workspace="",
        by="slack:T024/UADA", by_name="Ada", reason="stop", drill=False, at=world.clock.now(),
    )  # fmt: skip
    with world.database.write() as connection:
        halts.add(connection, one)


def test_nothing_is_asked_while_the_last_write_said_that_there_is_nothing(
    world: EngineWorld,
) -> None:
    asked: list[str] = []

    def root(ctx: Context) -> Json:
        ctx.do("warm", lambda: None)
        with world.counting() as said:
            assert ctx.take_signals("news", of="reply", last="") == []
            assert ctx.knows_of_no_halt()
        asked.extend(said)
        return None

    run = world.accept()
    world.do(world.process(root=root), run)

    assert asked == []


def test_what_was_said_and_halted_during_an_effect_is_known_after_it(world: EngineWorld) -> None:
    heard: list[Json] = []
    run = world.accept()

    def root(ctx: Context) -> Json:
        ctx.do("warm", lambda: None)
        ctx.do("first", lambda: _say(world, run, "hold on"))
        first = ctx.take_signals("news/1", of="reply", last="")
        ctx.do("second", lambda: _say(world, run, "go on"))
        heard.extend(one["text"] for one in first)
        heard.extend(
            one["text"] for one in ctx.take_signals("news/2", of="reply", last=str(first[-1]["id"]))
        )
        ctx.do("third", lambda: _halt(world))
        heard.append(ctx.knows_of_no_halt())
        return None

    world.do(world.process(root=root), run)

    assert heard == ["hold on", "go on", False]


def test_what_was_heard_long_ago_is_asked_anew(
    world: EngineWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Json] = []
    run = world.accept()

    def root(ctx: Context) -> Json:
        ctx.do("warm", lambda: None)
        _say(world, run, "hold on")
        _halt(world)
        monkeypatch.setattr(news, "_FRESH_SECONDS", 0.0)
        heard.append(ctx.knows_of_no_halt())
        heard.extend(one["text"] for one in ctx.take_signals("news", of="reply", last=""))
        return None

    world.do(world.process(root=root), run)

    assert heard == [False, "hold on"]


def test_an_effect_that_costs_is_one_statement_where_the_database_can_do_that(
    world: EngineWorld,
) -> None:
    counts: list[int] = []

    def root(ctx: Context) -> Json:
        leaf = Leaf(cost=lambda _: Cost(usd=0.25, tokens=100))
        ctx.do("warm", lambda: None, leaf)
        with world.counting() as said:
            ctx.do("one", lambda: None, leaf)
        counts.append(len(said))
        return None

    run = world.accept()
    world.do(world.process(root=root), run)

    assert counts == [2 if world.database.is_sqlite else 1]
    assert world.run(run).spent == Cost(usd=0.5, tokens=200)


def test_what_came_while_others_worked_is_asked_for_however_quick_they_were(
    world: EngineWorld,
) -> None:
    heard: list[Json] = []
    run = world.accept()

    def root(ctx: Context) -> Json:
        ctx.do("warm", lambda: None)
        ctx.call(Child(name="other", kind="other", title="Other", actor="test"))
        heard.append(ctx.knows_of_no_halt())
        heard.extend(one["text"] for one in ctx.take_signals("news", of="reply", last=""))
        return None

    def other(ctx: Context) -> Json:
        ctx.do("say", lambda: _say(world, run, "hold on"))
        return None

    world.do(world.process(root=root, other=other), run)

    assert heard == [False, "hold on"]
