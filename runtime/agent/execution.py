"""Carry out one allowed call, with what it stands on, and ask people where its end is in doubt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from runtime.agent.hold import hold
from runtime.agent.judge import Gated
from runtime.agent.kit import Services
from runtime.approvals.ask import Asked, opening
from runtime.domain.approval import OnExpiry, Preview, Question, Stage
from runtime.domain.effects import Effect
from runtime.domain.json import Json, JsonObject
from runtime.durable.context import Context
from runtime.durable.leaf import Found, Leaf
from runtime.durable.retry import BACK_OFF, Retry
from runtime.policy.binding import call_digest
from runtime.policy.decision import Decision, Outcome
from runtime.storage.connection import Connection

_READ_RETRY = Retry(tries=2)
"""A read that fails twice is told to the model, who can do without or ask for less; a write is
tried for longer, because until it is settled nobody knows whether it took effect."""
Opened = Callable[[Connection, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a call gave; ``note`` tells the model what people changed before it was made."""

    result: Json
    note: str = ""


def execute(ctx: Context, services: Services, gated: Gated, *, approval: str | None) -> Json:
    """Carry out an allowed call; the decision it stands on is on record with its intent."""
    hold(ctx, services, gated.name, actor=gated.actor, tool=gated.tool.name)
    return ctx.do(
        gated.name, effector(ctx, services, gated), leaf_of(ctx, services, gated, approval)
    )


def leaf_of(ctx: Context, services: Services, gated: Gated, approval: str | None) -> Leaf:
    """Describe the call for the journal."""
    call = services.call(ctx.run, step_id=ctx.key(gated.name), key=ctx.key(gated.name))
    tool = gated.tool

    def reconcile() -> Found | None:
        found = services.runner.reconcile(tool, gated.arguments, call)
        return None if found is None else Found(happened=found.happened, result=found.result)

    return Leaf(
        kind="tool",
        title=tool.name,
        actor=gated.actor,
        effect=tool.effect,
        input=gated.arguments,
        decision=decided(gated.decision, approval),
        retry=_READ_RETRY if tool.effect == Effect.READ else BACK_OFF,
        reconcile=reconcile if tool.reconcile is not None else None,
        doubted=_doubted(ctx, services, gated),
    )


def effector(ctx: Context, services: Services, gated: Gated) -> Callable[[], Json]:
    """Give the function that makes the call."""
    key = ctx.key(gated.name)
    call = services.call(ctx.run, step_id=key, key=key)
    return lambda: services.runner.run(gated.tool, gated.arguments, call)


def _doubted(ctx: Context, services: Services, gated: Gated) -> Opened:
    """Give the writer of "did it happen?", for the transaction that marks the doubt."""

    def doubted(connection: Connection, leaf_id: str) -> None:
        policy = services.current_policy()
        decision = gated.decision
        stages = decision.stages or (Stage(eligible=tuple(policy.default_eligible)),)
        asked = Asked(
            question=Question.OUTCOME,
            tool=gated.tool.name,
            arguments=gated.arguments,
            digest=digest_of(gated, plain_preview(gated)),
            agent=gated.actor,
            effect=gated.tool.effect,
            preview=Preview(
                what=f"Nobody knows whether {gated.tool.name} happened: the attempt was cut off.",
                reversible=False,
            ),
            decision=Decision(
                outcome=Outcome.ASK,
                rule=decision.rule,
                policy=decision.policy,
                reason="Its effect cannot be undone, so it is not repeated blindly.",
                stages=stages,
                on_expiry=OnExpiry.HOLD,
            ),
        )
        opening(ctx.run, asked, now=services.clock.now(), policy=policy)(connection, leaf_id)

    return doubted


def digest_of(gated: Gated, preview: Preview) -> str:
    """Give what a person's yes to this call is bound to."""
    return call_digest(
        tool=gated.tool.name,
        arguments=gated.arguments,
        agent=gated.actor,
        policy=gated.kit.policy.digest,
        fingerprint=preview.fingerprint,
    )


def plain_preview(gated: Gated) -> Preview:
    """Describe a call whose tool has no preview of its own."""
    return Preview(
        what=f"Call {gated.tool.name} with the arguments below.",
        where=gated.tool.source,
        reversible=gated.tool.effect != Effect.IRREVERSIBLE,
    )


def decided(decision: Decision, approval: str | None) -> JsonObject:
    """Spell what a call stands on, for its step."""
    return {
        "outcome": decision.outcome,
        "rule": decision.rule,
        "policy": decision.policy,
        "approval": approval,
    }
