"""What a workflow costs: as much for the last iteration as for the first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.domain.states import StepStatus
from runtime.expressions.evaluator import Evaluator
from runtime.storage.database import Database
from tests.worlds.flows import FlowWorld


@pytest.fixture
def world(sqlite_url: str, tmp_path: Path) -> Iterator[FlowWorld]:
    evaluator = Evaluator()
    database = Database(sqlite_url)
    made = FlowWorld(database, evaluator=evaluator, data=tmp_path)
    yield made
    made.close()
    database.close()
    evaluator.close()


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
