"""The way of an effect: policy, people where policy says so, the journal, then the world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from runtime.agent import gate, judge
from runtime.agent.judge import Proposed
from runtime.domain.effects import Effect
from runtime.domain.errors import Faulted, ToolFailed
from runtime.domain.json import Json, JsonObject
from runtime.durable.context import Pending
from runtime.tools.tool import Call, Tool
from runtime.workflows.doing import Doing
from runtime.workflows.problem import fault

_PARAMETERS: JsonObject = {"type": "object"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Something a workflow does to the world, as policy and people see it."""

    tool: str
    """What rules of the policy call it: ``http``, ``shell``."""
    effect: Effect
    arguments: JsonObject
    """What is shown and agreed to; it holds no secret."""
    run: Callable[[Call], Json]
    fails_as: str = "communication"
    """The standard type of its errors."""
    timeout_seconds: float = 30.0


def perform(doing: Doing, deed: Deed) -> Json:
    """Do it once, as policy and people allow. Suspends while people are asked.

    Raises ``Faulted``: of the type authorization where it was denied or turned down.
    """
    at = doing.task.reference

    def run(arguments: JsonObject, call: Call) -> Json:
        del arguments
        try:
            return deed.run(call)
        except Faulted:
            raise
        except ToolFailed as error:
            raise fault(deed.fails_as, error.public, at=at) from error

    tool = Tool(
        name=deed.tool,
        description=f"What the workflow {doing.act.workflow.name!r} does.",
        parameters=_PARAMETERS,
        effect=deed.effect,
        run=run,
        timeout_seconds=deed.timeout_seconds,
        source=f"workflow:{doing.act.workflow.actor}",
        untrusted=True,
    )
    return through_gate(doing, tool, deed.arguments)


def through_gate(doing: Doing, tool: Tool, arguments: JsonObject) -> Json:
    """Make a call under the gate. Suspends while people are asked; raises ``Faulted``."""
    act = doing.act
    act.ctx.expect(gate.names_of(doing.name))
    proposed = Proposed(name=doing.name, tool=tool, arguments=arguments, actor=act.workflow.actor)
    gated = judge.gated(act.ctx, act.outfit.services, act.kit, proposed)
    try:
        made = gate.pass_through(act.ctx, act.outfit.services, gated)
    except ToolFailed as error:
        if type(error) is not ToolFailed:
            raise
        # The call itself fails as something else: this is the policy, or a person, saying no.
        raise fault("authorization", error.public, at=doing.task.reference) from error
    if isinstance(made, Pending):
        act.ctx.suspend(f"approval of {tool.name}")
    return made.result
