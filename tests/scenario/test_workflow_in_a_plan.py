"""A workflow as a step of a plan, and as a run of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bots.builders import run_card
from runtime.domain.conversation import Message, Person, Place
from runtime.domain.form import InputNeeded
from runtime.domain.run import RunView
from tests.worlds.crew import Crew, plan, step
from tests.worlds.openai import Answer
from tests.worlds.scene import Scene

WORKFLOW = """\
document:
  dsl: '1.0.3'
  namespace: test
  name: price
  version: '1.0.0'
  title: Work out the price
input: {schema: {document: {type: object, required: [pieces]}}}
do:
  - multiply: {set: {total: '${ .pieces * 7 }'}}
"""


APPROVED = """\
document: {dsl: '1.0.3', namespace: test, name: price, version: '1.0.1', title: Work out the price}
do:
  - first: {metadata: {title: Look it up}, set: '${ {price: 7} }'}
  - each:
      metadata: {title: Ask each}
      for: {in: '[range(20)]'}
      do:
        - may:
            if: $index == 9
            call: approval
            with: {title: Go on, stages: [{eligible: [requester]}]}
"""


def _publish(working: Scene, agents: Crew, workflow: str = WORKFLOW) -> None:
    """Write the file while everything runs; it is read again within a second."""
    folder: Path = agents.folder / "workflows"
    folder.mkdir()
    (folder / "price.yaml").write_text(workflow)
    working.product.clock.pass_time(2)


def test_a_plan_may_use_a_workflow_and_build_on_what_it_gives(working: Scene, agents: Crew) -> None:
    agents.plans(
        plan(
            step("cost", "price", kind="workflow", pieces=6),
            step("tell", total="$cost.total", needs=["cost"]),
        )
    )
    agents.works(Answer(text="It costs 42."))
    agents.synthesises("It costs 42.", ["tell"])
    _publish(working, agents)

    asked = working.ask("what do six cost?")

    view, _ = working.answer(asked.ts)
    assert view.status == "succeeded", view.run.error
    assert [one.actor.partition("@")[0] for one in view.steps][:2] == ["price", "worker"]
    assert "Work out the price" in agents.asked("planner")[0]
    assert "42" in agents.asked("worker")[0]


def test_the_card_says_at_which_task_a_workflow_in_a_plan_is(working: Scene, agents: Crew) -> None:
    agents.plans(plan(step("cost", "price", kind="workflow", pieces=6)))
    agents.synthesises("It costs 42.", ["cost"])
    _publish(working, agents, APPROVED)

    asked = working.ask("what do six cost?")
    approval = working.approval_card(asked.ts)

    view = working.product.runtime.view("1", workspace=None)
    [line] = run_card(view).steps
    assert line.detail.startswith("Ask each (10 of 20): waits for approval #1")
    assert line.detail.endswith("(1 of 2 tasks done)")
    working.approve(approval)
    ended, _ = working.answer(asked.ts)
    assert ended.inside == {}


def test_a_workflow_without_what_it_needs_is_an_unsound_plan(working: Scene, agents: Crew) -> None:
    agents.plans(plan(step("cost", "price", kind="workflow")), plan(step("a")))
    agents.works(Answer(text="done"))
    _publish(working, agents)

    asked = working.ask("what do six cost?")

    working.answer(asked.ts)
    assert "has no input 'pieces'" in agents.asked("planner")[1]


def test_a_workflow_is_started_by_its_name(working: Scene, agents: Crew) -> None:
    _publish(working, agents)
    person = Person(channel="terminal", workspace="local", external_id="ada", name="Ada")
    place = Place(channel="terminal", workspace="local", key="here", address={})

    def ask(number: int, given: dict[str, int]) -> RunView:
        received = working.product.runtime.receive(
            Message(
                event_key=f"started:{number}",
                person=person,
                place=place,
                text="price it",
                addressed=True,
                workflow="price",
                input=given,
            )
        )
        return working.product.until_ended(str(received.number))

    assert json.loads(ask(1, {"pieces": 6}).run.answer) == {"total": 42}
    with pytest.raises(InputNeeded, match="pieces: it is missing"):
        ask(2, {})
    assert agents.asked("planner") == []
