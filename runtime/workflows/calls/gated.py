"""The way of an effect: policy, people where policy says so, the journal, then the world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from runtime.agent import gate, judge
from runtime.agent.judge import Proposed
from runtime.domain.effects import Effect
from runtime.domain.errors import Faulted, ToolFailed
from runtime.domain.json import Json, JsonObject, object_of
from runtime.durable.context import Pending
from runtime.tools.scrubbing import Scrubber
from runtime.tools.tool import Call, Tool
from runtime.workflows import origins
from runtime.workflows.doing import Doing
from runtime.workflows.problem import fault
from runtime.workflows.secrets import values_of

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
    origin: str = ""
    """Where its result comes from, as a label, where that is outside: ``http:example.com``."""
    fed: Json = None
    """What it takes in beside its arguments, where its result may be made of that."""


def perform(doing: Doing, deed: Deed) -> Json:
    """Do it once, as policy and people allow. Suspends while people are asked.

    Raises ``Faulted``: of the type authorization where it was denied or turned down.
    """
    at = doing.task.reference
    act = doing.act
    # Who is sent a secret may say it back.
    scrubber = Scrubber(values_of(act.workflow, act.outfit.secrets))

    def run(arguments: JsonObject, call: Call) -> Json:
        del arguments
        try:
            return scrubber.json(deed.run(call))
        except Faulted as error:
            raise Faulted(object_of(scrubber.json(error.problem))) from None
        except ToolFailed as error:
            raise fault(deed.fails_as, scrubber.text(error.public), at=at) from None

    tool = Tool(
        name=deed.tool,
        description=f"What the workflow {act.workflow.name!r} does.",
        parameters=_PARAMETERS,
        effect=deed.effect,
        run=run,
        timeout_seconds=deed.timeout_seconds,
        source=f"workflow:{act.workflow.actor}",
    )
    return through_gate(doing, tool, deed.arguments, deed=deed)


def through_gate(
    doing: Doing, tool: Tool, arguments: JsonObject, *, deed: Deed | None = None
) -> Json:
    """Make a call under the gate. Suspends while people are asked; raises ``Faulted``.

    People are asked as well where it does something with what came from outside.
    """
    act = doing.act
    origin = deed.origin if deed else ""
    act.ctx.expect(gate.names_of(doing.name))
    proposed = Proposed(
        name=doing.name,
        tool=tool,
        arguments=arguments,
        actor=act.workflow.actor,
        sources=act.sources,
        authored=True,
    )
    gated = judge.gated(act.ctx, act.outfit.services, act.kit, proposed)
    try:
        made = gate.pass_through(act.ctx, act.outfit.services, gated)
    except ToolFailed as error:
        # What went wrong is told in words that may be another system's, and can be caught.
        origins.took(act, tool, dict(arguments), error.public, label=origin)
        if type(error) is not ToolFailed:
            raise
        # The call itself fails as something else: this is the policy, or a person, saying no.
        raise fault("authorization", error.public, at=doing.task.reference) from error
    if isinstance(made, Pending):
        act.ctx.suspend(f"approval of {tool.name}")
    fed: Json = [dict(arguments), deed.fed if deed else None]
    origins.took(act, tool, fed, made.result, label=origin)
    return made.result
