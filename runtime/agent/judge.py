"""What policy says of a call: the one the run began under, and today's where it is stricter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from runtime.agent.kit import Kit, Services
from runtime.agent.sources import Sources, contain
from runtime.domain.approval import OnExpiry
from runtime.domain.json import Json, JsonObject
from runtime.durable.context import Context
from runtime.policy.decision import Decision, Outcome, Proposal, stricter
from runtime.storage.approvals import stage_from, stage_spelled
from runtime.tools.tool import Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """One call an agent wants to make. ``name`` is its place in the journal: ``turn/3/tool/0``."""

    name: str
    tool: Tool
    arguments: JsonObject
    actor: str
    """The proposing agent with its version."""
    sources: Sources | None = None
    """Who said what its agent has heard; none where a person wrote the call down."""
    authored: bool = False
    """An author laid down what is called with what: then a rule on labels may allow it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gated(Proposed):
    """One call on its way, and what policy says of it."""

    kit: Kit
    decision: Decision


def gated(ctx: Context, services: Services, kit: Kit, proposed: Proposed) -> Gated:
    """Put a call before the policy."""
    return Gated(
        name=proposed.name,
        tool=proposed.tool,
        arguments=proposed.arguments,
        actor=proposed.actor,
        sources=proposed.sources,
        kit=kit,
        decision=judge(ctx, services, kit, proposed),
    )


def judge(ctx: Context, services: Services, kit: Kit, proposed: Proposed) -> Decision:
    """Decide about a call, once: what the journal has gone on with is not judged again.

    What people were asked, and what they were asked by which rule, is in the journal's preview.
    """
    name = proposed.name
    if ctx.holds(f"{name}/preview/0"):
        return replace(_pinned(ctx, services, kit, proposed), outcome=Outcome.ASK)
    if ctx.holds(name):
        return replace(_pinned(ctx, services, kit, proposed), outcome=Outcome.ALLOW)
    return judge_now(ctx, services, kit, proposed)


def judge_now(ctx: Context, services: Services, kit: Kit, proposed: Proposed) -> Decision:
    """Decide at this moment: a policy that was tightened since the run began holds at once."""
    pinned = _pinned(ctx, services, kit, proposed)
    policy = services.current_policy()
    if policy.digest == kit.policy.digest:
        return pinned
    proposal = _proposal(ctx, services, proposed)
    return stricter(pinned, policy.decide(proposal, services.evaluator))


def _pinned(ctx: Context, services: Services, kit: Kit, proposed: Proposed) -> Decision:
    """Ask the policy the run was begun under.

    Whatever it says, what came from outside goes nowhere before a person has seen it.
    """
    decision = kit.policy.decide(_proposal(ctx, services, proposed), services.evaluator)
    if proposed.authored and kit.policy.speaks_of_labels(decision.rule):
        return decision
    eligible = kit.policy.default_eligible
    return contain(decision, _outside(proposed), tool=proposed.tool.name, eligible=eligible)


def _outside(proposed: Proposed) -> dict[str, tuple[str, ...]]:
    if proposed.sources is None:
        return {}
    return proposed.sources.of_call(proposed.tool, proposed.arguments)


def _proposal(ctx: Context, services: Services, proposed: Proposed) -> Proposal:
    labels = {label for found in _outside(proposed).values() for label in found}
    return Proposal(
        tool=proposed.tool.name,
        effect=proposed.tool.effect,
        arguments=proposed.arguments,
        agent=proposed.actor.split("@", 1)[0],
        requester=ctx.run.requester,
        channel=ctx.run.requester.split(":", 1)[0],
        labels=tuple(sorted(labels)),
        at=services.clock.now(),
    )


def spelled(decision: Decision) -> JsonObject:
    """Spell a decision for the journal."""
    return {
        "outcome": decision.outcome,
        "rule": decision.rule,
        "policy": decision.policy,
        "reason": decision.reason,
        "stages": [stage_spelled(stage) for stage in decision.stages],
        "on_expiry": decision.on_expiry,
        "expires_after_seconds": decision.expires_after_seconds,
    }


def from_journal(told: Json, otherwise: Decision) -> Decision:
    """Give a decision as it was spelled; histories from before it was recorded have none."""
    if not isinstance(told, Mapping):
        return otherwise
    plain = cast("Mapping[str, Any]", told)
    return Decision(
        outcome=Outcome(plain["outcome"]),
        rule=plain["rule"],
        policy=plain["policy"],
        reason=plain["reason"],
        stages=tuple(stage_from(stage) for stage in plain["stages"]),
        on_expiry=OnExpiry(plain["on_expiry"]),
        expires_after_seconds=plain["expires_after_seconds"],
    )
