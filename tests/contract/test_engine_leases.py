"""Leases: one statement renews them all; who cannot renew begins nothing."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from functools import partial

from sqlalchemy import text

from runtime.domain.effects import Effect
from runtime.domain.json import Json
from runtime.domain.states import StepStatus
from runtime.durable.context import Context
from runtime.durable.engine import Engine
from runtime.durable.leaf import Leaf
from runtime.durable.leases import Leases
from tests.worlds.engine import LEASE_SECONDS, EngineWorld, root_of


class Ticks:
    """The machine's own clock, set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def with_ticks(world: EngineWorld, engine: Engine) -> Ticks:
    ticks = Ticks()
    engine.leases = Leases(
        world.database, world.clock, process=engine.process, seconds=LEASE_SECONDS, monotonic=ticks
    )
    return ticks


def test_all_leases_of_a_process_are_renewed_in_one_statement(world: EngineWorld) -> None:
    engine = world.process()
    accepted = [world.accept() for _ in range(20)]
    for run in accepted:
        engine.claim(root_of(run))
    world.clock.step(LEASE_SECONDS - 1)

    held = [engine.leases.hold(root_of(run)) for run in accepted]
    for one in held:
        one.__enter__()
    with world.counting() as said:
        engine.leases.renew()
    for one in held:
        one.__exit__(None, None, None)

    assert len(said) == 1
    end = world.clock.now() + timedelta(seconds=LEASE_SECONDS)
    assert {world.step(run, "/").due_at for run in accepted} == {end}


def test_a_renewal_touches_neither_what_was_released_nor_what_others_have(
    world: EngineWorld,
) -> None:
    mine, other = world.process(), world.process()
    released, taken = world.accept(), world.accept()
    mine.claim(root_of(released))
    mine.claim(root_of(taken))
    before = world.step(released, "/").due_at
    with mine.leases.hold(root_of(released)):
        pass
    world.clock.step(LEASE_SECONDS + 1)
    other.claim(root_of(taken))
    theirs = world.step(taken, "/").due_at
    world.clock.step(5)

    with mine.leases.hold(root_of(taken)):
        mine.leases.renew()

    assert world.step(released, "/").due_at == before
    assert world.step(taken, "/").due_at == theirs


def test_the_heartbeat_keeps_a_long_effect_alive_and_ends_with_it(world: EngineWorld) -> None:
    engine = world.process(root=lambda ctx: ctx.do("long", lambda: long(ctx)))
    engine.leases = Leases(world.database, world.clock, process=engine.process, seconds=0.2)
    run = world.accept()
    renewed: list[bool] = []

    def long(ctx: Context) -> Json:
        before = world.step(run, "/").due_at
        world.clock.step(100)
        deadline = time.monotonic() + 30
        while world.step(ctx.run.id, "/").due_at == before and time.monotonic() < deadline:
            threading.Event().wait(0.01)
        renewed.append(world.step(run, "/").due_at != before)
        return "done"

    engine.start()
    world.do(engine, run)
    engine.leases.stop()

    assert renewed == [True]
    assert world.step(run, "/").output == "done"
    assert world.step(run, "/").due_at is None


def test_a_process_that_did_not_renew_begins_no_effect_under_the_old_lease(
    world: EngineWorld,
) -> None:
    done: list[str] = []
    engine = world.process(root=lambda ctx: root(ctx))
    ticks = with_ticks(world, engine)

    def root(ctx: Context) -> Json:
        def first() -> Json:
            done.append("first")
            ticks.now += LEASE_SECONDS
            return None

        ctx.do("first", first, Leaf(effect=Effect.WRITE))
        ctx.do("second", lambda: done.append("second"), Leaf(effect=Effect.WRITE))
        return "done"

    run = world.accept()
    world.do(engine, run)

    # It gave the step back and claimed it anew: no crash, though it had been too slow.
    assert done == ["first", "second"]
    assert world.step(run, "/").attempt == 2
    assert world.step(run, "/").crashes == 0


def test_a_late_renewal_makes_no_thread_take_what_another_of_its_process_is_at(
    world: EngineWorld,
) -> None:
    """Renewals are frozen while each effect lasts longer than the lease.

    Neither the sweep of that process nor a ring takes the step from the thread that is at it. So it
    counts as no crash, the step is not set aside, and each effect happens once.
    """
    done: list[str] = []

    def root(ctx: Context) -> Json:
        for name in ("first", "second", "third", "fourth"):
            ctx.do(name, partial(slow, name), Leaf(effect=Effect.WRITE))
        return "done"

    def slow(name: str) -> Json:
        done.append(name)
        world.clock.step(LEASE_SECONDS + 1)
        assert world.sweep(by=engine) == 0
        # A ring may also come from elsewhere: another sweep, or a queue that tells twice.
        engine.execute(root_of(run))
        return name

    engine = world.process(root=root)
    run = world.accept()
    world.do(engine, run)

    root_step = world.step(run, "/")
    assert done == ["first", "second", "third", "fourth"]
    assert (root_step.status, root_step.attempt, root_step.crashes) == (StepStatus.SUCCEEDED, 1, 0)
    assert world.heard.parked == []


def test_a_late_renewal_lets_another_process_take_over_and_the_late_one_writes_nothing(
    world: EngineWorld,
) -> None:
    done: list[str] = []

    def slow() -> Json:
        done.append("slow")
        if len(done) == 1:
            world.clock.step(LEASE_SECONDS + 1)
            world.sweep()
            world.answer_rings(other)
        return len(done)

    def root(ctx: Context) -> Json:
        return ctx.do("slow", slow, Leaf(effect=Effect.WRITE))

    late, other = world.process(root=root), world.process(root=root)
    run = world.accept()
    world.do(late, run)

    # Done again under the same key, which the far side takes once; the result is the second's.
    assert done == ["slow", "slow"]
    assert (world.step(run, "/").status, world.step(run, "/").output) == (StepStatus.SUCCEEDED, 2)
    assert world.step(run, "/").attempt == 2


def test_what_was_left_by_a_thread_that_broke_off_is_taken_by_the_same_process(
    world: EngineWorld,
) -> None:
    engine = world.process(root=lambda ctx: ctx.do("look", lambda: "seen"))
    run = world.accept()
    engine.claim(root_of(run))
    world.clock.step(LEASE_SECONDS + 1)

    world.sweep(by=engine)
    world.answer_rings(engine)

    assert (world.step(run, "/").output, world.step(run, "/").attempt) == ("seen", 2)


def test_a_renewal_makes_a_process_fit_again(world: EngineWorld) -> None:
    engine = world.process()
    ticks = with_ticks(world, engine)
    run = world.accept()
    engine.claim(root_of(run))

    with engine.leases.hold(root_of(run)):
        ticks.now += LEASE_SECONDS
        assert not engine.leases.valid()
        engine.leases.renew()

        assert engine.leases.valid()


def test_an_idle_process_is_fit_to_begin(world: EngineWorld) -> None:
    engine = world.process(root=lambda ctx: ctx.do("look", lambda: "seen"))
    ticks = with_ticks(world, engine)
    ticks.now += 1000
    run = world.accept()

    world.do(engine, run)

    assert world.step(run, "/").output == "seen"


def test_a_heartbeat_that_breaks_once_beats_on(world: EngineWorld) -> None:
    engine = world.process()
    engine.leases = Leases(world.database, world.clock, process=engine.process, seconds=0.2)
    run = world.accept()
    engine.claim(root_of(run))
    with world.database.write() as connection:
        connection.execute(text("ALTER TABLE step RENAME TO away"))
    with engine.leases.hold(root_of(run)):
        engine.start()
        deadline = time.monotonic() + 30
        while engine.leases.valid() and time.monotonic() < deadline:
            threading.Event().wait(0.01)
        with world.database.write() as connection:
            connection.execute(text("ALTER TABLE away RENAME TO step"))
        while not engine.leases.valid() and time.monotonic() < deadline:
            threading.Event().wait(0.01)

        assert engine.leases.valid()
    engine.leases.stop()
    assert world.step(run, "/").status == StepStatus.RUNNING
