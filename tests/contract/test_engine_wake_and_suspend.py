"""No lost wake-up: news that lands between looking and sleeping is never slept over."""

from __future__ import annotations

import pytest

from runtime.domain.errors import Upstream
from runtime.domain.json import Json
from runtime.domain.states import StepStatus
from runtime.durable.context import Context, Pending
from runtime.durable.leaf import Child, Leaf
from tests.worlds.engine import LEASE_SECONDS, REQUESTER, EngineWorld, ask, root_of, unseen

QUESTION = Leaf(kind="question", title="question")


def test_an_answer_wakes_the_step_that_waits_and_rings_it(world: EngineWorld) -> None:
    engine = world.process(root=ask)
    run = world.accept()
    world.do(engine, run)
    assert world.step(run, "/").waits_for == "an answer"

    world.answer(f"{run}:/question", "42")

    assert world.step(run, "/").status == StepStatus.READY
    assert world.bell.take_steps() == [root_of(run)]


def test_an_answer_that_lands_before_the_step_sleeps_is_not_slept_over(
    world: EngineWorld,
) -> None:
    entered: list[int] = []

    def root(ctx: Context) -> Json:
        entered.append(1)
        answer = ctx.open("question", QUESTION, unseen)
        if isinstance(answer, Pending):
            world.answer(f"{ctx.run.id}:/question", "quick")
            ctx.suspend("an answer")
        return answer

    run = world.accept()
    world.process(root=root).execute(root_of(run))

    assert world.step(run, "/").output == "quick"
    assert len(entered) == 2


def test_a_child_that_ends_elsewhere_before_its_parent_sleeps_is_not_slept_over(
    world: EngineWorld,
) -> None:
    def child(ctx: Context) -> Json:
        return ctx.step.path

    def root(ctx: Context) -> Json:
        return ctx.gather([Child(name="a", kind="child"), Child(name="b", kind="last")])[0].output

    elsewhere = world.process(root=root, child=child)

    def last(ctx: Context) -> Json:
        # While this thread has its hands full, another process takes the other child and ends it.
        elsewhere.execute(f"{ctx.run.id}:/a")
        return None

    run = world.accept()
    world.process(root=root, child=child, last=last).execute(root_of(run))

    assert world.step(run, "/").output == "/a"


def test_a_resume_that_lands_before_a_paused_step_sleeps_is_not_slept_over(
    world: EngineWorld,
) -> None:
    def root(ctx: Context) -> Json:
        if not ctx.replaying:
            world.steering().pause(ctx.run.id, REQUESTER, workspace=None)
            ctx.do("before", lambda: None)
            world.steering().resume(ctx.run.id, REQUESTER, workspace=None)
        else:
            ctx.do("before", lambda: None)
        return ctx.do("after", lambda: "went on")

    engine = world.process(root=root)
    run = world.accept()
    world.do(engine, run)

    assert world.step(run, "/").output == "went on"


def test_news_during_a_failure_is_not_slept_over_and_the_failure_still_counts(
    world: EngineWorld,
) -> None:
    tries: list[int] = []

    def root(ctx: Context) -> Json:
        tries.append(1)
        world.nudge(root_of(ctx.run.id))
        raise Upstream("the service is away")

    engine = world.process(root=root)
    run = world.accept()
    engine.execute(root_of(run))

    assert len(tries) == 5
    assert world.step(run, "/").status == StepStatus.FAILED


def test_an_answer_is_taken_once_and_the_second_is_told_so(world: EngineWorld) -> None:
    engine = world.process(root=ask)
    run = world.accept()
    world.do(engine, run)
    world.answer(f"{run}:/question", "first")

    with pytest.raises(AssertionError, match="not open"):
        world.answer(f"{run}:/question", "second")
    world.answer_rings(engine)

    assert world.step(run, "/").output == "first"


def test_a_lost_ring_is_made_good_by_the_sweep(world: EngineWorld) -> None:
    engine = world.process(root=ask)
    run = world.accept()
    world.do(engine, run)
    world.answer(f"{run}:/question", "42")
    world.bell.take_steps()

    world.later(engine, seconds=5)

    assert world.step(run, "/").output == "42"


def test_a_question_and_what_asks_it_are_one_commit(world: EngineWorld) -> None:
    def root(ctx: Context) -> Json:
        def broken(*_: object) -> None:
            raise RuntimeError("the card could not be written")

        ctx.open("question", QUESTION, broken)
        return None

    run = world.accept()
    world.do(world.process(root=root), run)

    assert world.states(run) == {"/": "failed"}


def test_news_for_a_parent_that_waits_for_children_wakes_it_at_once(world: EngineWorld) -> None:
    entered: list[int] = []

    def child(ctx: Context) -> Json:
        ctx.open("question", QUESTION, unseen)
        ctx.suspend("an answer")

    def root(ctx: Context) -> Json:
        entered.append(1)
        ctx.gather([Child(name="a", kind="child"), Child(name="b", kind="child")])
        return None

    engine = world.process(root=root, child=child)
    run = world.accept()
    world.do(engine, run)

    world.nudge(root_of(run))
    world.answer_rings(engine)

    assert len(entered) == 2
    assert world.step(run, "/").status == StepStatus.WAITING


def test_a_waiting_step_holds_no_lease_and_no_process(world: EngineWorld) -> None:
    def root(ctx: Context) -> Json:
        ctx.open("question", QUESTION, unseen)
        ctx.suspend("an answer")

    engine = world.process(root=root)
    run = world.accept()
    world.do(engine, run)

    world.clock.step(LEASE_SECONDS * 100)

    assert world.sweep() == 0
    assert world.step(run, "/").due_at is None
