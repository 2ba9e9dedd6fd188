"""A step that keeps killing its process is set aside; everything else goes on."""

from __future__ import annotations

import pytest

from runtime.domain.json import Json
from runtime.domain.states import StepStatus
from runtime.durable.context import Context
from runtime.durable.engine import Handler
from runtime.durable.leaf import Child, Leaf
from tests.worlds.engine import LEASE_SECONDS, REQUESTER, Crash, EngineWorld, root_of, unseen


def kill(_ctx: Context) -> Json:
    raise Crash


def live_on(world: EngineWorld, run: str, **handlers: Handler) -> int:
    """Give the run to one new process after another until none of them dies; count the deaths."""
    deaths = 0
    for _ in range(30):
        engine = world.process(**handlers)
        try:
            world.answer_rings(engine)
        except Crash:
            deaths += 1
        world.clock.step(LEASE_SECONDS + 1)
        if not world.sweep() and deaths:
            return deaths
    raise AssertionError("processes never stop dying")


def test_a_step_is_parked_after_three_crashes_and_a_person_is_told(world: EngineWorld) -> None:
    run = world.accept()
    world.sweep()

    deaths = live_on(world, run, root=kill)

    root = world.step(run, "/")
    assert deaths == 3
    assert (root.status, (root.error or {})["code"]) == (StepStatus.WAITING, "poison")
    assert world.heard.parked == ["/"]


def test_the_step_that_dies_is_parked_and_neither_its_parent_nor_its_siblings(
    world: EngineWorld,
) -> None:
    def root(ctx: Context) -> Json:
        ctx.gather([Child(name="good", kind="good"), Child(name="bad", kind="kill")])
        return None

    def middle_good(ctx: Context) -> Json:
        return ctx.do("value", lambda: "good")

    run = world.accept()
    world.sweep()

    deaths = live_on(world, run, root=root, good=middle_good, kill=kill)

    assert deaths == 3
    assert world.heard.parked == ["/bad"]
    assert world.states(run) == {
        "/": "waiting", "/good": "succeeded", "/good/value": "succeeded", "/bad": "waiting",
    }  # fmt: skip


def test_of_nested_steps_only_the_innermost_is_blamed(world: EngineWorld) -> None:
    def root(ctx: Context) -> Json:
        return ctx.call(Child(name="middle", kind="middle"))

    def middle(ctx: Context) -> Json:
        return ctx.call(Child(name="bad", kind="kill"))

    run = world.accept()
    world.sweep()

    live_on(world, run, root=root, middle=middle, kill=kill)

    assert world.heard.parked == ["/middle/bad"]


def test_a_parent_that_dies_by_itself_is_parked_although_a_child_waits(
    world: EngineWorld,
) -> None:
    entries: list[int] = []

    def root(ctx: Context) -> Json:
        entries.append(1)
        if len(entries) > 1:
            raise Crash
        return ctx.call(Child(name="child", kind="child"))

    def child(ctx: Context) -> Json:
        ctx.open("question", Leaf(kind="question"), unseen)
        ctx.suspend("an answer")

    run = world.accept()
    world.sweep()
    world.answer_rings(world.process(root=root, child=child))
    world.nudge(root_of(run))

    deaths = live_on(world, run, root=root, child=child)

    assert deaths == 3
    assert world.heard.parked == ["/"]


def test_crashes_are_counted_in_a_row_not_in_a_life(world: EngineWorld) -> None:
    entries: list[int] = []

    def root(ctx: Context) -> Json:
        entries.append(1)
        for night in range(4):
            if len(entries) == 2 * night + 1:
                raise Crash
            ctx.sleep(f"night/{night}", 5)
        return "survived"

    run = world.accept()
    for _ in range(20):
        engine = world.process(root=root)
        try:
            world.later(engine, seconds=LEASE_SECONDS + 1)
        except Crash:
            continue

    assert world.heard.parked == []
    assert world.step(run, "/").output == "survived"


def test_a_parked_step_is_tried_again_when_a_person_says_so(world: EngineWorld) -> None:
    run = world.accept()
    world.sweep()
    live_on(world, run, root=kill)

    world.steering().retry(run, REQUESTER, workspace=None)
    world.answer_rings(world.process(root=lambda ctx: "mended"))

    assert world.step(run, "/").output == "mended"


@pytest.mark.parametrize("verbs", [("pause", "resume")])
def test_a_pause_and_resume_do_not_release_what_was_parked(
    world: EngineWorld, verbs: tuple[str, ...]
) -> None:
    run = world.accept()
    world.sweep()
    live_on(world, run, root=kill)

    for verb in verbs:
        getattr(world.steering(), verb)(run, REQUESTER, workspace=None)
    world.answer_rings(world.process(root=kill))

    assert world.step(run, "/").status == StepStatus.WAITING


def test_other_runs_go_on_beside_a_poisoned_one(world: EngineWorld) -> None:
    poisoned, healthy = world.accept(kind="kill"), world.accept()
    world.sweep()

    live_on(world, poisoned, root=lambda ctx: "fine", kill=kill)
    world.later(world.process(root=lambda ctx: "fine", kill=kill), seconds=60)

    assert world.step(healthy, "/").output == "fine"
    assert world.heard.parked == ["/"]
