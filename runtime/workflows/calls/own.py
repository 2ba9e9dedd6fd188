"""Baton's own functions: people, agents, tools and approvals as ordinary tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from runtime.catalog.workflow.own_calls import PURPOSES
from runtime.catalog.workflow.task import CallTask
from runtime.domain.errors import ToolFailed
from runtime.domain.json import JsonObject, object_of
from runtime.durable.leaf import Child
from runtime.tools.schema import check_arguments
from runtime.workflows import origins, schemas
from runtime.workflows.calls.approval import approve
from runtime.workflows.calls.ask import ask
from runtime.workflows.calls.gated import through_gate
from runtime.workflows.calls.plan import pursue
from runtime.workflows.calls.post import post
from runtime.workflows.doing import Doing
from runtime.workflows.flow import Passed
from runtime.workflows.problem import fault


def call_agent(doing: Doing) -> Passed:
    """Give work to an agent: ``{agent, task, inputs, schema, purpose}``; gives its answer.

    The purpose is ``work``, ``check`` or ``synthesise``: what the agent is told it is for. With
    ``schema`` the answer must fit it, or the task fails with an error of type validation.
    """
    given = _given(doing, "agent", "task")
    agent = doing.act.kit.catalog.agent(str(given["agent"]))
    purpose = str(given.get("purpose") or "work")
    if purpose not in PURPOSES:
        words = f"{purpose!r} is no purpose of an agent; write {', '.join(PURPOSES)}"
        raise fault("configuration", words, at=doing.task.reference)
    child = Child(
        name=f"{doing.name}/agent",
        kind="agent",
        title=doing.task.title,
        actor=agent.actor,
        input={
            "agent": agent.name,
            "task": str(given["task"]),
            "inputs": object_of(given.get("inputs")),
            "purpose": purpose,
            # The form itself is told to the agent, which then corrects what does not fit.
            "schema": given.get("schema"),
        },
    )
    outside = origins.may_bring_in(doing.act, agent.tools) or bool(
        doing.act.sources.labels(dict(given))
    )
    label = f"agent:{agent.name}" if outside else ""
    answer = object_of(origins.called(doing.act, child, label)).get("answer")
    if outside:
        origins.heard(doing.act, label, answer)
    schema = given.get("schema")
    if isinstance(schema, Mapping):
        wrong = schemas.complaint(schema, answer)
        if wrong is not None:
            words = f"the answer of {agent.name!r} does not fit: {wrong}"
            raise fault("validation", words, at=doing.task.reference)
    return doing.gives(answer)


def call_plan(doing: Doing) -> Passed:
    """Leave it to a plan: ``{goal, inputs, schema, budget}``; gives the checked answer.

    The plan is made by the planner, and its steps lie below the task like those of a run.
    """
    return pursue(doing, _given(doing, "goal"))


def call_tool(doing: Doing) -> Passed:
    """Make one tool call: ``{tool, arguments}``; gives its result."""
    given = _given(doing, "tool")
    name = str(given["tool"])
    tool = doing.act.kit.registry.find(name)
    if tool is None or "loop" in tool.labels:
        raise fault("configuration", f"there is no tool {name!r}", at=doing.task.reference)
    try:
        arguments = check_arguments(given.get("arguments") or {}, tool=tool)
    except ToolFailed as error:
        raise fault("validation", error.public, at=doing.task.reference) from error
    return doing.gives(through_gate(doing, tool, arguments))


def call_ask(doing: Doing) -> Passed:
    """Ask somebody: ``{question, of, choices, schema}``; gives ``{answer, by}``.

    ``of`` is the requester, people, roles and groups. The answer is one of the choices, of its
    type, or fits the schema.
    """
    return ask(doing, _given(doing, "question"))


def call_post(doing: Doing) -> Passed:
    """Say something: ``{text, to}``, in the conversation of the run or another; gives the text.

    ``to`` is spelled ``CHANNEL:WORKSPACE/ID``, and is one that Baton has been spoken to in.
    """
    return post(doing, _given(doing, "text"))


def call_approval(doing: Doing) -> Passed:
    """Ask people for a yes or no: ``{title, details, stages, policy, expires, on_expiry, reason}``.

    ``policy`` names a rule of policy.yaml, by whose stages and end people are asked where the task
    gives none. Gives ``{approved, verdict, by, reason}``; a no is data, for a switch to go by.
    """
    return approve(doing, _given(doing, "title"))


def _given(doing: Doing, *needed: str) -> JsonObject:
    task = doing.task
    assert isinstance(task, CallTask)
    given = object_of(doing.view.fill(task.arguments, doing.data))
    for name in needed:
        if given.get(name) is None:
            words = f"call: {task.function} needs {name!r} in 'with'; add it"
            raise fault("configuration", words, at=task.reference)
    return given


OWN: Final[Mapping[str, Callable[[Doing], Passed]]] = {
    "agent": call_agent,
    "plan": call_plan,
    "tool": call_tool,
    "ask": call_ask,
    "post": call_post,
    "approval": call_approval,
}
