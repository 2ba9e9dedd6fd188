"""What the card of a workflow shows: its tasks by their names, what they wait for, what failed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from bots.builders import step_line
from bots.views import StepLine
from runtime.catalog.workflow.read import parse_workflow
from runtime.domain.json import Json
from runtime.door.inside import journal_of
from runtime.door.tasks import tasks_of
from runtime.expressions.evaluator import Evaluator
from runtime.storage import approvals
from tests.worlds.flows import HEAD, FlowWorld, TickingClock, opened

PURCHASE = """
do:
  - read:
      metadata: {title: Read both}
      fork:
        branches:
          - offers: {metadata: {title: Read the offers}, set: '${ 1 }'}
          - budget: {metadata: {title: Read the budget}, wait: PT2H}
  - rank: {metadata: {title: Rank them}, set: '${ 7 }'}
  - few: {if: . < 5, metadata: {title: Ask for more}, set: '${ 1 }'}
  - agree:
      metadata: {title: Have it agreed}
      do:
        - ask: {metadata: {title: Two people}, call: approval, with: {title: Buy}}
        - tell: {metadata: {title: Say so}, set: '${ 1 }'}
  - order: {metadata: {title: Order}, call: tool, with: {tool: none}}
  - last: {set: '${ 1 }'}
"""


@pytest.fixture
def world(sqlite_url: str, evaluator: Evaluator, tmp_path: Path) -> Iterator[FlowWorld]:
    make = partial(FlowWorld, evaluator=evaluator, data=tmp_path, clock=TickingClock())
    with opened(sqlite_url, make) as made:
        yield made


def shown(world: FlowWorld, run_id: str, body: str) -> list[StepLine]:
    """Draw the tasks of a run as a card does."""
    workflow = parse_workflow(HEAD + body, file="flow.yaml")
    root = world.engines.step(run_id, "/")
    with world.database.read() as connection:
        entries = journal_of(connection, root)
        asked = approvals.of_run(connection, run_id)
    asked = [replace(one, may_decide=("Ben", "Cyd")) for one in asked]
    tasks = tasks_of(workflow, root, entries, asked)
    return [step_line(one, now=world.engines.clock.now()) for one in tasks]


def states(world: FlowWorld, run_id: str, body: str = PURCHASE) -> dict[str, str]:
    return {line.title: line.status for line in shown(world, run_id, body)}


def line(world: FlowWorld, run_id: str, title: str, body: str = PURCHASE) -> StepLine:
    [found] = [one for one in shown(world, run_id, body) if one.title == title]
    return found


def test_tasks_have_the_names_of_their_author_and_say_how_they_stand(world: FlowWorld) -> None:
    run_id = world.accept(PURCHASE)
    process = world.process()
    world.engines.do(process, run_id)

    assert states(world, run_id) == {
        "Read the offers": "succeeded",
        "Read the budget": "waiting",
        "Rank them": "ready",
        "Ask for more": "ready",
        "Have it agreed: Two people": "ready",
        "Have it agreed: Say so": "ready",
        "Order": "ready",
        "last": "ready",
    }
    assert line(world, run_id, "Read the budget").detail.startswith("waits until 20")
    assert line(world, run_id, "Order").owner == "none"

    world.engines.later(process, seconds=2 * 3600 + 1)

    assert states(world, run_id) == {
        "Read the offers": "succeeded",
        "Read the budget": "succeeded",
        "Rank them": "succeeded",
        "Ask for more": "skipped",
        "Have it agreed: Two people": "waiting",
        "Have it agreed: Say so": "ready",
        "Order": "ready",
        "last": "ready",
    }
    waits = line(world, run_id, "Have it agreed: Two people")
    assert waits.detail == "waits for approval #1 by Ben, Cyd"


def test_the_task_that_failed_says_what_and_where(world: FlowWorld) -> None:
    run_id = world.accept(PURCHASE)
    process = world.process()
    world.engines.do(process, run_id)
    world.engines.later(process, seconds=2 * 3600 + 1)
    with world.database.read() as connection:
        [asked] = approvals.of_run(connection, run_id)
    yes: Json = {"verdict": "approved", "by": "Ben"}
    world.engines.answer(asked.step_id, yes)
    world.engines.answer_rings(process)

    failed = line(world, run_id, "Order")

    assert (failed.status, states(world, run_id)["last"]) == ("failed", "skipped")
    assert failed.detail == "Configuration error: there is no tool 'none' (in /do/4/order)"


@pytest.mark.parametrize(
    ("body", "title", "detail"),
    [
        (
            "do:\n  - hear: {listen: {to: {any: [{with: {type: paid}}, {with: {type: sent}}]}}}\n",
            "hear",
            "waits for an event of type paid or sent",
        ),
        (
            "do:\n  - which: {call: ask, with: {question: 'Which one?'}}\n",
            "which",
            "waits for an answer to Which one?",
        ),
        (
            "do:\n  - all: {for: {in: '[range(20)]'}, do: [{nap: {wait: PT5M}}]}\n",
            "all (1 of 20)",
            "waits until 2026-01-05 09:05:00 UTC",
        ),
    ],
)
def test_a_task_that_waits_says_what_for(
    world: FlowWorld, body: str, title: str, detail: str
) -> None:
    run_id = world.accept(body)
    world.engines.do(world.process(), run_id)

    assert line(world, run_id, title, body).detail == detail


def test_a_run_that_could_not_begin_has_done_none_of_its_tasks(world: FlowWorld) -> None:
    body = "input: {schema: {document: {required: [n]}}}\ndo:\n  - one: {set: '${ 1 }'}\n"
    run_id = world.accept(body, input={})
    world.engines.do(world.process(), run_id)

    assert states(world, run_id, body) == {"one": "skipped"}


@pytest.mark.parametrize(
    ("items", "shown"), [(5, "each (4)"), (120, "each (104 of 120)"), (2600, "each (2554 of 2600)")]
)
def test_a_loop_says_in_which_turn_it_is(world: FlowWorld, items: int, shown: str) -> None:
    stops = int(shown.partition("(")[2].partition(" ")[0].strip(")")) - 1
    body = (
        f"do:\n  - each:\n      for: {{in: '[range({items})]'}}\n      do:\n"
        f"        - nap: {{if: $index == {stops}, wait: P1D}}\n"
    )
    run_id = world.accept(body)
    process = world.process()
    world.engines.do(process, run_id)

    assert states(world, run_id, body) == {shown: "waiting"}

    world.engines.later(process, seconds=24 * 3600 + 1)

    assert states(world, run_id, body) == {"each": "succeeded"}


def test_a_try_says_which_attempt_it_is(world: FlowWorld) -> None:
    body = (
        "do:\n  - weak:\n      try: [{no: {set: '${ error(\"no\") }'}}]\n"
        "      catch: {retry: {delay: PT5S, limit: {attempt: {count: 2}}}}\n"
    )
    run_id = world.accept(body)
    process = world.process()
    world.engines.do(process, run_id)
    first = states(world, run_id, body)
    world.engines.later(process, seconds=6)
    second = states(world, run_id, body)
    world.engines.later(process, seconds=6)

    assert first == {"weak": "waiting"}
    assert second == {"weak (attempt 2)": "waiting"}
    assert states(world, run_id, body) == {"weak (attempt 3)": "failed"}
