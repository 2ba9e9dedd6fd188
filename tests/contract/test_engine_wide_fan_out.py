"""A fan-out wider than the number of workers it calls: every child is done, none twice."""

from __future__ import annotations

import threading

from runtime.domain.json import Json
from runtime.durable.context import Context
from runtime.durable.family import MOST_RINGS
from runtime.durable.leaf import Child
from tests.worlds.engine import EngineWorld, root_of

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
