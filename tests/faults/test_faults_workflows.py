"""A workflow with everything in it dies at every commit, and ends as if it never had.

``BATON_FAULT_DEATHS`` says how many deaths there are on each database.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from runtime.domain.effects import Effect
from runtime.domain.errors import ToolFailed
from runtime.domain.json import Json, JsonObject
from runtime.domain.states import ApprovalStatus, StepStatus
from runtime.expressions.evaluator import Evaluator
from runtime.storage import approvals
from runtime.tools.tool import Call, Tool
from tests.worlds.engine import LEASE_SECONDS, Crash
from tests.worlds.flows import FlowWorld
from tests.worlds.mortal import MortalDatabase

DEATHS = int(os.environ.get("BATON_FAULT_DEATHS", "24"))
SEED = int(os.environ.get("BATON_FAULT_SEED", "20260105"))
_MOST_LIVES = 60

pytestmark = [pytest.mark.faults, pytest.mark.timeout(0 if DEATHS > 200 else 300)]

WORKFLOW = """
do:
  - each:
      for: {each: row, in: .rows, at: place}
      do:
        - cells:
            for: {each: cell, in: $row}
            do:
              - pay:
                  call: tool
                  with: {tool: pay, arguments: {text: '${ "cell \\($cell)" }'}}
                  output: {as: $input}
  - long:
      for: {in: '[range(12)]'}
      do: [{add: {set: '${ .sum += $item }'}}]
  - both:
      fork:
        branches:
          - left: {call: tool, with: {tool: pay, arguments: {text: left}}}
          - right:
              try: [{weak: {call: tool, with: {tool: weak, arguments: {text: right}}}}]
              catch: {retry: {delay: PT5S, limit: {attempt: {count: 3}}}}
  - pause: {wait: PT1M}
  - hear:
      listen: {to: {one: {with: {type: go}}}}
  - may:
      call: approval
      with: {title: Go on, stages: [{eligible: ['slack:T1/U9']}]}
  - last:
      set: '${ {heard: $context.heard, approved: .approved} }'
output: {as: '. + {context: $context}'}
"""
ROWS: Json = [[1, 2], [3], [4, 5]]
PAID = {"cell 1", "cell 2", "cell 3", "cell 4", "cell 5", "left", "right"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What a run came to, and how it got there."""

    output: Json
    tasks: tuple[str, ...]
    paid: Counter[str]
    """How many different payments the far side was asked for, by what they were for."""
    points: int


@pytest.fixture(scope="module")
def evaluator() -> Iterator[Evaluator]:
    made = Evaluator()
    yield made
    made.close()


def live(url: str, evaluator: Evaluator, data: Path, *, dies_at: tuple[int, ...] = ()) -> Life:
    """Carry the workflow out, in as many lives as it takes."""
    ledger = data / "ledger"
    database = MortalDatabase(url)
    world = FlowWorld(database, evaluator=evaluator, data=data, tools=(_pay(ledger), _weak(ledger)))
    try:
        run_id = world.accept(WORKFLOW, input={"rows": ROWS, "sum": 0})
        database.passed = 0
        deaths = list(dies_at)
        for _ in range(_MOST_LIVES):
            database.dies_at = database.passed + deaths[0] if deaths else None
            try:
                _one_life(world, run_id)
            except Crash:
                deaths.pop(0)
                world.engines.bell.take_steps()
                world.engines.clock.step(LEASE_SECONDS + 1)
            if world.outcome(run_id).status in (StepStatus.SUCCEEDED, StepStatus.FAILED):
                break
        outcome = world.outcome(run_id)
        assert outcome.status == StepStatus.SUCCEEDED, (dies_at, outcome)
        tasks = tuple(sorted(world.names(run_id)))
        return Life(
            output=outcome.output, tasks=tasks, paid=_payments(ledger), points=database.passed
        )
    finally:
        world.close()
        database.close()


def _one_life(world: FlowWorld, run_id: str) -> None:
    process = world.process()
    world.engines.do(process, run_id)
    world.engines.later(process, seconds=61)
    if world.outcome(run_id).waits_for.startswith("an event"):
        # Before it listens it would not count; once it does, sending again is no second event.
        world.events.publish("T1", {"id": run_id, "source": "/test", "type": "go", "data": "go"})
    world.engines.answer_rings(process)
    with world.database.read() as connection:
        asked = approvals.of_run(connection, run_id)
    for one in asked:
        if one.status == ApprovalStatus.PENDING and world.outcome(run_id).waits_for:
            _approve(world, one.step_id)
    world.engines.answer_rings(process)


def _approve(world: FlowWorld, leaf: str) -> None:
    try:
        world.engines.answer(leaf, {"verdict": "approved", "by": "Boss"})
    except AssertionError:
        return  # It was answered in an earlier life.


def _pay(ledger: Path) -> Tool:
    def pay(arguments: JsonObject, call: Call) -> Json:
        _write(ledger, call.key, str(arguments["text"]))
        return {"paid": True}

    return _tool("pay", pay)


def _weak(ledger: Path) -> Tool:
    """Pay as well, but only when asked for the second time, under another key."""

    def weak(arguments: JsonObject, call: Call) -> Json:
        if "/retry/" not in call.key:
            raise ToolFailed("not yet; try again")
        _write(ledger, call.key, str(arguments["text"]))
        return {"paid": True}

    return _tool("weak", weak)


def _tool(name: str, run: object) -> Tool:
    return Tool(
        name=name,
        description="Pays.",
        parameters={"type": "object"},
        effect=Effect.WRITE,
        run=run,  # pyright: ignore[reportArgumentType] - one of the two functions above
    )


def _write(ledger: Path, key: str, text: str) -> None:
    with ledger.open("a") as book:
        book.write(json.dumps([key, text]) + "\n")


def _payments(ledger: Path) -> Counter[str]:
    """Count payments as a far side does that knows keys: a repeat of one is the same payment."""
    lines = [json.loads(line) for line in ledger.read_text().splitlines()]
    return Counter(text for _, text in {(key, text) for key, text in lines})


def _chosen(points: int, count: int) -> list[tuple[int, ...]]:
    """Give deaths spread over all points, and some lives that end more than once."""
    chance = random.Random(SEED)
    spread = [(1 + at * points // count,) for at in range(count)]
    twice = [
        (chance.randrange(1, points), chance.randrange(1, points // 2), chance.randrange(1, 40))
        for _ in range(count // 6)
    ]
    return [*spread, *twice]


def test_a_workflow_that_dies_at_any_commit_ends_the_same(
    database_url: str, evaluator: Evaluator, tmp_path: Path
) -> None:
    (tmp_path / "whole").mkdir()
    whole = live(database_url, evaluator, tmp_path / "whole")
    assert whole.paid == Counter(PAID)

    for number, dies_at in enumerate(_chosen(whole.points, DEATHS)):
        folder = tmp_path / str(number)
        folder.mkdir()
        life = live(database_url, evaluator, folder, dies_at=dies_at)

        assert life.output == whole.output, dies_at
        assert life.tasks == whole.tasks, dies_at
        assert life.paid == whole.paid, dies_at
