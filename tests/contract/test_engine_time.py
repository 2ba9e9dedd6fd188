"""Timers: never early, once, and held by nothing but a row."""

from __future__ import annotations

from runtime.domain.json import Json
from runtime.domain.states import StepStatus
from runtime.durable.context import Context
from tests.worlds.engine import Crash, EngineWorld, root_of, side_by_side


def test_a_sleep_is_never_early_and_ends_once(world: EngineWorld) -> None:
    ended: list[float] = []

    def root(ctx: Context) -> Json:
        ctx.sleep("nap", 60)
        ctx.do("after", lambda: ended.append(1))
        return None

    engine = world.process(root=root)
    run = world.accept()
    world.do(engine, run)

    world.later(engine, seconds=59.9)
    assert ended == []
    world.nudge(root_of(run))
    world.answer_rings(engine)
    assert ended == []
    world.later(engine, seconds=0.2)
    world.later(engine, seconds=3600)

    assert ended == [1]
    assert world.step(run, "/").status == StepStatus.SUCCEEDED


def test_sleeps_one_after_another_add_up_and_are_not_slept_again(world: EngineWorld) -> None:
    def root(ctx: Context) -> Json:
        ctx.sleep("first", 10)
        ctx.sleep("second", 10)
        return ctx.now("end").isoformat()

    engine = world.process(root=root)
    run = world.accept()
    began = world.clock.now()
    world.do(engine, run)

    world.later(engine, seconds=10)
    assert world.step(run, "/").status == StepStatus.WAITING
    world.later(engine, seconds=10)

    assert world.step(run, "/").output == world.clock.now().isoformat()
    assert (world.clock.now() - began).total_seconds() == 20


def test_a_timer_outlives_the_process_that_set_it(world: EngineWorld) -> None:
    def root(ctx: Context) -> Json:
        ctx.sleep("nap", 60)
        return "awake"

    run = world.accept()
    world.do(world.process(root=root), run)
    world.later(world.process(root=root), seconds=61)

    assert world.step(run, "/").output == "awake"


def test_a_crash_after_the_timer_was_written_does_not_start_it_anew(world: EngineWorld) -> None:
    entries: list[int] = []

    def root(ctx: Context) -> Json:
        entries.append(1)
        until = ctx.do("until", lambda: world.clock.now().isoformat())
        if len(entries) == 1:
            raise Crash
        ctx.sleep("nap", 5)
        return until

    engine = world.process(root=root)
    run = world.accept()
    began = world.clock.now().isoformat()
    world.crash(engine, run)
    world.later(engine, seconds=0)
    world.later(engine, seconds=6)

    assert world.step(run, "/").output == began


def test_two_sweeps_at_once_ring_what_is_due_once(world: EngineWorld) -> None:
    engine = world.process(root=lambda ctx: ctx.sleep("nap", 60))
    accepted = [world.accept() for _ in range(30)]
    for run in accepted:
        world.do(engine, run)
    world.clock.step(61)

    found = side_by_side([world.sweep, world.sweep, world.sweep])

    assert sorted(world.bell.take_steps()) == sorted(root_of(run) for run in accepted)
    assert sum(count for count in found if isinstance(count, int)) == 30


def test_a_ready_step_that_nobody_takes_is_rung_again(world: EngineWorld) -> None:
    run = world.accept()

    rung: list[str] = []
    for _ in range(5):
        world.clock.step(31)
        world.sweep()
        rung += world.bell.take_steps()

    assert rung == [root_of(run)] * 5


def test_a_sweep_takes_bounded_batches_longest_overdue_first(world: EngineWorld) -> None:
    first = world.accept()
    world.clock.step(1)
    for _ in range(600):
        world.accept()
    world.clock.step(1)

    found = [world.sweep(), world.sweep(), world.sweep()]

    assert found == [500, 101, 0]
    assert root_of(first) in world.bell.take_steps()[:500]


def test_an_expired_lease_is_swept_and_a_live_one_is_not(world: EngineWorld) -> None:
    dead, alive = world.accept(), world.accept()
    engine = world.process()
    engine.claim(root_of(dead))
    world.clock.step(6)
    engine.claim(root_of(alive))
    world.clock.step(6)

    world.sweep()

    assert world.bell.take_steps() == [root_of(dead)]
    assert world.step(dead, "/").status == StepStatus.READY
    assert world.step(alive, "/").status == StepStatus.RUNNING
