"""Children: side by side up to a cap, in any hands, each once; their ends come in order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import cast

import pytest

from runtime.domain.errors import Refused, StepFailed, ToolFailed
from runtime.domain.json import Json, object_of
from runtime.domain.states import StepStatus
from runtime.durable.context import Context
from runtime.durable.leaf import Child, Ended
from runtime.storage import trees
from tests.worlds.engine import LEASE_SECONDS, EngineWorld, ask, root_of


def echo(ctx: Context) -> Json:
    """Give the input; fail or ask when it says so."""
    if ctx.input == "fail":
        raise ToolFailed("told to fail")
    if ctx.input == "ask":
        return ask(ctx)
    return ctx.input


def gathering(
    *children: Child, cap: int = 8, seen: list[Ended] | None = None
) -> Callable[..., Json]:
    """Give a root that gathers these and answers with their states and outputs."""

    def root(ctx: Context) -> Json:
        ends = ctx.gather(children, cap=cap)
        if seen is not None:
            seen[:] = ends
        return {"answer": "", "ends": [[end.name, end.status, end.output] for end in ends]}

    return root


def one(name: str, input: Json = None, *needs: str) -> Child:
    return Child(name=name, kind="echo", input=input, needs=needs)


def ends_of(world: EngineWorld, run: str) -> list[list[Json]]:
    ends = object_of(world.step(run, "/").output)["ends"]
    return cast("list[list[Json]]", ends)


def test_all_ends_come_back_in_the_order_asked_whatever_the_order_they_came(
    world: EngineWorld,
) -> None:
    engine = world.process(root=gathering(*[one(f"c{n}", n) for n in range(5)]), echo=echo)
    run = world.accept()

    world.do(engine, run)

    assert ends_of(world, run) == [[f"c{n}", "succeeded", n] for n in range(5)]
    assert world.step(run, "/").status == StepStatus.SUCCEEDED


def test_children_of_one_moment_stand_in_the_order_asked_and_not_by_name(
    world: EngineWorld,
) -> None:
    names = ["z", "b", "q", "a"]
    engine = world.process(root=gathering(*[one(name) for name in names]), echo=echo)
    run = world.accept()

    world.do(engine, run)

    with world.database.read() as connection:
        shown = trees.tasks_of_root(connection, run)
    assert [step.path for step in shown] == [f"/{name}" for name in names]


def test_no_more_children_are_open_than_the_cap(world: EngineWorld) -> None:
    most: list[int] = []

    def counted(ctx: Context) -> Json:
        states = world.states(ctx.run.id)
        most.append(
            sum(s in ("ready", "running", "waiting") for p, s in states.items() if p != "/")
        )
        return None

    children = [Child(name=f"c{n}", kind="counted") for n in range(7)]
    engine = world.process(root=gathering(*children, cap=3), counted=counted)
    run = world.accept()

    world.do(engine, run)

    assert len(most) == 7
    assert max(most) == 3


def test_a_child_begins_only_when_what_it_needs_has_succeeded_and_gets_its_output(
    world: EngineWorld,
) -> None:
    children = [
        Child(name="b", kind="echo", needs=("a",), input=lambda done: {"from a": done["a"]}),
        one("a", 1),
    ]
    engine = world.process(root=gathering(*children), echo=echo)
    run = world.accept()

    world.do(engine, run)

    assert ends_of(world, run) == [["b", "succeeded", {"from a": 1}], ["a", "succeeded", 1]]


def test_a_failure_skips_what_depends_on_it_and_nothing_else(world: EngineWorld) -> None:
    children = [
        one("bad", "fail"), one("after", 1, "bad"), one("later", 2, "after"), one("free", 3),
        one("after_free", 4, "free"),
    ]  # fmt: skip
    seen: list[Ended] = []
    engine = world.process(root=gathering(*children, seen=seen), echo=echo)
    run = world.accept()

    world.do(engine, run)

    assert [end.status for end in seen] == [
        "failed",
        "skipped",
        "skipped",
        "succeeded",
        "succeeded",
    ]
    assert seen[0].error == {"code": "tool_failed", "message": "told to fail"}
    assert (seen[1].error or {})["code"] == "skipped"


def test_a_child_whose_input_cannot_be_made_fails_alone(world: EngineWorld) -> None:
    def impossible(_done: dict[str, Json]) -> Json:
        raise Refused("there is no such part")

    children = [
        one("a"), Child(name="b", kind="echo", needs=("a",), input=impossible), one("c", 3),
        one("d", 4, "b"),
    ]  # fmt: skip
    seen: list[Ended] = []
    engine = world.process(root=gathering(*children, seen=seen), echo=echo)
    run = world.accept()

    world.do(engine, run)

    assert [end.status for end in seen] == ["succeeded", "failed", "succeeded", "skipped"]
    assert (seen[1].error or {})["message"] == "there is no such part"


@pytest.mark.parametrize("needs", [("nobody",), ("b",)], ids=["unknown", "circle"])
def test_needs_that_can_never_be_met_stop_the_step_and_are_no_eternal_wait(
    world: EngineWorld, needs: tuple[str, ...]
) -> None:
    children = [one("a", None, *needs), one("b", None, "a")]
    engine = world.process(root=gathering(*children), echo=echo)
    run = world.accept()

    world.do(engine, run)

    assert world.step(run, "/").status == StepStatus.FAILED


def test_a_call_gives_the_output_or_raises_what_the_child_failed_with(world: EngineWorld) -> None:
    caught: list[str] = []

    def root(ctx: Context) -> Json:
        try:
            ctx.call(one("bad", "fail"))
        except ToolFailed as error:
            caught.append(error.public)
        return ctx.call(one("good", "fine"))

    run = world.accept()
    world.do(world.process(root=root, echo=echo), run)

    assert caught == ["told to fail"]
    assert world.step(run, "/").output == "fine"


def test_a_failure_below_names_the_step_and_its_cause(world: EngineWorld) -> None:
    def broken(ctx: Context) -> Json:
        raise ZeroDivisionError

    caught: list[StepFailed] = []

    def root(ctx: Context) -> Json:
        try:
            ctx.call(Child(name="broken", kind="broken"))
        except StepFailed as error:
            caught.append(error)
        return None

    run = world.accept()
    world.do(world.process(root=root, broken=broken), run)

    assert (caught[0].path, caught[0].cause) == ("/broken", "bug")


def test_gathers_may_be_nested_and_run_on_one_thread(world: EngineWorld) -> None:
    def middle(ctx: Context) -> Json:
        ends = ctx.gather([one(f"leaf{n}", n) for n in range(3)])
        return sum(int(str(end.output)) for end in ends)

    children = [Child(name=f"m{n}", kind="middle") for n in range(3)]
    engine = world.process(root=gathering(*children), middle=middle, echo=echo)
    run = world.accept()

    engine.execute(root_of(run))

    assert ends_of(world, run) == [[f"m{n}", "succeeded", 3] for n in range(3)]


def test_sequential_children_are_done_without_a_queue(world: EngineWorld) -> None:
    children = [one("a", 1), one("b", 2, "a"), one("c", 3, "b")]
    engine = world.process(root=gathering(*children), echo=echo)
    run = world.accept()

    engine.execute(root_of(run))

    assert world.step(run, "/").status == StepStatus.SUCCEEDED
    assert world.bell.take_steps() == []


def test_children_that_nobody_heard_of_are_all_rung_but_the_one_done_here(
    world: EngineWorld,
) -> None:
    engine = world.process(root=gathering(one("a"), one("b"), one("c")), echo=echo)
    run = world.accept()

    engine.execute(root_of(run))

    assert world.bell.take_steps() == [f"{run}:/a", f"{run}:/b"]


def test_the_last_child_in_other_hands_wakes_the_parent_and_goes_on_with_it(
    world: EngineWorld,
) -> None:
    first = world.process(root=gathering(one("a", "ask"), one("b", "ask")), echo=echo)
    second = world.process(root=gathering(one("a", "ask"), one("b", "ask")), echo=echo)
    run = world.accept()
    world.do(first, run)
    assert world.step(run, "/").status == StepStatus.WAITING

    world.answer(f"{run}:/a/question", "A")
    world.answer_rings(second)
    assert world.step(run, "/").status == StepStatus.WAITING
    world.answer(f"{run}:/b/question", "B")
    rung = world.bell.take_steps()
    second.execute(f"{run}:/b")

    assert rung == [f"{run}:/b"]
    assert ends_of(world, run) == [["a", "succeeded", "A"], ["b", "succeeded", "B"]]
    assert world.bell.take_steps() == []


def test_a_parent_waits_for_a_child_that_another_process_is_still_doing(
    world: EngineWorld,
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(ctx: Context) -> Json:
        begun.set()
        assert go_on.wait(30)
        return "slow"

    def root(ctx: Context) -> Json:
        ends = ctx.gather([Child(name="slow", kind="slow"), one("quick", "quick")])
        return {"answer": "", "ends": [[end.name, end.status, end.output] for end in ends]}

    here, there = world.process(root=root, echo=echo), world.process(root=root, slow=slow)
    run = world.accept()
    elsewhere = threading.Thread(target=lambda: there.execute(f"{run}:/slow"))

    def quick(ctx: Context) -> Json:
        elsewhere.start()
        assert begun.wait(30)
        return "quick"

    here = world.process(root=root, echo=quick)
    here.execute(root_of(run))
    waiting = world.step(run, "/").status
    go_on.set()
    elsewhere.join(30)

    assert waiting == StepStatus.WAITING
    assert ends_of(world, run) == [["slow", "succeeded", "slow"], ["quick", "succeeded", "quick"]]


def test_many_workers_share_the_children_and_each_is_done_once(world: EngineWorld) -> None:
    lock, done = threading.Lock(), list[str]()

    def work(ctx: Context) -> Json:
        with lock:
            done.append(ctx.step.path)
        return ctx.do("made", lambda: ctx.step.path)

    children = [Child(name=f"c{n:02}", kind="work") for n in range(24)]
    engines = [world.process(root=gathering(*children, cap=12), work=work) for _ in range(4)]
    run = world.accept()
    engines[0].bell.ring(steps=[root_of(run)])

    def take_part(engine_index: int) -> None:
        idle = 0
        while idle < 200 and world.run(run).status == "active":
            rung = world.bell.take_steps()
            idle = 0 if rung else idle + 1
            for step in rung:
                engines[engine_index].execute(step)

    threads = [threading.Thread(target=take_part, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    world.later(engines[0], seconds=LEASE_SECONDS + 1)

    assert world.run(run).status == "succeeded"
    assert sorted(done) == [f"/c{n:02}" for n in range(24)]


def test_children_are_inserted_once_when_the_parent_is_entered_again(world: EngineWorld) -> None:
    engine = world.process(root=gathering(one("a", "ask"), one("b", 2)), echo=echo)
    run = world.accept()
    world.do(engine, run)

    world.answer(f"{run}:/a/question", "A")
    world.answer_rings(engine)

    assert world.states(run) == {
        "/": "succeeded", "/a": "succeeded", "/a/question": "succeeded", "/b": "succeeded",
    }  # fmt: skip


def test_a_failed_parent_closes_what_waits_below_it(world: EngineWorld) -> None:
    def root(ctx: Context) -> Json:
        ctx.call(Child(name="middle", kind="middle"))
        return None

    def middle(ctx: Context) -> Json:
        if ctx.replaying:
            raise ToolFailed("changed its mind")
        return gathering(one("a", "ask"), one("b", "ask"))(ctx)

    engine = world.process(root=root, middle=middle, echo=echo)
    run = world.accept()
    world.do(engine, run)
    world.answer(f"{run}:/middle/a/question", "A")
    world.answer_rings(engine)

    world.nudge(f"{run}:/middle")
    world.answer_rings(engine)

    assert world.states(run) == {
        "/": "failed", "/middle": "failed", "/middle/a": "succeeded",
        "/middle/a/question": "succeeded", "/middle/b": "cancelled",
        "/middle/b/question": "cancelled",
    }  # fmt: skip


def test_a_large_tree_ends_and_its_parent_is_woken_once(world: EngineWorld) -> None:
    children = [one(f"c{n:03}", n) for n in range(150)]
    engine = world.process(root=gathering(*children, cap=50), echo=echo)
    run = world.accept()

    world.do(engine, run)

    assert ends_of(world, run) == [[f"c{n:03}", "succeeded", n] for n in range(150)]
    assert world.heard.ended == [run]
