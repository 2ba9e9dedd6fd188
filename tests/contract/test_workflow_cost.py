"""What a workflow costs: as much for the last iteration as for the first."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from runtime.domain.states import StepStatus
from runtime.expressions.evaluator import Evaluator
from tests.worlds.flows import FlowWorld, opened


@pytest.fixture
def world(sqlite_url: str, evaluator: Evaluator, tmp_path: Path) -> Iterator[FlowWorld]:
    with opened(sqlite_url, partial(FlowWorld, evaluator=evaluator, data=tmp_path)) as made:
        yield made


def loop(turns: int, *, more: str = "") -> str:
    head = f"do:\n  - each:\n      for: {{in: '[range({turns})]'}}\n      do:\n"
    return head + "        - add: {set: '${ . + 1 }'}\n" + more


def statements(world: FlowWorld, turns: int) -> int:
    run_id = world.accept(loop(turns), input=0)
    process = world.process()
    with world.engines.counting() as said:
        world.engines.do(process, run_id)
    assert world.outcome(run_id).output == turns
    return len(said)


def test_an_iteration_costs_the_same_however_long_the_loop(world: FlowWorld) -> None:
    short, long = statements(world, 200), statements(world, 1000)

    # Two commits of one statement each would be 2.0; the parts add a little.
    assert short / 200 < 2.5
    assert long / 1000 <= short / 200


def test_entering_a_long_loop_again_reads_its_parts_and_not_its_iterations(
    world: FlowWorld,
) -> None:
    pause = "        - wait: {if: $index == 60, wait: PT1H}\n"
    run_id = world.accept(loop(10_000, more=pause), input=0)
    world.engines.do(world.process(), run_id)
    assert world.outcome(run_id).status == StepStatus.WAITING

    journals = [
        sum(step.parent_id == owner.id for step in world.steps(run_id))
        for owner in world.steps(run_id)
        if owner.status == StepStatus.WAITING and not owner.leaf
    ]

    # The root, the part of the first 2,500, and the part of fifty in which it waits.
    assert len(journals) == 3
    assert max(journals) <= 102


def test_the_same_input_goes_the_same_way_every_time(world: FlowWorld) -> None:
    body = """
do:
  - sort:
      for: {in: .numbers}
      do:
        - kind:
            switch:
              - even: {when: $item % 2 == 0, then: two}
              - odd: {then: one}
        - one: {set: '${ .odd += 1 }', then: exit}
        - two: {set: '${ .even += 1 }'}
  - both: {fork: {branches: [{a: {set: '${ .even }'}}, {b: {set: '${ .odd }'}}]}}
"""
    ways: set[tuple[str, ...]] = set()
    for _ in range(25):
        run_id = world.accept(body, input={"numbers": [1, 2, 3, 4, 5], "odd": 0, "even": 0})
        world.engines.do(world.process(), run_id)
        assert world.outcome(run_id).output == [2, 3]
        ways.add(tuple(sorted(world.names(run_id))))

    assert len(ways) == 1


def test_a_workflow_that_waits_a_month_is_three_rows_and_nothing_else(world: FlowWorld) -> None:
    run_id = world.accept("do:\n  - nap: {wait: P30D}\n  - done: {set: {said: awake}}\n")
    first = world.process()
    threads = threading.active_count()
    world.engines.do(first, run_id)

    assert world.engines.states(run_id) == {
        "/": "waiting",
        "/started": "succeeded",
        "/do/0/nap": "succeeded",
    }
    assert threading.active_count() == threads
    first.stop()
    first.close()
    second = world.process()
    world.engines.later(second, seconds=30 * 24 * 3600 - 1)
    assert world.outcome(run_id).status == StepStatus.WAITING

    world.engines.later(second, seconds=1)

    assert world.outcome(run_id).output == {"said": "awake"}


def test_whoever_sleeps_wakes_when_it_is_time_and_not_before(world: FlowWorld) -> None:
    hours = [1, 2, 2, 3] * 6
    process = world.process()
    sleepers = {
        world.accept("do:\n  - nap: {wait: '${ \"PT\\(.)H\" }'}\n", input=hour): hour
        for hour in hours
    }
    for run_id in sleepers:
        world.engines.do(process, run_id)

    for hour in (1, 2, 3):
        world.engines.later(process, seconds=3600)
        awake = {one for one in sleepers if world.outcome(one).status == StepStatus.SUCCEEDED}
        assert awake == {one for one, slept in sleepers.items() if slept <= hour}
