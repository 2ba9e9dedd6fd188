"""Plan steps that need no model: one tool call, or one question to the requester."""

from __future__ import annotations

import json
from collections.abc import Mapping

from runtime.agent import gate, judge
from runtime.agent.judge import Proposed
from runtime.agent.kit import Services
from runtime.agent.question import KIND, asking
from runtime.agent.sources import Sources
from runtime.domain.errors import NotFound
from runtime.domain.json import Json
from runtime.durable.context import Context, Pending
from runtime.durable.leaf import Leaf
from runtime.tools.schema import check_arguments


def call_tool(ctx: Context, services: Services) -> Json:
    """Make one call under the same gate as an agent's. Input: ``{tool, arguments, actor}``."""
    given = ctx.input
    assert isinstance(given, Mapping)
    kit = services.kits.of(ctx.run)
    tool = kit.registry.find(str(given["tool"]))
    if tool is None:
        raise NotFound(f"there is no tool {given['tool']!r}")
    arguments = check_arguments(given.get("arguments") or {}, tool=tool)
    actor = str(given["actor"])
    sources = Sources()
    sources.trust(ctx.run.request)
    if given.get("refers"):
        # What a plan says itself is its planner's, who knew the request; the rest is from steps.
        sources.distrust("agent:an earlier step", json.dumps(arguments, ensure_ascii=False))
    proposed = Proposed(name="call", tool=tool, arguments=arguments, actor=actor, sources=sources)
    gated = judge.gated(ctx, services, kit, proposed)
    ctx.expect(gate.names_of("call"))
    made = gate.pass_through(ctx, services, gated)
    if isinstance(made, Pending):
        ctx.suspend(f"approval of {tool.name}")
    return {"answer": made.result}


def ask_person(ctx: Context, services: Services) -> Json:
    """Ask the requester and give the answer. Input: ``{task}``."""
    given = ctx.input
    assert isinstance(given, Mapping)
    text = str(given["task"])
    leaf = Leaf(kind=KIND, title=text, input={"question": text, "choices": []})
    answer = ctx.open(
        "question", leaf, asking(ctx.run, text=text, choices=(), now=services.clock.now())
    )
    if isinstance(answer, Pending):
        ctx.suspend("an answer from the requester")
    return {"answer": answer}
