"""The way of one call: policy, people where policy says so, then the effect, exactly as agreed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

from runtime.agent.kit import Kit, Services
from runtime.agent.sources import Sources, contain
from runtime.approvals.ask import Asked, opening
from runtime.domain.approval import OnExpiry, Preview, Question, Stage
from runtime.domain.effects import Effect
from runtime.domain.errors import ToolFailed
from runtime.domain.json import Json, JsonObject
from runtime.durable.context import PENDING, Context, Pending
from runtime.durable.leaf import Found, Leaf
from runtime.durable.retry import BACK_OFF, Retry
from runtime.policy.binding import call_digest
from runtime.policy.decision import Decision, Outcome, Proposal
from runtime.storage import approvals
from runtime.storage.connection import Connection
from runtime.tools.tool import Tool

_MOST_ROUNDS = 3
_READ_RETRY = Retry(tries=2)
"""A read that fails twice is told to the model, who can do without or ask for less; a write is
tried for longer, because until it is settled nobody knows whether it took effect."""
Opened = Callable[[Connection, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gated:
    """One call on its way. ``name`` is its place in the journal, such as ``turn/3/tool/0``."""

    name: str
    tool: Tool
    arguments: JsonObject
    actor: str
    """The proposing agent with its version."""
    decision: Decision


def judge(
    kit: Kit,
    ctx: Context,
    *,
    tool: Tool,
    arguments: JsonObject,
    agent: str,
    sources: Sources | None = None,
) -> Decision:
    """Ask the policy the run was begun under; pure, so a replay decides the same.

    Whatever policy says, what came from outside goes nowhere before a person has seen it. There
    are no ``sources`` where a person wrote the call down: a workflow.
    """
    outside = sources.of_call(tool, arguments) if sources is not None else {}
    proposal = Proposal(
        tool=tool.name,
        effect=tool.effect,
        arguments=arguments,
        agent=agent,
        requester=ctx.run.requester,
        channel=ctx.run.requester.split(":", 1)[0],
        labels=tuple(sorted({label for labels in outside.values() for label in labels})),
    )
    decision = kit.policy.decide(proposal)
    return contain(decision, outside, tool=tool.name, eligible=kit.policy.default_eligible)


def names_of(name: str) -> list[str]:
    """Name every journal entry one call may make, to be announced as a group."""
    rounds = [
        f"{name}/{what}/{number}"
        for number in range(_MOST_ROUNDS)
        for what in ("preview", "approval", "recheck")
    ]
    return [*rounds, name]


def pass_through(ctx: Context, services: Services, gated: Gated) -> Json | Pending:
    """Make the call as policy and people allow; ``PENDING`` while people think.

    Raises what the model must hear: denied, rejected, expired, failed.
    """
    if gated.decision.outcome == Outcome.DENY:
        return _deny(ctx, gated)
    if gated.decision.outcome == Outcome.ALLOW:
        return execute(ctx, services, gated, approval=None)
    return _ask(ctx, services, gated)


def execute(ctx: Context, services: Services, gated: Gated, *, approval: str | None) -> Json:
    """Carry out an allowed call; the decision it stands on is on record with its intent."""
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
        decision=_spelled(gated.decision, approval),
        retry=_READ_RETRY if tool.effect == Effect.READ else BACK_OFF,
        reconcile=reconcile if tool.reconcile is not None else None,
        doubted=_doubted(ctx, services, gated),
    )


def effector(ctx: Context, services: Services, gated: Gated) -> Callable[[], Json]:
    """Give the function that makes the call."""
    key = ctx.key(gated.name)
    call = services.call(ctx.run, step_id=key, key=key)
    return lambda: services.runner.run(gated.tool, gated.arguments, call)


def _deny(ctx: Context, gated: Gated) -> Json:
    def refuse() -> Json:
        raise ToolFailed(f"{gated.tool.name!r} is denied by policy: {gated.decision.reason}")

    leaf = Leaf(
        kind="tool",
        title=gated.tool.name,
        actor=gated.actor,
        input=gated.arguments,
        decision=_spelled(gated.decision, None),
    )
    return ctx.do(gated.name, refuse, leaf)


def _ask(ctx: Context, services: Services, gated: Gated) -> Json | Pending:
    """Ask people; what they agreed to is looked at again right before it is done."""
    for number in range(_MOST_ROUNDS):
        preview, refused = _preview(ctx, services, gated, f"{gated.name}/preview/{number}")
        digest = _digest(gated, preview)
        if refused is not None:
            raise ToolFailed(refused)
        answer = _open(ctx, services, gated, f"{gated.name}/approval/{number}", preview, digest)
        if isinstance(answer, Pending):
            return PENDING
        assert isinstance(answer, Mapping)
        _raise_unless_approved(gated, answer)
        seen, _ = _preview(ctx, services, gated, f"{gated.name}/recheck/{number}")
        if answer.get("digest") == _digest(gated, seen):
            return execute(ctx, services, gated, approval=str(answer["approval"]))
        _void(services, str(answer["approval"]))
    raise ToolFailed(
        f"what {gated.tool.name!r} would change kept changing while people looked at it;"
        " say so and stop"
    )


def _preview(
    ctx: Context, services: Services, gated: Gated, name: str
) -> tuple[Preview, str | None]:
    """Find out what the call would do, and whether it was rejected before in this run."""

    def look() -> Json:
        key = ctx.key(gated.name)
        call = services.call(ctx.run, step_id=key, key=key)
        shown = services.runner.preview(gated.tool, gated.arguments, call)
        preview = shown or _plain(gated)
        with services.database.read() as connection:
            before = approvals.rejected_before(
                connection, run_id=ctx.run.id, digest=_digest(gated, preview)
            )
        refused = None
        if before is not None:
            refused = (
                f"the identical call was rejected before by {before.decided_by_name}"
                f" ({before.decision_reason or 'no reason given'}); do not propose it again"
            )
        return {"preview": asdict(preview), "refused": refused}

    found = ctx.do(name, look, Leaf(kind="preview", title=gated.tool.name, actor=gated.actor))
    assert isinstance(found, Mapping)
    shown = found["preview"]
    assert isinstance(shown, Mapping)
    refused = found["refused"]
    return Preview(**cast("dict[str, Any]", shown)), str(refused) if refused else None


def _open(
    ctx: Context, services: Services, gated: Gated, name: str, preview: Preview, digest: str
) -> Json | Pending:
    asked = Asked(
        question=Question.CALL,
        tool=gated.tool.name,
        arguments=gated.arguments,
        digest=digest,
        agent=gated.actor,
        preview=preview,
        decision=gated.decision,
    )
    leaf = Leaf(kind="approval", title=f"approval of {gated.tool.name}", actor=gated.actor)
    return ctx.open(name, leaf, _opening(ctx, services, asked))


def _opening(ctx: Context, services: Services, asked: Asked) -> Opened:
    policy = services.current_policy()
    stages = asked.decision.stages
    names = [policy.eligible_names(stage, ctx.run.requester) for stage in stages]
    eligible = names[0] if names and all(names) else ()
    return opening(ctx.run, asked, now=services.clock.now(), eligible=eligible)


def _doubted(ctx: Context, services: Services, gated: Gated) -> Opened:
    """Give the writer of "did it happen?", for the transaction that marks the doubt."""

    def doubted(connection: Connection, leaf_id: str) -> None:
        decision = gated.decision
        stages = decision.stages or (
            Stage(eligible=tuple(services.current_policy().default_eligible)),
        )
        asked = Asked(
            question=Question.OUTCOME,
            tool=gated.tool.name,
            arguments=gated.arguments,
            digest=_digest(gated, _plain(gated)),
            agent=gated.actor,
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
        _opening(ctx, services, asked)(connection, leaf_id)

    return doubted


def _raise_unless_approved(gated: Gated, answer: JsonObject) -> None:
    verdict = str(answer.get("verdict"))
    if verdict == "approved":
        return
    reason = str(answer.get("reason") or "no reason given")
    if verdict == "rejected":
        raise ToolFailed(
            f"{answer.get('by')} rejected {gated.tool.name!r}: {reason};"
            " do not propose the same call again"
        )
    raise ToolFailed(f"{gated.tool.name!r} was not approved ({verdict}): {reason}")


def _void(services: Services, approval_id: str) -> None:
    with services.database.write() as connection:
        approvals.supersede(connection, approval_id)


def _digest(gated: Gated, preview: Preview) -> str:
    return call_digest(
        tool=gated.tool.name,
        arguments=gated.arguments,
        agent=gated.actor,
        policy=gated.decision.policy,
        fingerprint=preview.fingerprint,
    )


def _plain(gated: Gated) -> Preview:
    return Preview(
        what=f"Call {gated.tool.name} with the arguments below.",
        where=gated.tool.source,
        reversible=gated.tool.effect != Effect.IRREVERSIBLE,
    )


def _spelled(decision: Decision, approval: str | None) -> JsonObject:
    return {
        "outcome": decision.outcome,
        "rule": decision.rule,
        "policy": decision.policy,
        "approval": approval,
    }
