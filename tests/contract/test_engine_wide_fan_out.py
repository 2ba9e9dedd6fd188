"""A fan-out wider than the number of workers it calls: every child is done, none twice."""

from __future__ import annotations

import threading
from contextlib import suppress

from runtime.domain.errors import ToolFailed
from runtime.domain.json import Json
from runtime.durable.bunch import LARGEST
from runtime.durable.context import Context
from runtime.durable.family import MOST_RINGS
from runtime.durable.leaf import Child
from tests.worlds.engine import LEASE_SECONDS, Crash, EngineWorld, root_of

_WIDE = 3 * MOST_RINGS
_PATIENCE_SECONDS = 20.0


def _fan(ctx: Context) -> Json:
    children = [Child(name=f"child/{number}", kind="child") for number in range(_WIDE)]
    return sum(end.succeeded for end in ctx.gather(children, cap=_WIDE))


def test_a_wide_fan_out_calls_few_workers_and_does_every_child_once(world: EngineWorld) -> None:
    done: list[str] = []
    engine = world.process(root=_fan, child=lambda ctx: done.append(ctx.step.id))
    run = world.accept()

    world.do(engine, run)

    assert world.step(run, "/").output == _WIDE
    assert sorted(done) == sorted(set(done))
    assert len(done) == _WIDE


def test_a_worker_whose_child_took_its_time_goes_on_with_one_nobody_was_called_for(
    world: EngineWorld,
) -> None:
    done: list[str] = []
    begun, others_done = threading.Event(), threading.Event()

    def child(ctx: Context) -> Json:
        name = ctx.step.path.rsplit("/", 1)[1]
        if name == "2":  # The parent's own thread is held up by the last child.
            begun.set()
            assert others_done.wait(_PATIENCE_SECONDS)
        else:
            threading.Event().wait(0.1)
        done.append(name)
        return None

    def root(ctx: Context) -> Json:
        children = [Child(name=f"child/{number}", kind="child") for number in range(3)]
        return [end.status for end in ctx.gather(children, cap=3)]

    engine = world.process(root=root, child=child)
    run = world.accept()
    parent = threading.Thread(target=engine.execute, args=[root_of(run)])
    parent.start()
    assert begun.wait(_PATIENCE_SECONDS)

    engine.execute(f"{run}:/child/0")

    assert sorted(done) == ["0", "1"]
    others_done.set()
    parent.join(_PATIENCE_SECONDS)
    assert world.step(run, "/").output == ["succeeded"] * 3


def test_quick_children_of_a_wide_fan_out_share_transactions(world: EngineWorld) -> None:
    engine = world.process(root=_fan, child=lambda _: None)
    run = world.accept()

    with world.counting() as said:
        world.do(engine, run)

    wakes = [words for words in said if words.startswith("UPDATE step") and "pending >" in words]
    assert world.step(run, "/").output == _WIDE
    assert len(wakes) <= _WIDE // LARGEST + 2


def test_a_child_that_asks_for_something_parts_from_those_claimed_with_it(
    world: EngineWorld,
) -> None:
    seen: dict[str, str] = {}

    def child(ctx: Context) -> Json:
        name = ctx.step.path.rsplit("/", 1)[1]
        if name == str(_WIDE - 3):  # The third, for the last are taken first.
            ctx.do("look", lambda: seen.update(world.states(ctx.run.id)))
        return name

    engine = world.process(root=_fan, child=child)
    run = world.accept()

    world.do(engine, run)

    assert seen[f"/child/{_WIDE - 1}"] == "succeeded"
    assert seen[f"/child/{_WIDE - 2}"] == "succeeded"
    assert seen[f"/child/{_WIDE - 3}"] == "running"
    assert seen[f"/child/{_WIDE - 4}"] == "ready"
    assert world.step(run, "/").output == _WIDE


def test_a_child_that_fails_among_quick_ones_fails_alone(world: EngineWorld) -> None:
    def child(ctx: Context) -> Json:
        if ctx.step.path.endswith("/7"):
            raise ToolFailed("no")
        return None

    engine = world.process(root=_fan, child=child)
    run = world.accept()

    world.do(engine, run)

    assert world.step(run, "/").output == _WIDE - 1
    assert world.step(run, "/child/7").status == "failed"


def test_a_child_that_kills_its_process_is_not_done_with_others_again(world: EngineWorld) -> None:
    done: list[str] = []

    def child(ctx: Context) -> Json:
        name = ctx.step.path.rsplit("/", 1)[1]
        if name == "40":
            raise Crash
        done.append(name)
        return None

    engine = world.process(root=_fan, child=child)
    run = world.accept()
    world.crash(engine, run)
    for _ in range(5):
        world.sweep()
        with suppress(Crash):
            world.answer_rings(engine)
        world.bell.take_steps()
        world.clock.step(LEASE_SECONDS + 1)

    states = world.states(run)
    assert states.pop("/child/40") == "waiting"
    assert {state for path, state in states.items() if path != "/"} == {"succeeded"}
    assert world.heard.parked == ["/child/40"]
    # What was not written when the process died was done anew; that is what a handler must bear.
    assert set(done) == {str(number) for number in range(_WIDE)} - {"40"}
