"""Events: each is taken once, in order, by whoever waits for it, and by nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.domain.errors import Refused
from runtime.domain.json import Json, JsonObject
from runtime.domain.states import StepStatus
from runtime.expressions.evaluator import Evaluator
from runtime.storage.database import Database
from tests.worlds.flows import FlowWorld


@pytest.fixture
def world(database: Database, evaluator: Evaluator, tmp_path: Path) -> Iterator[FlowWorld]:
    made = FlowWorld(database, evaluator=evaluator, data=tmp_path)
    yield made
    made.close()


def event(number: int, type: str = "t.order", data: Json = None, **more: Json) -> JsonObject:
    return {"id": str(number), "source": "/shop", "type": type, "data": data, **more}


def listening(world: FlowWorld, to: str, *, more: str = "", input: Json = None) -> str:
    body = f"do:\n  - hear:\n      listen: {{to: {to}}}\n{more}"
    run_id = world.accept(body, input=input)
    world.engines.do(world.process(), run_id)
    assert world.outcome(run_id).waits_for.startswith("an event")
    return run_id


def send(world: FlowWorld, *events: JsonObject) -> None:
    for one in events:
        world.events.publish("T1", one)
        world.engines.answer_rings(world.process())


def test_one_event_of_the_wanted_kind_ends_the_wait(world: FlowWorld) -> None:
    run_id = listening(world, "{one: {with: {type: t.order, source: '/sh.*'}}}")

    send(world, event(1, "t.other"), event(2, data={"n": 2}), event(3, data={"n": 3}))

    assert world.outcome(run_id).output == [{"n": 2}]


def test_an_event_is_taken_once_however_often_it_comes(world: FlowWorld) -> None:
    run_id = listening(world, "{all: [{with: {type: t.order}}, {with: {type: 't\\..*'}}]}")

    send(world, event(1, data=1), event(1, data=1))
    waiting = world.outcome(run_id).status
    send(world, event(2, data=2))

    assert waiting == StepStatus.WAITING
    assert world.outcome(run_id).output == [1, 2]


def test_events_before_the_wait_and_of_other_workspaces_do_not_count(world: FlowWorld) -> None:
    world.events.publish("T1", event(1, data="before"))
    run_id = listening(world, "{any: []}")

    world.events.publish("T2", event(2, data="elsewhere"))
    world.engines.answer_rings(world.process())
    assert world.outcome(run_id).status == StepStatus.WAITING
    send(world, event(3, data="here"))

    assert world.outcome(run_id).output == ["here"]


def test_data_is_looked_at_by_expression(world: FlowWorld) -> None:
    run_id = listening(
        world,
        "{any: [{with: {type: t.order, data: '${ .n > $input.limit }'}}]}",
        input={"limit": 5},
    )

    send(world, event(1, data={"n": 4}), event(2, data={"n": 6}))

    assert world.outcome(run_id).output == [{"n": 6}]


def test_listening_goes_on_until_a_condition_holds(world: FlowWorld) -> None:
    run_id = listening(world, "{any: [], until: '(. | length) == 3'}")

    send(world, *[event(number, data=number) for number in range(3)])

    assert world.outcome(run_id).output == [0, 1, 2]


def test_events_that_end_the_listening_are_not_among_the_output(world: FlowWorld) -> None:
    run_id = listening(
        world, "{any: [{with: {type: t.order}}], until: {one: {with: {type: t.end}}}}"
    )

    send(world, event(1, data=1), event(2, data=2), event(3, "t.end"))

    assert world.outcome(run_id).output == [1, 2]


def test_correlated_events_belong_together(world: FlowWorld) -> None:
    to = (
        "{all: [{with: {type: t.a}, correlate: {room: {from: .data.room}}},"
        " {with: {type: t.b}, correlate: {room: {from: .data.room}}}]}"
    )
    run_id = listening(world, to)

    send(
        world,
        event(1, "t.a", {"room": 1}),
        event(2, "t.b", {"room": 2}),
        event(3, "t.b", {"room": 1}),
    )

    assert world.outcome(run_id).output == [{"room": 1}, {"room": 1}]


def test_each_event_is_worked_on_in_order(world: FlowWorld) -> None:
    more = """
      foreach:
        item: order
        at: place
        do: [{double: {set: '${ $order.n * 2 }'}}]
        output: {as: '{place: $place, twice: .}'}
        export: {as: '($context // 0) + .twice'}
  - show: {set: '${ {data: ., context: $context} }'}
"""
    run_id = listening(world, "{any: [{with: {type: t.order}}], until: 'length == 2'}", more=more)

    send(world, event(1, data={"n": 1}), event(2, data={"n": 5}))

    assert world.outcome(run_id).output == {
        "data": [{"place": 0, "twice": 2}, {"place": 1, "twice": 10}],
        "context": 12,
    }


def test_a_workflow_hears_what_another_emits(world: FlowWorld) -> None:
    run_id = listening(world, "{one: {with: {type: t.said}}}")

    said = world.run(
        "do:\n  - say: {emit: {event: {with: {type: t.said, data: {x: '${ .x }'}}}}}\n",
        input={"x": 1},
    )
    world.engines.answer_rings(world.process())

    assert world.outcome(run_id).output == [{"x": 1}]
    assert isinstance(said.output, dict)
    assert said.output["source"] == "/test/flow/1.0.0"
    assert said.output["specversion"] == "1.0"


def test_an_event_that_a_crash_left_untold_is_told_by_the_sweep(world: FlowWorld) -> None:
    run_id = listening(world, "{one: {with: {type: t.order}}}")
    world.events._store("T1", {"specversion": "1.0", **event(1, data=1)})  # pyright: ignore[reportPrivateUsage] - the first half of publishing

    assert world.events() == 1
    assert world.events() == 0
    world.engines.answer_rings(world.process())

    assert world.outcome(run_id).output == [1]


@pytest.mark.parametrize("missing", ["id", "source", "type"])
def test_what_is_no_event_is_refused(world: FlowWorld, missing: str) -> None:
    bad = {name: value for name, value in event(1).items() if name != missing}

    with pytest.raises(Refused, match=f"needs '{missing}'"):
        world.events.publish("T1", bad)
