"""A step that people go on without: what needs it gets nothing from it, and nothing is repeated."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from runtime.domain.conversation import Person
from runtime.domain.errors import Refused, ToolFailed
from runtime.domain.json import Json
from runtime.durable.context import Context
from runtime.durable.engine import Handler
from runtime.durable.leaf import Child
from runtime.storage import runs
from tests.worlds.engine import REQUESTER, EngineWorld, ask, side_by_side

STRANGER = Person(channel="slack", workspace="T1", external_id="U2", name="Bob")


class Shop:
    """A plan of three: ``slow`` does as it is told to, ``after`` needs it, ``beside`` does not."""

    def __init__(self, slow: Callable[[Context], Json]) -> None:
        self.slow = slow
        self.done: list[str] = []
        self.given: Json = "never asked"
        self.size = 3

    def handlers(self) -> dict[str, Handler]:
        def slow(ctx: Context) -> Json:
            return ctx.do("work", lambda: self._note("slow")) and self.slow(ctx)

        def quick(ctx: Context) -> Json:
            name = ctx.step.path.rsplit("/", 1)[1]
            ctx.do("work", lambda: self._note(name))
            return {"answer": name}

        def root(ctx: Context) -> Json:
            def given(outputs: dict[str, Json]) -> Json:
                self.given = outputs["plan/1/slow"]
                return None

            children = [
                Child(name="plan/1/slow", kind="agent", title="The slow one"),
                Child(name="plan/1/beside", kind="tool", title="Beside it"),
                Child(name="plan/1/after", kind="tool", needs=("plan/1/slow",), input=given),
            ]
            ends = ctx.gather(children[: self.size])
            if not all(end.succeeded or end.waived for end in ends):
                raise ToolFailed("not everything was done")
            return {"answer": " ".join(self.done)}

        return {"root": root, "agent": slow, "tool": quick}

    def _note(self, name: str) -> Json:
        self.done.append(name)
        return name


def planned(world: EngineWorld) -> str:
    run = world.accept()
    with world.database.write() as connection:
        runs.set_plan(connection, run, goal="three things", revision=1)
    return run


def test_a_step_that_waits_for_somebody_is_left_out_and_the_rest_is_done(
    world: EngineWorld,
) -> None:
    shop = Shop(ask)
    engine = world.process(**shop.handlers())
    run = planned(world)
    world.do(engine, run)
    assert world.states(run)["/plan/1/slow"] == "waiting"

    world.steering().skip(run, "slow", REQUESTER, "she is away", workspace=None)
    world.answer_rings(engine)

    assert world.run(run).status == "succeeded"
    assert shop.given == {"answer": None}
    assert sorted(shop.done) == ["after", "beside", "slow"]
    states = world.states(run)
    assert states["/plan/1/slow"] == "skipped"
    assert states["/plan/1/slow/question"] == "cancelled"
    skipped = world.step(run, "/plan/1/slow")
    assert skipped.error is not None
    assert skipped.error["message"] == "skipped by Ada: she is away"


def test_a_run_that_failed_at_a_step_goes_on_without_it(world: EngineWorld) -> None:
    def break_down(_: Context) -> Json:
        raise ToolFailed("it is broken")

    shop = Shop(break_down)
    engine = world.process(**shop.handlers())
    run = planned(world)
    world.do(engine, run)
    assert world.run(run).status == "failed"

    world.steering().skip(run, "", REQUESTER, "", workspace=None)
    world.answer_rings(engine)

    assert world.run(run).status == "succeeded"
    assert sorted(shop.done) == ["after", "beside", "slow"]


def test_what_a_step_at_work_gives_after_it_was_left_out_is_not_taken(world: EngineWorld) -> None:
    at_work, let_go = threading.Event(), threading.Event()

    def hang(ctx: Context) -> Json:
        def effect() -> Json:
            at_work.set()
            assert let_go.wait(20)
            return "late"

        return ctx.do("hangs", effect)

    shop = Shop(hang)
    engine = world.process(**shop.handlers())
    run = planned(world)

    def leave_out() -> None:
        assert at_work.wait(20)
        world.steering().skip(run, "slow", REQUESTER, "", workspace=None)
        let_go.set()

    assert side_by_side([lambda: world.do(engine, run), leave_out])[1] is None
    world.answer_rings(engine)
    world.later(engine, seconds=30)

    assert world.run(run).status == "succeeded"
    assert world.states(run)["/plan/1/slow"] == "skipped"
    assert shop.given == {"answer": None}


def test_what_cannot_be_left_out_is_refused_with_what_can_be(world: EngineWorld) -> None:
    shop = Shop(ask)
    engine = world.process(**shop.handlers())
    run = planned(world)
    steering = world.steering()
    with pytest.raises(Refused, match="no step that can be skipped"):
        steering.skip(run, "", REQUESTER, "", workspace=None)
    world.do(engine, run)

    with pytest.raises(Refused, match="1   The slow one"):
        steering.skip(run, "beside", REQUESTER, "", workspace=None)
    with pytest.raises(Refused, match="only Ada"):
        steering.skip(run, "slow", STRANGER, "", workspace=None)
    steering.skip(run, "1", REQUESTER, "", workspace=None)
    world.answer_rings(engine)
    with pytest.raises(Refused, match="no step that can be skipped"):
        steering.skip(run, "slow", REQUESTER, "", workspace=None)


def test_the_only_step_of_a_plan_stays(world: EngineWorld) -> None:
    shop = Shop(ask)
    shop.size = 1
    engine = world.process(**shop.handlers())
    run = planned(world)
    world.do(engine, run)

    with pytest.raises(Refused, match="no step that can be skipped"):
        world.steering().skip(run, "slow", REQUESTER, "", workspace=None)
