"""The same workflow and input go the same way, whoever carries them out and wherever that dies.

Three processes take turns as chance has it: each begins somewhere, is stopped or dies at some
commit, and another goes on. ``BATON_SAME_WAY_RUNS`` says how many runs there are.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.domain.effects import Effect
from runtime.domain.errors import ToolFailed
from runtime.domain.json import Json, JsonObject
from runtime.domain.states import StepStatus
from runtime.durable.engine import Engine
from runtime.expressions.evaluator import Evaluator
from runtime.tools.tool import Call, Tool
from tests.worlds.engine import LEASE_SECONDS, Crash, root_of
from tests.worlds.flows import FlowWorld, TickingClock
from tests.worlds.mortal import MortalDatabase

RUNS = int(os.environ.get("BATON_SAME_WAY_RUNS", "8"))
SEED = int(os.environ.get("BATON_FAULT_SEED", "20260105"))
_MOST_TURNS = 400

pytestmark = [pytest.mark.faults, pytest.mark.timeout(0 if RUNS > 50 else 300)]

WORKFLOW = """
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
  - long:
      for: {in: '[range(11)]'}
      do: [{add: {set: '${ .sum += $item }'}}]
  - both:
      fork:
        branches:
          - left: {do: [{nap: {wait: PT30S}}, {half: {set: '${ .even * 10 }'}}]}
          - right:
              try: [{weak: {call: tool, with: {tool: weak, arguments: {text: x}}}}]
              catch:
                retry: {delay: PT5S, backoff: {exponential: {}}, limit: {attempt: {count: 3}}}
          - chance: {set: '${ .odd }'}
  - first:
      fork:
        compete: true
        branches:
          - quick: {wait: PT10S}
          - slow: {wait: PT10M}
  - last: {set: '${ {all: .} }'}
"""
INPUT: Json = {"numbers": [1, 2, 3, 4, 5], "odd": 0, "even": 0, "sum": 0}
Way = dict[str, tuple[str, ...]]


@pytest.fixture(scope="module")
def evaluator() -> Iterator[Evaluator]:
    made = Evaluator()
    yield made
    made.close()


def weak(arguments: JsonObject, call: Call) -> Json:
    """Work when asked for the third time: the key says which time it is."""
    del arguments
    if "/retry/2/" not in call.key:
        raise ToolFailed("not yet")
    return "done"


WEAK = Tool(
    name="weak",
    description="Works at last.",
    parameters={"type": "object"},
    effect=Effect.WRITE,
    run=weak,
)


class _Turns:
    """Carries one run out by turns, with chance deciding who goes on and when they stop."""

    def __init__(self, world: FlowWorld, database: MortalDatabase, chance: random.Random) -> None:
        self._world = world
        self._database = database
        self._chance = chance
        self._engines: list[Engine] = [world.process() for _ in range(3)]

    def carry_out(self, run_id: str) -> None:
        """Go on until the run has ended."""
        pending = [root_of(run_id)]
        for _ in range(_MOST_TURNS):
            if self._world.outcome(run_id).status in (StepStatus.SUCCEEDED, StepStatus.FAILED):
                return
            self._chance.shuffle(pending)
            rung = list(pending)
            pending.clear()
            for one in rung:
                self._turn(one)
            if not rung:
                self._world.engines.clock.step(self._chance.choice([1, 7, 40]))
                self._world.engines.sweep()
            pending += self._world.engines.bell.take_steps()
        raise AssertionError(f"it never ends: {self._world.outcome(run_id)}")

    def _turn(self, step_id: str) -> None:
        engine = self._chance.choice(self._engines)
        dies = self._chance.random() < 0.3
        far = self._chance.randrange(1, 60)
        self._database.dies_at = self._database.passed + far if dies else None
        try:
            engine.execute(step_id)
        except Crash:
            self._world.engines.clock.step(LEASE_SECONDS + 1)
        finally:
            self._database.dies_at = None


def _way(world: FlowWorld, run_id: str) -> Way:
    """Give what each task asked for, in order.

    Not what a branch did that lost its race: how far it came is chance, and counts for nothing.
    """
    steps = world.steps(run_id)
    return {
        owner.path: tuple(one.path for one in steps if one.parent_id == owner.id)
        for owner in steps
        if not owner.leaf and owner.status != StepStatus.CANCELLED
    }


def test_the_same_input_goes_the_same_way_however_it_is_interrupted(
    sqlite_url: str, evaluator: Evaluator, tmp_path: Path
) -> None:
    database = MortalDatabase(sqlite_url)
    world = FlowWorld(
        database, evaluator=evaluator, data=tmp_path, tools=(WEAK,), clock=TickingClock()
    )
    undisturbed = world.accept(WORKFLOW, input=INPUT)
    process = world.process()
    world.engines.do(process, undisturbed)
    for _ in range(20):
        world.engines.later(process, seconds=15)
    assert world.outcome(undisturbed).status == StepStatus.SUCCEEDED
    expected, output = _way(world, undisturbed), world.outcome(undisturbed).output

    for number in range(RUNS):
        chance = random.Random(f"{SEED}/{number}")
        run_id = world.accept(WORKFLOW, input=INPUT)
        _Turns(world, database, chance).carry_out(run_id)

        assert world.outcome(run_id).output == output, number
        assert _way(world, run_id) == expected, number
    world.close()
    database.close()
