"""A task of a workflow that is left open: a goal, reached by a plan of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from runtime.catalog.agent import Agent, Role
from runtime.domain.effects import Effect
from runtime.domain.errors import ToolFailed
from runtime.domain.json import Json
from runtime.domain.states import ApprovalStatus, RunStatus, StepStatus
from runtime.expressions.evaluator import Evaluator
from runtime.models.completion import Prompt
from runtime.storage import approvals, audits
from runtime.tools.tool import Call, Tool
from tests.worlds.engine import REQUESTER
from tests.worlds.flows import FlowWorld, ScriptedModels, TickingClock, opened

POLICY = """\
version: 1
roles: {boss: ["slack:T1/U9"]}
defaults: {read: allow, write: allow, irreversible: ask}
"""
PRICED: Json = {
    "type": "object",
    "required": ["price"],
    "properties": {"price": {"type": "number"}},
}
_ROLES = {"planner": Role.PLANNER, "worker": Role.WORKER, "judge": Role.VALIDATOR}
AGENTS = tuple(
    Agent(
        name=name,
        version="0" * 12,
        role=role,
        description=f"The {name}.",
        tier="light",
        prompt=f"You are the {name}.",
    )
    for name, role in (
        ("planner", Role.PLANNER),
        ("worker", Role.WORKER),
        ("judge", Role.VALIDATOR),
    )
)
CHECKED: Json = {"passed": True, "findings": [], "confidence": 1}


def pay(arguments: object, call: Call) -> Json:
    with (call.data / "paid").open("a") as paid:
        paid.write(f"{call.key}\n")
    return {"paid": True}


PAY = Tool(
    name="pay",
    description="Pays.",
    parameters={"type": "object"},
    effect=Effect.IRREVERSIBLE,
    run=pay,
)


def deliver(arguments: object, call: Call) -> Json:
    del arguments
    if not (call.data / "open").exists():
        raise ToolFailed("the shop is closed")
    return {"delivered": True}


DELIVER = replace(PAY, name="deliver", effect=Effect.WRITE, run=deliver)


def quote(arguments: object, call: Call) -> Json:
    del arguments, call
    return {"price": 7}


QUOTE = replace(PAY, name="quote", effect=Effect.READ, run=quote)


def note(arguments: object, call: Call) -> Json:
    del arguments
    with (call.data / "noted").open("a") as noted:
        noted.write(f"{call.key}\n")
    return {"noted": True}


NOTE = replace(PAY, name="note", effect=Effect.WRITE, run=note)
SHIP = """\
document: {dsl: '1.0.3', namespace: test, name: ship, version: '1.0.0'}
do:
  - write: {call: tool, with: {tool: note, arguments: {}}}
  - each:
      for: {in: '[range(12)]'}
      do:
        - last: {if: $index == 10, call: tool, with: {tool: deliver, arguments: {}}}
"""


def step(id: str, kind: str = "agent", use: str = "worker", **given: Json) -> dict[str, Json]:
    given = given or {"task": f"task of {id}"}
    return {
        "id": id,
        "title": id,
        "kind": kind,
        "use": use,
        "input": given,
        "needs": [],
        "reason": "",
    }


class Desk:
    """What the models say, by purpose and task; set by each test."""

    def __init__(self) -> None:
        self.steps: list[dict[str, Json]] = [step("find")]
        self.answers: dict[str, str] = {}
        self.models = ScriptedModels(self.say)

    def say(self, prompt: Prompt) -> str:
        purpose = prompt.labels["purpose"]
        if purpose in ("plan", "replan"):
            return json.dumps({"goal": "G", "criteria": ["It is done."], "steps": self.steps})
        if purpose == "check":
            return json.dumps(CHECKED)
        if purpose == "synthesise":
            return json.dumps({"answer": self.answers["all"], "sources": []})
        said = json.loads(prompt.turns[1].text)
        return self.answers.get(str(said["task"]), "found it")


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def world(sqlite_url: str, evaluator: Evaluator, desk: Desk, tmp_path: Path) -> Iterator[FlowWorld]:
    make = partial(
        FlowWorld,
        evaluator=evaluator,
        data=tmp_path,
        policy=POLICY,
        tools=(PAY, QUOTE, DELIVER, NOTE),
        models=desk.models,
        agents=AGENTS,
        clock=TickingClock(),
    )
    with opened(sqlite_url, make) as made:
        yield made


def goal(**more: Json) -> str:
    given: Mapping[str, Json] = {"goal": '${ "Find \\(.what)" }', "inputs": {"n": 1}, **more}
    return f"do:\n  - search: {{call: plan, with: {json.dumps(given)}}}\n"


def test_a_goal_is_planned_and_reached_below_its_task(world: FlowWorld, desk: Desk) -> None:
    run_id = world.accept(goal(), input={"what": "it"})
    world.engines.do(world.process(), run_id)

    assert world.outcome(run_id).output == "found it"
    assert "/do/0/search/goal/plan/1/find" in world.names(run_id)
    asked = json.loads(desk.models.asked[0].turns[1].text)
    assert (asked["task"], asked["inputs"]) == ("Find it", {"n": 1})
    # The run is the workflow's: its goal and its revision are not those of one task.
    assert world.engines.run(run_id).goal == "Do it"
    with world.database.read() as connection:
        told = [one for one in audits.of_run(connection, run_id) if one.event == "PlanAccepted"]
    assert "/do/0/search/goal" in str(told[0].facts)


def test_the_workflow_itself_is_not_at_the_disposal_of_its_goal(
    world: FlowWorld, desk: Desk
) -> None:
    desk.steps = [step("again", kind="workflow", use="flow", what="x")]

    done = world.run(goal(), input={"what": "it"})

    assert "'flow'" not in desk.models.asked[0].turns[0].text
    assert "uses workflow 'flow', unknown" in str(done.problem["detail"])


def test_an_answer_has_the_form_that_the_task_asks_for(world: FlowWorld, desk: Desk) -> None:
    desk.answers["task of find"] = '{"price": 12}'
    assert world.run(goal(schema=PRICED), input={"what": "it"}).output == {"price": 12}

    # Of several steps, the one whose answer has the form gave it: nobody writes it anew.
    desk.steps = [step("find"), step("quote", kind="tool", use="quote", item="it")]
    asked = len(desk.models.asked)
    assert world.run(goal(schema=PRICED), input={"what": "it"}).output == {"price": 7}
    assert "synthesise" not in [one.labels["purpose"] for one in desk.models.asked[asked:]]


def test_an_answer_without_that_form_is_no_answer(world: FlowWorld, desk: Desk) -> None:
    desk.steps = [step("find"), step("other")]
    desk.answers["all"] = "about seven"

    done = world.run(goal(schema=PRICED), input={"what": "it"})

    assert done.status == StepStatus.FAILED
    assert "the answer does not fit" in str(done.problem["detail"])


def test_a_goal_has_a_budget_of_its_own(world: FlowWorld, desk: Desk) -> None:
    desk.models.usd = 0.3
    desk.steps = [step("find"), step("other")]

    done = world.run(goal(budget={"usd": 0.5}), input={"what": "it"})

    assert done.status == StepStatus.FAILED
    assert "the goal 'search' has spent $0.60 of its $0.50" in str(done.problem["detail"])
    # The plan and one step: what comes after is not begun.
    assert len(desk.models.asked) == 2
    wrong = world.run(goal(budget="${ {euros: 1} }"), input={"what": "it"}).problem
    assert "it has usd, tokens, time" in str(wrong["detail"])


def test_an_approval_within_a_goal_holds_the_workflow_and_lets_it_go_on(
    world: FlowWorld, desk: Desk, tmp_path: Path
) -> None:
    desk.steps = [step("order", kind="tool", use="pay", amount=5)]
    desk.answers["all"] = "paid"
    run_id = world.accept(goal() + "  - last: {set: '${ {said: .} }'}\n", input={"what": "it"})
    process = world.process()
    world.engines.do(process, run_id)
    with world.database.read() as connection:
        [asked] = approvals.of_run(connection, run_id)
    assert (asked.tool, (tmp_path / "paid").exists()) == ("pay", False)

    yes: Json = {"verdict": "approved", "by": "B", "approval": asked.id, "digest": asked.digest}
    world.engines.answer(asked.step_id, yes)
    world.engines.answer_rings(process)

    assert world.outcome(run_id).output == {"said": "paid"}
    assert len((tmp_path / "paid").read_text().splitlines()) == 1


def test_a_run_that_is_stopped_stops_within_its_goal(world: FlowWorld, desk: Desk) -> None:
    desk.steps = [step("order", kind="tool", use="pay", amount=5)]
    run_id = world.accept(goal(), input={"what": "it"})
    world.engines.do(world.process(), run_id)

    world.engines.steering().cancel(run_id, REQUESTER, workspace="T1")

    assert world.engines.run(run_id).status == RunStatus.CANCELLED
    with world.database.read() as connection:
        [asked] = approvals.of_run(connection, run_id)
    assert asked.status == ApprovalStatus.CANCELLED
    assert set(world.engines.states(run_id).values()) <= {"cancelled", "succeeded"}


def test_a_goal_that_failed_goes_on_where_its_last_plan_did(
    world: FlowWorld, desk: Desk, tmp_path: Path
) -> None:
    desk.steps = [step("find"), step("bring", kind="tool", use="deliver")]
    desk.answers["all"] = "brought"
    run_id = world.accept(goal(), input={"what": "it"})
    process = world.process()
    world.engines.do(process, run_id)
    assert world.outcome(run_id).status == StepStatus.FAILED
    asked = [one.labels["purpose"] for one in desk.models.asked]
    (tmp_path / "open").touch()

    world.engines.steering().retry(run_id, REQUESTER, workspace="T1")
    world.engines.answer_rings(process)

    assert world.outcome(run_id).output == "brought"
    again = [one.labels["purpose"] for one in desk.models.asked[len(asked) :]]
    assert again == ["synthesise", "check"]


def test_a_workflow_in_a_plan_goes_on_in_the_task_that_failed(
    world: FlowWorld, desk: Desk, tmp_path: Path
) -> None:
    desk.steps = [step("send", kind="workflow", use="ship")]
    desk.answers["all"] = "sent"
    run_id = world.accept(goal(), SHIP, input={"what": "it"})
    process = world.process()
    world.engines.do(process, run_id)
    assert world.outcome(run_id).status == StepStatus.FAILED
    assert "the shop is closed" in str(world.outcome(run_id).problem["detail"])
    noted = (tmp_path / "noted").read_text()
    asked = len(desk.models.asked)
    (tmp_path / "open").touch()

    world.engines.steering().retry(run_id, REQUESTER, workspace="T1")
    world.engines.answer_rings(process)

    assert world.outcome(run_id).status == StepStatus.SUCCEEDED
    assert (tmp_path / "noted").read_text() == noted
    again = [one.labels["purpose"] for one in desk.models.asked[asked:]]
    assert again == ["synthesise", "check"]
