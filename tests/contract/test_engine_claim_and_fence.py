"""One claim, one fence: a step is in one pair of hands, and stale hands write nothing."""

from __future__ import annotations

import pytest

from runtime.domain.effects import Effect
from runtime.domain.json import Json
from runtime.domain.states import StepStatus
from runtime.durable.context import Context
from runtime.durable.leaf import Child, Leaf
from runtime.durable.unwind import GiveBack
from tests.worlds.engine import LEASE_SECONDS, REQUESTER, EngineWorld, root_of, side_by_side


def give(value: Json) -> Json:
    return value


def test_of_many_claimers_at_once_exactly_one_gets_the_step(world: EngineWorld) -> None:
    run = world.accept()
    processes = [world.process(root=lambda ctx: None) for _ in range(6)]

    claims = side_by_side([lambda one=one: one.claim(root_of(run)) for one in processes])

    assert len([claim for claim in claims if claim is not None]) == 1
    assert not [claim for claim in claims if isinstance(claim, Exception)]
    assert world.step(run, "/").attempt == 1


def test_a_step_in_other_hands_is_claimed_only_after_its_lease(world: EngineWorld) -> None:
    run = world.accept()
    first, second = world.process(), world.process()
    assert first.claim(root_of(run)) is not None

    assert second.claim(root_of(run)) is None
    world.clock.step(LEASE_SECONDS - 1)
    assert second.claim(root_of(run)) is None
    world.clock.step(2)
    taken = second.claim(root_of(run))

    assert taken is not None
    assert (taken.attempt, taken.crashes) == (2, 1)


@pytest.mark.parametrize("verb", ["pause", "cancel"])
def test_a_step_of_a_run_that_people_stopped_is_not_claimed(world: EngineWorld, verb: str) -> None:
    run = world.accept()

    getattr(world.steering(), verb)(run, REQUESTER, workspace=None)

    assert world.process().claim(root_of(run)) is None


def test_an_ended_or_unheard_of_step_is_left_alone(world: EngineWorld) -> None:
    entered: list[int] = []
    engine = world.process(root=lambda ctx: entered.append(1))
    run = world.accept()
    world.do(engine, run)

    engine.execute(root_of(run))
    engine.execute("run_nothing:/")

    assert entered == [1]


def lose(world: EngineWorld, run: str) -> None:
    """Let a second process take a run's root from the handler that is at work on it."""
    world.clock.step(LEASE_SECONDS + 1)
    assert world.process().claim(root_of(run)) is not None


def test_a_stale_attempt_cannot_journal_a_result(world: EngineWorld) -> None:
    def root(ctx: Context) -> Json:
        lose(world, ctx.run.id)
        ctx.do("late", lambda: "too late")
        return "never"

    run = world.accept()
    world.do(world.process(root=root), run)

    assert world.states(run) == {"/": StepStatus.RUNNING}


def test_a_stale_attempt_cannot_write_an_intent_and_so_begins_no_effect(
    world: EngineWorld,
) -> None:
    happened: list[str] = []

    def root(ctx: Context) -> Json:
        lose(world, ctx.run.id)
        return ctx.do("charge", lambda: happened.append("charged"), Leaf(effect=Effect.WRITE))

    run = world.accept()
    world.do(world.process(root=root), run)

    assert happened == []
    assert world.states(run) == {"/": StepStatus.RUNNING}


def test_a_stale_attempt_cannot_end_its_step(world: EngineWorld) -> None:
    def root(ctx: Context) -> Json:
        lose(world, ctx.run.id)
        return "late answer"

    run = world.accept()
    world.do(world.process(root=root), run)

    own = world.step(run, "/")
    assert (own.status, own.attempt, own.output) == (StepStatus.RUNNING, 2, None)
    assert world.heard.ended == []


def test_a_stale_attempt_cannot_suspend_its_step(world: EngineWorld) -> None:
    def root(ctx: Context) -> Json:
        lose(world, ctx.run.id)
        ctx.suspend("nothing")

    run = world.accept()
    world.do(world.process(root=root), run)

    assert world.step(run, "/").status == StepStatus.RUNNING


def test_a_stale_attempt_cannot_start_children(world: EngineWorld) -> None:
    def root(ctx: Context) -> Json:
        lose(world, ctx.run.id)
        return ctx.call(Child(name="child", kind="root"))

    run = world.accept()
    world.do(world.process(root=root), run)

    assert world.states(run) == {"/": StepStatus.RUNNING}


def test_a_stale_attempt_cannot_ask_people(world: EngineWorld) -> None:
    asked: list[str] = []

    def root(ctx: Context) -> Json:
        lose(world, ctx.run.id)
        ctx.open("question", Leaf(kind="question"), lambda _, leaf: asked.append(leaf))
        return None

    run = world.accept()
    world.do(world.process(root=root), run)

    assert asked == []
    assert world.states(run) == {"/": StepStatus.RUNNING}


def test_a_stale_attempt_cannot_give_back_what_another_has(world: EngineWorld) -> None:
    def root(ctx: Context) -> Json:
        lose(world, ctx.run.id)
        raise GiveBack

    run = world.accept()
    world.do(world.process(root=root), run)

    assert world.step(run, "/").status == StepStatus.RUNNING


def test_a_late_outcome_counts_while_nobody_has_begun_the_effect_again(
    world: EngineWorld,
) -> None:
    def slow(ctx: Context) -> Json:
        def charge() -> Json:
            lose(world, ctx.run.id)
            return "receipt 1"

        return ctx.do("charge", charge, Leaf(effect=Effect.IRREVERSIBLE))

    run = world.accept()
    world.do(world.process(root=slow), run)
    again: list[str] = []

    def root(ctx: Context) -> Json:
        return ctx.do("charge", lambda: again.append("again"), Leaf(effect=Effect.IRREVERSIBLE))

    world.clock.step(LEASE_SECONDS + 1)
    world.do(world.process(root=root), run)

    assert again == []
    assert world.step(run, "/").output == "receipt 1"


@pytest.mark.parametrize("effect", [Effect.WRITE, Effect.IRREVERSIBLE])
def test_an_outcome_that_lands_while_another_takes_over_is_taken_not_repeated(
    world: EngineWorld, effect: Effect
) -> None:
    engine = world.process(root=lambda ctx: taking_over(ctx))
    run = world.accept()
    begun: list[str] = []

    def slow(ctx: Context) -> Json:
        def charge() -> Json:
            world.clock.step(LEASE_SECONDS + 1)
            world.later(engine, seconds=0)
            return None

        return ctx.do("charge", charge, Leaf(effect=effect))

    def taking_over(ctx: Context) -> Json:
        # The journal is read; now the first attempt's outcome lands after all.
        charge = world.step(ctx.run.id, "/charge")
        world.answer_late(charge, "receipt 1")
        return ctx.do("charge", lambda: begun.append("again"), Leaf(effect=effect))

    world.do(world.process(root=slow), run)

    assert begun == []
    assert world.step(run, "/").output == "receipt 1"
