"""A failed run that is tried again does over what failed, and nothing that succeeded."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runtime.domain.errors import Refused, ToolFailed
from runtime.domain.json import Json
from runtime.durable.context import Context
from runtime.durable.engine import Handler
from runtime.durable.leaf import Child
from tests.worlds.engine import REQUESTER, EngineWorld


class Shop:
    """Counts what was done; ``broken`` says what fails."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.broken: set[str] = set()

    def doing(self, name: str) -> Callable[[], Json]:
        def effect() -> Json:
            self.done.append(name)
            if name in self.broken:
                raise ToolFailed(f"{name} is broken")
            return name

        return effect

    def handlers(self) -> dict[str, Handler]:
        def work(ctx: Context) -> Json:
            name = ctx.step.path.rsplit("/", 1)[1]
            ctx.do("look", self.doing(f"{name} looks"))
            return ctx.do("act", self.doing(name))

        def root(ctx: Context) -> Json:
            ctx.do("plan/1/draft", self.doing("plan"))
            ends = ctx.gather(
                [
                    Child(name="plan/1/good", kind="work"),
                    Child(name="plan/1/bad", kind="work"),
                    Child(name="plan/1/after", kind="work", needs=("plan/1/bad",)),
                ]
            )
            ctx.do("check/1", self.doing("check"))
            if not all(end.succeeded for end in ends):
                raise ToolFailed("not everything was done")
            return {"answer": "all done"}

        return {"root": root, "work": work}


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_what_failed_is_done_again_with_what_waited_for_it_and_nothing_else(
    world: EngineWorld, shop: Shop
) -> None:
    shop.broken = {"bad"}
    engine = world.process(**shop.handlers())
    run = world.accept()
    world.do(engine, run)
    assert world.run(run).status == "failed"
    first, shop.done = shop.done, []
    shop.broken = set()

    world.steering().retry(run, REQUESTER, workspace=None)
    world.answer_rings(engine)

    assert world.run(run).status == "succeeded"
    assert world.run(run).answer == "all done"
    assert sorted(first) == ["bad", "bad looks", "check", "good", "good looks", "plan"]
    assert sorted(shop.done) == ["after", "after looks", "bad", "check"]


def test_a_check_that_failed_is_made_again_on_the_work_that_stands(
    world: EngineWorld, shop: Shop
) -> None:
    shop.broken = {"check"}
    engine = world.process(**shop.handlers())
    run = world.accept()
    world.do(engine, run)
    assert world.run(run).status == "failed"
    shop.done, shop.broken = [], set()

    world.steering().retry(run, REQUESTER, workspace=None)
    world.answer_rings(engine)

    assert world.run(run).status == "succeeded"
    assert shop.done == ["check"]


def test_a_run_may_be_tried_again_as_often_as_it_fails(world: EngineWorld, shop: Shop) -> None:
    shop.broken = {"bad"}
    engine = world.process(**shop.handlers())
    run = world.accept()
    world.do(engine, run)
    for _ in range(3):
        world.steering().retry(run, REQUESTER, workspace=None)
        world.answer_rings(engine)
        assert world.run(run).status == "failed"
    shop.broken = set()

    world.steering().retry(run, REQUESTER, workspace=None)
    world.answer_rings(engine)

    assert world.run(run).status == "succeeded"
    assert shop.done.count("good") == 1
    assert shop.done.count("bad") == 5


def test_rings_lost_after_a_retry_are_made_good_by_the_sweep(
    world: EngineWorld, shop: Shop
) -> None:
    shop.broken = {"bad"}
    engine = world.process(**shop.handlers())
    run = world.accept()
    world.do(engine, run)
    shop.broken = set()
    world.steering().retry(run, REQUESTER, workspace=None)
    world.bell.take_steps()

    world.later(engine, seconds=6)

    assert world.run(run).status == "succeeded"


@pytest.mark.parametrize("end", ["succeeded", "cancelled"])
def test_only_a_run_that_failed_can_be_tried_again(
    world: EngineWorld, shop: Shop, end: str
) -> None:
    engine = world.process(**shop.handlers())
    run = world.accept()
    if end == "cancelled":
        world.steering().cancel(run, REQUESTER, workspace=None)
    world.do(engine, run)

    with pytest.raises(Refused, match=end):
        world.steering().retry(run, REQUESTER, workspace=None)


def test_a_run_at_work_has_nothing_to_retry(world: EngineWorld) -> None:
    run = world.accept()

    with pytest.raises(Refused, match="nothing to retry"):
        world.steering().retry(run, REQUESTER, workspace=None)
