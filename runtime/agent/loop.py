"""The agent loop, short enough to recite: ask the model, make its calls, until it has an answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

from runtime.agent import transcript
from runtime.agent.afford import afford
from runtime.agent.allowance import keep_within
from runtime.agent.calls import Bench, make_calls
from runtime.agent.hold import hold
from runtime.agent.kit import Services
from runtime.agent.shape import check_inputs, check_output
from runtime.agent.sources import Sources
from runtime.catalog.agent import Agent
from runtime.domain.canonical import digest
from runtime.domain.errors import OverBudget, Refused, ToolFailed
from runtime.domain.json import Json, JsonObject, object_of
from runtime.domain.step import Cost
from runtime.durable.context import Context
from runtime.durable.leaf import Leaf
from runtime.models.completion import Completion, Prompt, ToolCall, Turn

KIND: Final = "agent"


def work(ctx: Context, services: Services) -> Json:
    """Do one task as one agent. Gives ``{answer, demonstration}``.

    Input: ``{agent, task, inputs, purpose?, schema?, depth?}``.
    """
    given = ctx.input
    assert isinstance(given, Mapping)
    kit = services.kits.of(ctx.run)
    agent = kit.catalog.agent(str(given["agent"]))
    inputs = object_of(given.get("inputs"))
    check_inputs(inputs, agent.input_schema, agent=agent.name)
    schema = given.get("schema") or agent.output_schema
    schema = schema if isinstance(schema, Mapping) else None
    tools = kit.registry.granted(agent.tools, where=f"agents/{agent.name}/agent.md")
    bench = Bench(
        ctx=ctx, services=services, kit=kit, agent=agent, tools=tools,
        depth=int(str(given.get("depth") or 0)), sources=_heard_before(ctx, agent, given),
    )  # fmt: skip
    turns = transcript.opening(
        agent, ctx.run, task=str(given["task"]), inputs=inputs, schema=schema
    )
    purpose = str(given.get("purpose") or "work")
    last, cost = "", 0.0
    for turn in range(agent.max_turns):
        signals = ctx.take_signals(f"turn/{turn}/news", of="reply", last=last)
        if signals:
            last = str(signals[-1]["id"])
            turns.append(transcript.news(signals))
            for signal in signals:
                _hear(bench.sources, signal, requester=ctx.run.requester)
        prompt = Prompt(
            tier=agent.tier,
            turns=tuple(turns),
            tools=transcript.specs(tools),
            schema=schema,
            labels={
                "run": ctx.run.id,
                "step": ctx.step.id,
                "agent": agent.name,
                "purpose": purpose,
            },
        )
        completion = ask_model(ctx, services, f"turn/{turn}/model", prompt, actor=agent.actor)
        cost += completion.cost.usd
        turns.append(transcript.reply(completion))
        if completion.tool_calls:
            envelopes = make_calls(bench, turn, completion.tool_calls)
            for call, told in zip(completion.tool_calls, envelopes, strict=True):
                turns.append(transcript.result(call, told))
        else:
            answer, problem = check_output(completion.text, schema)
            if problem is None:
                return {"answer": answer, "demonstration": completion.demonstration}
            turns.append(transcript.correction(problem))
        _check_spent(agent, cost)
    raise ToolFailed(
        f"{agent.name!r} found no answer in {agent.max_turns} turns; give it a smaller task"
    )


def _heard_before(ctx: Context, agent: Agent, given: JsonObject) -> Sources:
    """Give what an agent knows as it begins: people's words are trusted, other agents' are not."""
    sources = Sources()
    sources.trust(f"{ctx.run.request}\n{agent.prompt}\n{agent.description}")
    task = str(given.get("task") or "")
    # A plan's first revision is made from the request alone; later ones have read results.
    if int(str(given.get("depth") or 0)) or not ctx.step.path.startswith("/plan/1/"):
        sources.distrust("agent:whoever gave the task", task)
    else:
        sources.trust(task)
    inputs = object_of(given.get("inputs"))
    if inputs:
        sources.distrust("agent:an earlier step", json.dumps(inputs, ensure_ascii=False))
    return sources


def _hear(sources: Sources, signal: Mapping[str, Json], *, requester: str) -> None:
    """Take in what was said in the thread: nobody but the requester adds authority to a run."""
    text = str(signal.get("text") or "")
    if signal.get("principal") == requester:
        sources.trust(text)
    else:
        sources.distrust(f"thread:{signal.get('name') or 'somebody'}", text)


def ask_model(
    ctx: Context, services: Services, name: str, prompt: Prompt, *, actor: str
) -> Completion:
    """Ask a model once and journal what it says and costs. Raises ``OverBudget`` before asking."""
    hold(ctx, services, name, actor=actor, tool=None)
    prompt = afford(ctx, services, name, prompt, actor=actor)
    keep_within(ctx, services, name)
    leaf = Leaf(
        kind="model",
        title=prompt.labels.get("purpose", "work"),
        actor=actor,
        input={"tier": prompt.tier, "turns": len(prompt.turns), "prompt": _digest(prompt.turns)},
        cost=_cost_of,
    )
    told = ctx.do(name, lambda: _to_json(services.models.complete(prompt)), leaf)
    return _from_json(told)


def _check_spent(agent: Agent, usd: float) -> None:
    if agent.max_usd is not None and usd >= agent.max_usd:
        raise OverBudget(f"agent {agent.name!r} has spent its ${agent.max_usd:.2f} on this task")


def _digest(turns: tuple[Turn, ...]) -> str:
    return digest([{"role": turn.role, "text": turn.text} for turn in turns])


def _to_json(completion: Completion) -> Json:
    told: dict[str, Json] = asdict(completion)
    told["tool_calls"] = [asdict(call) for call in completion.tool_calls]
    return told


def _from_json(told: Json) -> Completion:
    if not isinstance(told, Mapping):
        raise Refused("the journal holds no completion where one is expected")
    calls = told["tool_calls"]
    cost = told["cost"]
    assert isinstance(calls, list)
    assert isinstance(cost, Mapping)
    return Completion(
        text=str(told["text"]),
        tool_calls=tuple(_call(call) for call in calls if isinstance(call, Mapping)),
        model=str(told["model"]),
        cost=Cost(usd=float(str(cost["usd"])), tokens=int(str(cost["tokens"]))),
        finish=str(told["finish"]),
        demonstration=bool(told["demonstration"]),
    )


def _call(told: JsonObject) -> ToolCall:
    return ToolCall(id=str(told["id"]), name=str(told["name"]), arguments=str(told["arguments"]))


def _cost_of(told: Json) -> Cost:
    return _from_json(told).cost
