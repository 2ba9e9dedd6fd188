"""The calls of one turn: reads side by side, the rest in order, none held up by another's approval.

Whatever happens to a call comes back to the model as an envelope; only waiting unwinds the turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runtime.agent import execution, gate, judge
from runtime.agent.hold import hold
from runtime.agent.judge import Gated, Proposed
from runtime.agent.kit import Kit, Services
from runtime.agent.question import KIND, asking
from runtime.agent.sources import Sources
from runtime.catalog.agent import Agent, Role
from runtime.domain.effects import Effect
from runtime.domain.errors import BatonError, ToolFailed
from runtime.domain.json import Json, JsonObject
from runtime.durable.context import Context, Pending
from runtime.durable.leaf import Child, Leaf
from runtime.models.completion import ToolCall
from runtime.policy.decision import Outcome
from runtime.tools import envelope
from runtime.tools.schema import parse_arguments
from runtime.tools.tool import Tool

MOST_CALLS = 16
_MOST_DEPTH = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """An agent at work: who it is and what lies before it."""

    ctx: Context
    services: Services
    kit: Kit
    agent: Agent
    tools: Sequence[Tool]
    depth: int
    sources: Sources
    """Who said what this agent has heard."""


def make_calls(bench: Bench, turn: int, calls: Sequence[ToolCall]) -> list[JsonObject]:
    """Give an envelope for every call, in order. Suspends while people are asked."""
    ctx = bench.ctx
    names = [f"turn/{turn}/tool/{index}" for index in range(len(calls))]
    ctx.expect([entry for name in names for entry in gate.names_of(name)])
    prepared = [_prepare(bench, name, call) for name, call in zip(names, calls, strict=True)]
    together = _read_together(bench, _reads(prepared))
    envelopes: list[JsonObject] = []
    waits: list[str] = []
    for one in prepared:
        told = one if isinstance(one, Mapping) else together.get(one.name) or _make(bench, one)
        if isinstance(told, Pending):
            assert isinstance(one, Gated)
            waits.append(one.tool.name)
            continue
        envelopes.append(told)
    if waits:
        ctx.suspend(f"{_reason(prepared)} {', '.join(waits)}")
    for one, told in zip(prepared, envelopes, strict=True):
        if isinstance(one, Gated):
            bench.sources.took(one.tool, one.arguments, told)
    return envelopes


def _prepare(bench: Bench, name: str, call: ToolCall) -> Gated | JsonObject:
    """Check one call against schema and policy, or give the envelope that says what is wrong."""
    tool = next((tool for tool in bench.tools if tool.name == call.name), None)
    if tool is None:
        known = ", ".join(sorted(tool.name for tool in bench.tools)) or "none"
        return envelope.failed(None, ToolFailed(f"you have no tool {call.name!r}; yours: {known}"))
    index = int(name.rsplit("/", 1)[1])
    if index >= MOST_CALLS:
        return envelope.failed(tool, ToolFailed(f"at most {MOST_CALLS} calls in one turn"))
    try:
        arguments = parse_arguments(call.arguments, tool=tool)
    except ToolFailed as error:
        return envelope.failed(tool, error)
    proposed = Proposed(
        name=name,
        tool=tool,
        arguments=arguments,
        actor=bench.agent.actor,
        sources=bench.sources,
    )
    return judge.gated(bench.ctx, bench.services, bench.kit, proposed)


def _reads(prepared: Sequence[Gated | JsonObject]) -> list[Gated]:
    """Give the calls that can run side by side: all of the turn's, or none."""
    gated = [one for one in prepared if isinstance(one, Gated)]
    free = all(
        one.tool.effect == Effect.READ
        and one.decision.outcome == Outcome.ALLOW
        and "loop" not in one.tool.labels
        for one in gated
    )
    return gated if free else []


def _read_together(bench: Bench, reads: Sequence[Gated]) -> dict[str, JsonObject]:
    """Run several reads side by side; give their envelopes by name."""
    if len(reads) < 2:
        return {}
    for one in reads:
        hold(bench.ctx, bench.services, one.name, actor=one.actor, tool=one.tool.name)
    results = bench.ctx.do_all(
        [
            (
                one.name,
                execution.effector(bench.ctx, bench.services, one),
                execution.leaf_of(bench.ctx, bench.services, one, None),
            )
            for one in reads
        ]
    )
    return {
        one.name: envelope.failed(one.tool, result)
        if isinstance(result, BatonError)
        else envelope.succeeded(one.tool, result)
        for one, result in zip(reads, results, strict=True)
    }


def _make(bench: Bench, gated: Gated) -> JsonObject | Pending:
    try:
        loop = gated.tool.labels.get("loop")
        if loop == "ask":
            result = _ask(bench, gated)
        elif loop == "hand_off":
            result = _hand_off(bench, gated)
        else:
            made = gate.pass_through(bench.ctx, bench.services, gated)
            if isinstance(made, Pending):
                return made
            return envelope.succeeded(gated.tool, made.result, note=made.note)
    except BatonError as error:
        return envelope.failed(gated.tool, error)
    if isinstance(result, Pending):
        return result
    return envelope.succeeded(gated.tool, result)


def _ask(bench: Bench, gated: Gated) -> Json | Pending:
    """Ask the requester; the answer is theirs, word for word."""
    question = str(gated.arguments.get("question", ""))
    given = gated.arguments.get("choices")
    choices = [str(choice) for choice in given] if isinstance(given, list) else []
    leaf = Leaf(
        kind=KIND,
        title=question,
        actor=bench.agent.actor,
        input={"question": question, "choices": choices},
    )
    return bench.ctx.open(
        gated.name,
        leaf,
        asking(bench.ctx.run, text=question, choices=choices, now=bench.services.clock.now()),
    )


def _hand_off(bench: Bench, gated: Gated) -> Json:
    """Let another agent do it below this one; it sees the task it is given and nothing more."""
    name = str(gated.arguments.get("agent", ""))
    if name not in bench.agent.hand_off_to:
        allowed = ", ".join(bench.agent.hand_off_to) or "nobody"
        raise ToolFailed(f"you may not hand off to {name!r}; you may to: {allowed}")
    if bench.depth >= _MOST_DEPTH:
        raise ToolFailed("the work was handed on too often; finish it yourself")
    other = bench.kit.catalog.agent(name)
    if other.role == Role.VALIDATOR:
        raise ToolFailed(f"{name!r} only checks the work of others; do it yourself")
    return bench.ctx.call(
        Child(
            name=gated.name,
            kind="agent",
            title=str(gated.arguments.get("task", ""))[:120],
            actor=other.actor,
            input={
                "agent": name,
                "task": str(gated.arguments.get("task", "")),
                "inputs": {},
                "depth": bench.depth + 1,
            },
        )
    )


def _reason(prepared: Sequence[Gated | JsonObject]) -> str:
    asked = [one for one in prepared if isinstance(one, Gated)]
    only_questions = all(one.tool.labels.get("loop") == "ask" for one in asked)
    return "an answer to" if only_questions else "approval of"
