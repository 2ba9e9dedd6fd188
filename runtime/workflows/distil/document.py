"""The document: tasks in waves, the answer worded and checked as it was, words for a reviewer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import yaml

from runtime.catalog.workflow.read import parse_workflow
from runtime.domain.json import Json, JsonObject
from runtime.domain.plan import PlanStep, StepKind
from runtime.workflows.distil.expressing import Expressing, of_context
from runtime.workflows.distil.lifting import Parameter

_DIRECTIVES: Final = frozenset({"continue", "exit", "end"})
_LONGEST_NAME: Final = 48
_WORDS_OF_NAME: Final = 5
_NOT_MET: Final = "https://open-workflow-specification.org/spec/1.0.0/errors/runtime"

Item = dict[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A run that worked: what was asked, which steps of its plans succeeded, and what it used."""

    number: int
    request: str
    goal: str
    criteria: tuple[str, ...]
    steps: tuple[PlanStep, ...]
    """Those that succeeded, of all revisions, in order."""
    parameters: tuple[Parameter, ...]
    actors: tuple[str, ...]
    """Who did the work, each with its version."""
    approved: tuple[str, ...]
    """What people agreed to, in words."""
    workflows: Mapping[str, tuple[str, str]]
    """Namespace and version of each workflow the plan used."""
    writer: str | None
    """The agent that worded the answer; None where a step's own answer was the run's."""
    reviewer: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Distilled:
    """A workflow made of a run, ready to be reviewed."""

    name: str
    text: str
    """YAML with comments."""


def distil(source: Source, *, name: str, synthesis: JsonObject, check: JsonObject) -> Distilled:
    """Write the workflow. ``synthesis`` and ``check`` are the forms of an answer and a verdict.

    Raises ``Misconfigured`` where our own loader would not take it.
    """
    name = name or name_of(source)
    express = Expressing(parameters=source.parameters, known=[step.id for step in source.steps])
    tasks = [_wave(wave, source, express) for wave in waves(source.steps)]
    if source.writer is not None:
        tasks += _ending(source, express, synthesis=synthesis, check=check)
        output = of_context("answer", "answer")
    else:
        # An answer of several fields is told by the one that speaks, as at the end of a plan.
        last = of_context(source.steps[-1].id)
        output = f'{last} | if type == "object" then (.answer // .summary // .text // .) else . end'
    heading: Json = {
        "document": {
            "dsl": "1.0.3",
            "namespace": "from-run",
            "name": name,
            "version": "0.1.0",
            "title": _line(source.goal, 120),
            "summary": _line(f"Does again what run #{source.number} did: {source.request}", 300),
        }
    }
    properties: dict[str, Json] = {one.name: one.schema for one in source.parameters}
    schema: Json = {"type": "object", "required": list(properties), "properties": properties}
    text = "\n".join(
        [
            *_comments(source, name),
            _dumped(heading),
            "# The values of that request.",
            _dumped({"input": {"schema": {"document": schema}}}),
            "do:",
            *(line for task in tasks for line in _told(task)),
            _dumped({"output": {"as": f"${{ {output} }}"}}),
        ]
    )
    parse_workflow(text, file=f"{name}.yaml")
    return Distilled(name=name, text=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    why: str
    item: Item


def waves(steps: Sequence[PlanStep]) -> list[list[PlanStep]]:
    """Give steps in the order of their needs; those of one wave do not need each other."""
    level: dict[str, int] = {}
    for step in steps:
        level[step.id] = 1 + max((level[need] for need in step.needs if need in level), default=0)
    deepest = max(level.values(), default=0)
    return [[step for step in steps if level[step.id] == at] for at in range(1, deepest + 1)]


def _wave(wave: Sequence[PlanStep], source: Source, express: Expressing) -> _Task:
    if len(wave) == 1:
        [step] = wave
        task = _step(step, source, express)
        export = {"as": f"$context + {{{json.dumps(step.id)}: .}}"}
        return _Task(why=step.reason, item={task_name(step.id): {**task, "export": export}})
    branches: list[Json] = [{task_name(step.id): _step(step, source, express)} for step in wave]
    outputs = ", ".join(f"{json.dumps(step.id)}: .[{at}]" for at, step in enumerate(wave))
    return _Task(
        why=" ".join(f"{step.title}: {step.reason}" for step in wave),
        item={
            task_name("-and-".join(step.id for step in wave)[:_LONGEST_NAME].strip("-_")): {
                "metadata": {"title": " · ".join(step.title for step in wave)},
                "fork": {"branches": branches},
                "export": {"as": f"$context + {{{outputs}}}"},
            }
        },
    )


def _step(step: PlanStep, source: Source, express: Expressing) -> Item:
    given = express.value(step.input)
    assert isinstance(given, Mapping)
    head: Item = {"metadata": {"title": step.title}}
    if step.kind is StepKind.TOOL:
        return {**head, "call": "tool", "with": {"tool": step.use, "arguments": given}}
    if step.kind is StepKind.HUMAN:
        return {**head, "call": "ask", "with": {"question": given["task"]}}
    if step.kind is StepKind.WORKFLOW:
        namespace, version = source.workflows[step.use]
        process: Json = {
            "namespace": namespace, "name": step.use, "version": version, "input": given
        }  # fmt: skip
        return {**head, "run": {"workflow": process}}
    inputs = {name: value for name, value in given.items() if name != "task"}
    work: Item = {"agent": step.use, "task": given.get("task", step.title)}
    return {**head, "call": "agent", "with": {**work, **({"inputs": inputs} if inputs else {})}}


def _ending(
    source: Source, express: Expressing, *, synthesis: JsonObject, check: JsonObject
) -> list[_Task]:
    """Word the answer from the steps, and have somebody check it who did none of them."""
    outcomes: list[Json] = [
        {
            "id": step.id,
            "title": step.title,
            "status": "succeeded",
            "output": f"${{ {of_context(step.id)} }}",
        }
        for step in source.steps
    ]
    words = express.text(source.request)
    answer: Item = {
        "metadata": {"title": "Word the answer"},
        "call": "agent",
        "with": {
            "agent": source.writer,
            "purpose": "synthesise",
            "task": words,
            "inputs": {"steps": outcomes},
            "schema": synthesis,
        },
        "export": {"as": "$context + {answer: .}"},
    }
    tasks = [_Task(why="The one answer, from the steps it rests on.", item={"answer": answer})]
    if source.reviewer is None:
        return tasks
    verdict: Item = {
        "metadata": {"title": "Check the answer"},
        "call": "agent",
        "with": {
            "agent": source.reviewer,
            "purpose": "check",
            "task": "Check whether the answer meets every criterion, judging by the outcomes.",
            "inputs": {
                "goal": express.text(source.goal),
                "criteria": [express.text(one) for one in source.criteria],
                "answer": f"${{ {of_context('answer', 'answer')} }}",
                "outcomes": outcomes,
            },
            "schema": check,
        },
    }
    refused: Item = {
        "if": ".passed | not",
        "raise": {
            "error": {
                "type": _NOT_MET,
                "status": 422,
                "title": "The check did not pass",
                "detail": '${ .findings | join("; ") }',
            }
        },
    }
    why = "Somebody who did none of it holds the answer against the criteria of the plan."
    return [*tasks, _Task(why=why, item={"check": verdict}), _Task(why="", item={"met": refused})]


def _comments(source: Source, name: str) -> list[str]:
    used = ", ".join(dict.fromkeys(actor for actor in source.actors if actor))
    lines = [
        f"Made of run #{source.number}: {source.request}",
        "The same steps in the same order, without a planner. Review it before you use it:",
        "- the inputs are what the request named; what the run found out is found anew;",
        "- a text that still holds a value of that run holds it for good;",
        f"- save it as workflows/{name}.yaml beside the agents, and give it a version of its own.",
    ]
    if used:
        lines.append(f"It was done by {used}; a run takes the versions it begins with.")
    lines += [f"People agreed to {one}; the policy asks them again." for one in source.approved]
    return [f"# {_line(line, 300)}" for line in lines]


def _told(task: _Task) -> list[str]:
    indented = [f"  {line}" for line in _dumped([task.item]).splitlines()]
    return [*([f"  # {_line(task.why, 300)}"] if task.why else []), *indented]


def _dumped(value: Json) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=96).rstrip()


def _line(text: str, limit: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else f"{flat[: limit - 1]}…"


def task_name(id: str) -> str:
    """Give a task the name of a step, unless that is a word of the language."""
    return f"{id}-step" if id in _DIRECTIVES | {"answer", "check", "met"} else id


def name_of(source: Source) -> str:
    """Make a name of what was asked, without the values that were asked for."""
    text = source.request
    for one in source.parameters:
        if one.mentions is not None:
            text = one.mentions.sub(" ", text)
    words = [word for word in re.findall(r"[a-z0-9]+", text.lower()) if len(word) > 1]
    name = "-".join(words[:_WORDS_OF_NAME])[:_LONGEST_NAME].strip("-")
    return name or f"run-{source.number}"
