"""A plan: what is to be done, by whom, after what. Refused as a whole before anything starts."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from runtime.domain.json import Json, JsonObject, object_of

MOST_STEPS = 40
GOAL: Final = "goal"
"""The kind of a step that plans by itself below a workflow, and its place in paths."""
_ID = re.compile(r"^[a-z][a-z0-9_-]{0,40}$")
REFERENCE = re.compile(r"^\$([a-z][a-z0-9_-]{0,40})((?:\.[A-Za-z0-9_-]+)*)$")
"""A value that stands for a step's output, or for a part of it."""


class StepKind(StrEnum):
    """Who does a step of a plan."""

    AGENT = "agent"
    TOOL = "tool"
    HUMAN = "human"
    WORKFLOW = "workflow"


PLANNED = frozenset(kind.value for kind in StepKind)
"""The kinds of the tasks that people see as steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStep:
    """One step. ``input`` may hold references such as ``$research`` or ``$research.rows.0``."""

    id: str
    title: str
    kind: StepKind
    use: str
    input: JsonObject
    needs: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan that passed every check."""

    goal: str
    criteria: tuple[str, ...]
    steps: tuple[PlanStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Available:
    """What a plan may use."""

    agents: Collection[str]
    tools: Collection[str]
    workflows: Collection[str]
    finished: Collection[str] = ()
    """Ids of steps of earlier revisions whose outputs may be referred to."""
    required: Mapping[tuple[StepKind, str], Collection[str]] = field(
        default_factory=dict[tuple[StepKind, str], Collection[str]]
    )
    """Names of the inputs that an agent or a tool cannot do without."""


def plan_of(value: Json) -> Plan:
    """Read a plan from JSON that fits the planner's schema."""
    assert isinstance(value, Mapping)
    steps = value["steps"]
    assert isinstance(steps, Sequence)
    return Plan(
        goal=str(value["goal"]),
        criteria=_words(value["criteria"]),
        steps=tuple(_step(step) for step in steps if isinstance(step, Mapping)),
    )


def _step(step: JsonObject) -> PlanStep:
    given = object_of(step.get("input"))
    needs = dict.fromkeys([*_words(step.get("needs")), *references_in(given)])
    return PlanStep(
        id=str(step["id"]),
        title=str(step.get("title") or step["id"]),
        kind=StepKind(str(step["kind"])),
        use=str(step.get("use") or ""),
        input=given,
        needs=tuple(needs),
        reason=str(step.get("reason") or ""),
    )


def problems_of(plan: Plan, available: Available) -> list[str]:
    """Say everything that is wrong with a plan, in words for the planner; empty if it is sound."""
    problems: list[str] = []
    ids = [step.id for step in plan.steps]
    if not plan.steps:
        problems.append("it has no steps")
    if len(plan.steps) > MOST_STEPS:
        problems.append(f"it has {len(plan.steps)} steps; at most {MOST_STEPS} are allowed")
    problems += [f"two steps have the id {id!r}" for id in ids if ids.count(id) > 1]
    known = {*ids, *available.finished}
    for step in plan.steps:
        problems += _wrong_with(step, available, known)
    circle = _circle(plan.steps)
    if circle:
        problems.append(f"steps wait for each other in a circle: {' → '.join(circle)}")
    return list(dict.fromkeys(problems))


def _wrong_with(step: PlanStep, available: Available, known: Collection[str]) -> list[str]:
    problems: list[str] = []
    if not _ID.match(step.id):
        problems.append(f"the id {step.id!r} is not lower-case letters, digits, - and _")
    names = {
        StepKind.AGENT: available.agents,
        StepKind.TOOL: available.tools,
        StepKind.WORKFLOW: available.workflows,
    }.get(step.kind)
    if names is not None and step.use not in names:
        listed = ", ".join(sorted(names)) or "there are none"
        problems.append(f"step {step.id!r} uses {step.kind} {step.use!r}, unknown; known: {listed}")
    if step.kind in (StepKind.AGENT, StepKind.HUMAN) and not str(step.input.get("task") or ""):
        problems.append(f"step {step.id!r} has no input 'task' that says what to do")
    problems += [
        f"step {step.id!r} has no input {name!r}, which {step.use!r} cannot do without"
        for name in available.required.get((step.kind, step.use), ())
        if step.input.get(name) is None and (name != "task" or step.kind is StepKind.TOOL)
    ]
    problems += [
        f"step {step.id!r} needs {need!r}, which no step gives"
        for need in step.needs
        if need not in known
    ]
    return problems


def _circle(steps: Sequence[PlanStep]) -> list[str]:
    needs = {step.id: step.needs for step in steps}
    done: set[str] = set()
    for start in needs:
        trail = _follow(start, needs, done, [])
        if trail:
            return trail
    return []


def _follow(
    id: str, needs: Mapping[str, Sequence[str]], done: set[str], trail: list[str]
) -> list[str]:
    if id in trail:
        return [*trail[trail.index(id) :], id]
    if id in done or id not in needs:
        return []
    for need in needs[id]:
        found = _follow(need, needs, done, [*trail, id])
        if found:
            return found
    done.add(id)
    return []


def references_in(value: Json) -> list[str]:
    """Name the steps that a value refers to."""
    if isinstance(value, str):
        found = REFERENCE.match(value)
        return [found.group(1)] if found else []
    if isinstance(value, Mapping):
        return [name for inner in value.values() for name in references_in(inner)]
    if isinstance(value, Sequence):
        return [name for inner in value for name in references_in(inner)]
    return []


def resolve(value: Json, outputs: Mapping[str, Json]) -> Json:
    """Put outputs in place of references; a reference to nothing becomes None."""
    if isinstance(value, str):
        found = REFERENCE.match(value)
        if found is None:
            return value
        result = outputs.get(found.group(1))
        for part in found.group(2).split(".")[1:]:
            result = _part(result, part)
        return result
    if isinstance(value, Mapping):
        return {name: resolve(inner, outputs) for name, inner in value.items()}
    if isinstance(value, Sequence):
        return [resolve(inner, outputs) for inner in value]
    return value


def _part(value: Json, part: str) -> Json:
    if isinstance(value, Mapping):
        return value.get(part)
    if isinstance(value, Sequence) and not isinstance(value, str) and part.isdigit():
        return value[int(part)] if int(part) < len(value) else None
    return None


def _words(value: Json) -> tuple[str, ...]:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(str(word) for word in value)
    return ()
