"""Retry from here: a failed workflow goes on at its last move, and does nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from runtime.domain.effects import Effect
from runtime.domain.errors import Refused, ToolFailed
from runtime.domain.json import Json, JsonObject
from runtime.domain.states import StepStatus
from runtime.expressions.evaluator import Evaluator
from runtime.tools.tool import Call, Tool
from tests.worlds.engine import REQUESTER
from tests.worlds.flows import FlowWorld, TickingClock, opened

PAY = "call: tool, with: {tool: pay, arguments: {text: %s}}"


class Till:
    """Pays, except for what is on the list of what it refuses."""

    def __init__(self) -> None:
        self.refused: set[str] = set()
        self.paid: list[str] = []

    def pay(self, arguments: JsonObject, call: Call) -> Json:
        del call
        text = str(arguments["text"])
        if text in self.refused:
            raise ToolFailed(f"no money for {text}")
        self.paid.append(text)
        return text


@pytest.fixture
def till() -> Till:
    return Till()


@pytest.fixture
def world(sqlite_url: str, evaluator: Evaluator, till: Till, tmp_path: Path) -> Iterator[FlowWorld]:
    pay = Tool(
        name="pay",
        description="Pays.",
        parameters={"type": "object"},
        effect=Effect.WRITE,
        run=till.pay,
    )
    make = partial(
        FlowWorld, evaluator=evaluator, data=tmp_path, tools=(pay,), clock=TickingClock()
    )
    with opened(sqlite_url, make) as made:
        yield made


def pay(text: str) -> str:
    return f"{{call: tool, with: {{tool: pay, arguments: {{text: {text}}}}}}}"


def retried(world: FlowWorld, run_id: str) -> None:
    world.engines.steering().retry(run_id, REQUESTER, workspace="T1")
    world.engines.answer_rings(world.process())


def failed(world: FlowWorld, body: str, input: Json = None) -> str:
    run_id = world.accept(body, input=input)
    world.engines.do(world.process(), run_id)
    assert world.outcome(run_id).status == StepStatus.FAILED
    return run_id


def test_a_task_that_failed_is_done_again_and_those_before_it_are_not(
    world: FlowWorld, till: Till
) -> None:
    till.refused = {"b"}
    run_id = failed(world, f"do:\n  - a: {pay('a')}\n  - b: {pay('b')}\n  - c: {pay('c')}\n")
    retried(world, run_id)
    assert world.outcome(run_id).status == StepStatus.FAILED

    till.refused = set()
    retried(world, run_id)

    assert world.outcome(run_id).status == StepStatus.SUCCEEDED
    assert till.paid == ["a", "b", "c"]


def test_an_error_that_was_caught_stays_caught(world: FlowWorld, till: Till) -> None:
    till.refused = {"a", "b"}
    body = (
        f"do:\n  - weak:\n      try: [{{a: {pay('a')}}}]\n"
        f"      catch: {{do: [{{instead: {pay('c')}}}]}}\n  - b: {pay('b')}\n"
    )
    run_id = failed(world, body)

    till.refused = set()
    retried(world, run_id)

    assert world.outcome(run_id).status == StepStatus.SUCCEEDED
    assert till.paid == ["c", "b"]


def test_branches_that_failed_are_done_again_and_the_others_are_not(
    world: FlowWorld, till: Till
) -> None:
    till.refused = {"b", "d"}
    branches = ", ".join(f"{{{name}: {pay(name)}}}" for name in "abcd")
    run_id = failed(world, f"do:\n  - all: {{fork: {{branches: [{branches}]}}}}\n")

    till.refused = set()
    retried(world, run_id)

    assert world.outcome(run_id).output == ["a", "b", "c", "d"]
    assert sorted(till.paid) == ["a", "b", "c", "d"]


def test_a_long_loop_goes_on_in_the_turn_that_failed(world: FlowWorld, till: Till) -> None:
    till.refused = {"17"}
    text = "'${ $item | tostring }'"
    run_id = failed(
        world, f"do:\n  - each:\n      for: {{in: '[range(20)]'}}\n      do: [{{a: {pay(text)}}}]\n"
    )

    till.refused = set()
    retried(world, run_id)

    assert world.outcome(run_id).status == StepStatus.SUCCEEDED
    assert till.paid == [str(number) for number in range(20)]


def test_what_ran_out_of_time_has_its_whole_time_again(world: FlowWorld, till: Till) -> None:
    body = (
        f"do:\n  - a: {pay('a')}\n"
        "  - hear: {timeout: {after: PT1H}, listen: {to: {one: {with: {type: go}}}}}\n"
    )
    run_id = world.accept(body)
    process = world.process()
    world.engines.do(process, run_id)
    world.engines.later(process, seconds=3601)
    assert world.outcome(run_id).problem["status"] == 408

    retried(world, run_id)
    assert world.outcome(run_id).status == StepStatus.WAITING
    world.events.publish("T1", {"id": "1", "source": "/test", "type": "go", "data": 1})
    world.engines.answer_rings(process)

    assert world.outcome(run_id).output == [1]
    assert till.paid == ["a"]


def test_what_was_cut_off_after_an_effect_is_not_repeated_blindly(
    world: FlowWorld, till: Till
) -> None:
    body = (
        "do:\n  - both:\n      timeout: {after: PT1H}\n      fork:\n        branches:\n"
        f"          - a: {{do: [{{a: {pay('a')}}}, {{w: {{wait: P1D}}}}]}}\n"
        f"          - b: {pay('b')}\n"
    )
    run_id = world.accept(body)
    process = world.process()
    world.engines.do(process, run_id)
    world.engines.later(process, seconds=3601)
    assert world.outcome(run_id).status == StepStatus.FAILED

    with pytest.raises(Refused, match="cut off after it had changed something"):
        world.engines.steering().retry(run_id, REQUESTER, workspace="T1")

    assert sorted(till.paid) == ["a", "b"]
