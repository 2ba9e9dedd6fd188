"""Pause, cancel, retry, and a process that is told to stop."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection

from runtime.domain.effects import Effect
from runtime.domain.errors import Refused, ToolFailed
from runtime.domain.json import Json
from runtime.domain.states import ENDED_STEP, StepStatus
from runtime.domain.step import Step
from runtime.durable.context import Context
from runtime.durable.leaf import Child, Leaf
from runtime.durable.unwind import Unwind
from tests.worlds.engine import REQUESTER, EngineWorld, Heard, ask, root_of

QUESTION = Leaf(kind="question")


def buying(world: EngineWorld, verb: str, effect: Effect, done: list[str]) -> Callable[..., Json]:
    """Give a root during whose first effect somebody says ``verb``."""

    def root(ctx: Context) -> Json:
        def first() -> Json:
            getattr(world.steering(), verb)(ctx.run.id, REQUESTER, workspace=None)
            done.append("first")
            return "receipt"

        ctx.do("first", first, Leaf(effect=effect))
        ctx.do("second", lambda: done.append("second"), Leaf(effect=effect))
        return "all"

    return root


@pytest.mark.parametrize("effect", list(Effect))
def test_a_pause_lets_the_effect_under_way_finish_and_begins_nothing_new(
    world: EngineWorld, effect: Effect
) -> None:
    done: list[str] = []
    engine = world.process(root=buying(world, "pause", effect, done))
    run = world.accept()

    world.do(engine, run)
    world.later(engine, seconds=3600)

    assert done == ["first"]
    assert world.states(run) == {"/": "waiting", "/first": "succeeded"}
    assert world.step(run, "/").waits_for == "paused"


@pytest.mark.parametrize("effect", list(Effect))
def test_a_resumed_run_goes_on_where_it_stood(world: EngineWorld, effect: Effect) -> None:
    done: list[str] = []
    engine = world.process(root=buying(world, "pause", effect, done))
    run = world.accept()
    world.do(engine, run)

    world.steering().resume(run, REQUESTER, workspace=None)
    world.answer_rings(engine)

    assert done == ["first", "second"]
    assert world.step(run, "/").output == "all"


def test_an_answer_given_during_a_pause_is_kept_until_the_run_goes_on(
    world: EngineWorld,
) -> None:
    engine = world.process(root=ask)
    run = world.accept()
    world.do(engine, run)
    world.steering().pause(run, REQUESTER, workspace=None)

    world.answer(f"{run}:/question", "42")
    world.answer_rings(engine)
    world.later(engine, seconds=60)
    assert world.step(run, "/").status == StepStatus.READY
    world.steering().resume(run, REQUESTER, workspace=None)
    world.answer_rings(engine)

    assert world.step(run, "/").output == "42"


def test_a_paused_tree_goes_on_as_a_whole(world: EngineWorld) -> None:
    def child(ctx: Context) -> Json:
        if not ctx.replaying:
            world.steering().pause(ctx.run.id, REQUESTER, workspace=None)
        ctx.do("one", lambda: 1)
        return ctx.do("two", lambda: 2)

    def root(ctx: Context) -> Json:
        ends = ctx.gather([Child(name=name, kind="child") for name in "abc"])
        return [end.output for end in ends]

    engine = world.process(root=root, child=child)
    run = world.accept()
    world.do(engine, run)
    for _ in range(6):
        assert world.run(run).status == "active"
        world.steering().resume(run, REQUESTER, workspace=None)
        world.answer_rings(engine)
        if world.run(run).status != "active":
            break

    assert world.step(run, "/").output == [2, 2, 2]


def test_cancel_closes_what_waits_and_the_run_ends_once(world: EngineWorld) -> None:
    def child(ctx: Context) -> Json:
        return ask(ctx)

    engine = world.process(
        root=lambda ctx: ctx.call(Child(name="child", kind="child")), child=child
    )
    run = world.accept()
    world.do(engine, run)

    world.steering().cancel(run, REQUESTER, workspace=None)
    with pytest.raises(Refused, match="cancelled already"):
        world.steering().cancel(run, REQUESTER, workspace=None)
    world.later(engine, seconds=3600)

    assert world.states(run) == {
        "/": "cancelled", "/child": "cancelled", "/child/question": "cancelled",
    }  # fmt: skip
    assert world.run(run).status == "cancelled"
    assert world.heard.ended == []


@pytest.mark.parametrize("effect", [Effect.WRITE, Effect.IRREVERSIBLE])
def test_the_outcome_of_an_effect_under_way_is_recorded_although_the_run_was_cancelled(
    world: EngineWorld, effect: Effect
) -> None:
    done: list[str] = []
    engine = world.process(root=buying(world, "cancel", effect, done))
    run = world.accept()

    world.do(engine, run)
    world.later(engine, seconds=3600)

    assert done == ["first"]
    assert world.states(run) == {"/": "cancelled", "/first": "succeeded"}
    assert world.step(run, "/first").output == "receipt"


def test_an_effect_whose_outcome_never_came_after_a_cancel_is_shown_as_unknown(
    world: EngineWorld,
) -> None:
    def root(ctx: Context) -> Json:
        def first() -> Json:
            world.steering().cancel(ctx.run.id, REQUESTER, workspace=None)
            raise Unwind

        return ctx.do("first", first, Leaf(effect=Effect.IRREVERSIBLE))

    engine = world.process(root=root)
    run = world.accept()
    with pytest.raises(Unwind):
        world.do(engine, run)

    world.later(engine, seconds=60)
    assert world.step(run, "/first").status == StepStatus.RUNNING
    world.later(engine, seconds=120)

    assert world.states(run) == {"/": "cancelled", "/first": "unknown"}


def test_an_effect_left_open_below_a_step_that_failed_is_shown_as_unknown(
    world: EngineWorld,
) -> None:
    entries: list[int] = []

    def root(ctx: Context) -> Json:
        entries.append(1)
        if len(entries) > 1:
            raise ToolFailed("cannot go on")

        def first() -> Json:
            raise Unwind

        return ctx.do("first", first, Leaf(effect=Effect.IRREVERSIBLE))

    engine = world.process(root=root)
    run = world.accept()
    with pytest.raises(Unwind):
        world.do(engine, run)

    world.later(engine, seconds=11)
    world.later(engine, seconds=180)

    assert world.states(run) == {"/": "failed", "/first": "unknown"}


def test_the_end_of_a_child_after_a_cancel_goes_nowhere(world: EngineWorld) -> None:
    def child(ctx: Context) -> Json:
        world.steering().cancel(ctx.run.id, REQUESTER, workspace=None)
        return "done"

    engine = world.process(
        root=lambda ctx: ctx.call(Child(name="child", kind="child")), child=child
    )
    run = world.accept()
    world.do(engine, run)
    world.later(engine, seconds=60)

    assert world.states(run) == {"/": "cancelled", "/child": "cancelled"}
    assert world.bell.take_steps() == []


def test_a_process_told_to_stop_gives_its_step_back_at_the_next_safe_point(
    world: EngineWorld,
) -> None:
    done: list[str] = []
    first = world.process(root=lambda ctx: root(ctx))

    def stop() -> Json:
        done.append("one")
        first.stop()
        return None

    def root(ctx: Context) -> Json:
        ctx.do("one", stop)
        ctx.do("two", lambda: done.append("two"))
        return "done"

    run = world.accept()
    first.execute(root_of(run))
    given_back = world.step(run, "/")
    world.answer_rings(world.process(root=root))

    assert (given_back.status, given_back.crashes) == (StepStatus.READY, 0)
    assert done == ["one", "two"]
    assert world.step(run, "/").output == "done"


def test_a_stopping_process_gives_back_children_with_their_parents(world: EngineWorld) -> None:
    def root(ctx: Context) -> Json:
        ends = ctx.gather([Child(name=name, kind="child") for name in "abc"])
        return [end.output for end in ends]

    def child(ctx: Context) -> Json:
        ctx.do("one", lambda: engine.stop())
        return ctx.do("two", lambda: ctx.step.path)

    engine = world.process(root=root, child=child)
    run = world.accept()
    engine.execute(root_of(run))

    running = [path for path, state in world.states(run).items() if state == "running"]
    assert running == []
    other = world.process(
        root=root, child=lambda ctx: (ctx.do("one", lambda: None), ctx.do("two", lambda: "x"))[1]
    )
    world.later(other, seconds=1)
    assert world.step(run, "/").output == ["x", "x", "x"]


def test_a_child_claimed_just_before_the_stop_is_given_back_too(world: EngineWorld) -> None:
    def root(ctx: Context) -> Json:
        ends = ctx.gather([Child(name=name, kind="child") for name in "abc"])
        return [end.output for end in ends]

    def child(ctx: Context) -> Json:
        return ctx.do("one", lambda: ctx.step.path)

    class StopsAfterFirstEnd(Heard):
        """Told of the end inside its transaction: the next child is claimed there already."""

        def step_changed(self, connection: Connection, step: Step) -> None:
            if step.status in ENDED_STEP:
                engine.stop()
            super().step_changed(connection, step)

    engine = world.process(StopsAfterFirstEnd(), root=root, child=child)
    run = world.accept()
    engine.execute(root_of(run))

    assert "running" not in world.states(run).values()
    world.later(world.process(root=root, child=child), seconds=6)
    assert world.step(run, "/").output == ["/a", "/b", "/c"]
    assert {world.step(run, f"/{name}").crashes for name in "abc"} == {0}
