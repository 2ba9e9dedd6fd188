"""What the planner is told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from runtime.agent.kit import Kit
from runtime.domain.json import Json, JsonObject
from runtime.domain.plan import MOST_STEPS, StepKind
from runtime.models.completion import Turn
from runtime.orchestrator.goal import Goal

PLAN_SCHEMA: JsonObject = {
    "type": "object",
    "required": ["goal", "criteria", "steps"],
    "properties": {
        "goal": {"type": "string", "minLength": 1},
        "criteria": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "steps": {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_STEPS,
            "items": {
                "type": "object",
                "required": ["id", "title", "kind", "use", "input", "needs", "reason"],
                "properties": {
                    "id": {"type": "string"},
                    "title": {"type": "string"},
                    "kind": {"enum": [kind.value for kind in StepKind]},
                    "use": {"type": "string"},
                    "input": {"type": "object"},
                    "needs": {"type": "array", "items": {"type": "string"}},
                    "reason": {"type": "string"},
                },
            },
        },
    },
}
_WORDS: JsonObject = {"type": "string", "minLength": 1}
CHECK_SCHEMA: JsonObject = {
    "type": "object",
    "required": ["passed", "findings", "confidence"],
    "properties": {
        "passed": {"type": "boolean"},
        "findings": {"type": "array", "items": {"type": "string"}},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
    },
}

_PLANNING = """
You plan; others do the work. Answer with one JSON plan:
- goal: what the requester wants, in one sentence; criteria: how anybody can tell it was reached.
- steps: each with id, title, kind (agent, workflow, tool or human), use (the name of the agent,
  workflow or tool; empty for human), input, needs (ids of steps that must succeed first), reason.
- An agent's input has "task", and whatever else it needs by name. A value that is exactly "$id" or
  "$id.field" becomes that step's output. A tool's input is its arguments,
  a workflow's what its input_schema asks for. Where a workflow does what is wanted, use it: it goes
  the same way every time.
- Steps that do not need each other run side by side. A simple question is a plan of one step.
- Use only what the catalogue names.
"""


def planning(kit: Kit, goal: Goal) -> list[Turn]:
    """Give the turns that ask for the first plan."""
    planner = kit.planner
    tools = [tool for tool in kit.registry.all() if "loop" not in tool.labels]
    described = kit.catalog.describe(tools, without=goal.without)
    catalogue = json.dumps(described, ensure_ascii=False)
    system = f"{planner.prompt.strip()}\n{_PLANNING}\nCATALOGUE: {catalogue}"
    user = {"task": goal.text, "inputs": goal.inputs, "request": goal.text}
    return [
        Turn(role="system", text=system),
        Turn(role="user", text=json.dumps(user, ensure_ascii=False)),
    ]


def refusal(problems: Sequence[str]) -> Turn:
    """Give the turn that returns a plan with the reasons."""
    return Turn(
        role="user",
        text="That plan cannot be used: " + "; ".join(problems) + ". Answer with a sound plan.",
    )


def replanning(
    *, plan: Json, outcomes: JsonObject, findings: Sequence[str], said: Sequence[Json]
) -> Turn:
    """Give the turn that asks for a plan of what is still to do."""
    told = {
        "previous_plan": plan,
        "outcomes": outcomes,
        "findings": list(findings),
        "said_in_the_thread": list(said),
    }
    return Turn(
        role="user",
        text="The plan was carried out, and this came of it:\n"
        + json.dumps(told, ensure_ascii=False)[:40_000]
        + "\nPlan only what is still to be done, with new step ids. What succeeded is not repeated;"
        " refer to it by its id.",
    )


def synthesis(
    *, goal: str, criteria: Sequence[str], outcomes: JsonObject, said: Sequence[Json]
) -> str:
    """Give the task of putting the answer together."""
    steps = [
        {"id": id, **outcome} for id, outcome in outcomes.items() if isinstance(outcome, Mapping)
    ]
    return json.dumps(
        {
            "task": "Write the one answer to the request from these steps. Name in sources the"
            " ids of the steps it rests on. Say plainly what was not done, and why.",
            "request": goal,
            "criteria": list(criteria),
            "steps": steps,
            "said_in_the_thread": list(said),
        },
        ensure_ascii=False,
    )


def synthesis_schema(answer: JsonObject | None) -> JsonObject:
    """Give the schema of an answer with its sources; the answer is text where nothing is asked."""
    return {
        "type": "object",
        "required": ["answer", "sources"],
        "properties": {
            "answer": answer or _WORDS,
            "sources": {"type": "array", "items": {"type": "string"}},
        },
    }
