"""The way of one call: policy, people where policy says so, then the effect, exactly as agreed."""

from __future__ import annotations

from runtime.agent.asking import MOST_ROUNDS, ask
from runtime.agent.execution import Made, decided, execute
from runtime.agent.judge import Gated
from runtime.agent.kit import Services
from runtime.domain.errors import ToolFailed
from runtime.domain.json import Json
from runtime.durable.context import Context, Pending
from runtime.durable.leaf import Leaf
from runtime.policy.decision import Outcome


def names_of(name: str) -> list[str]:
    """Name every journal entry one call may make, to be announced as a group."""
    rounds = [
        f"{name}/{what}/{number}"
        for number in range(MOST_ROUNDS)
        for what in ("preview", "approval", "recheck")
    ]
    return [*rounds, name]


def pass_through(ctx: Context, services: Services, gated: Gated) -> Made | Pending:
    """Make the call as policy and people allow; ``PENDING`` while people think.

    Raises what the model must hear: denied, rejected, expired, failed.
    """
    if gated.decision.outcome == Outcome.DENY:
        return Made(result=_deny(ctx, gated))
    if gated.decision.outcome == Outcome.ALLOW:
        return Made(result=execute(ctx, services, gated, approval=None))
    return ask(ctx, services, gated)


def _deny(ctx: Context, gated: Gated) -> Json:
    def refuse() -> Json:
        raise ToolFailed(f"{gated.tool.name!r} is denied by policy: {gated.decision.reason}")

    leaf = Leaf(
        kind="tool",
        title=gated.tool.name,
        actor=gated.actor,
        input=gated.arguments,
        decision=decided(gated.decision, None),
    )
    return ctx.do(gated.name, refuse, leaf)
