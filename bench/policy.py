"""One decision of a policy of 200 rules, typed and in jq."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

from bench.places import Places
from bench.table import Measured, median, quantile
from runtime.domain.effects import Effect
from runtime.expressions.evaluator import Evaluator
from runtime.policy.decision import Proposal
from runtime.policy.parse import parse_policy
from runtime.policy.policy import Policy

_RULES = 200
_TOOLS = 20
_ROUNDS = 400


def measure(_: Places) -> Iterator[Measured]:
    """Measure a policy of typed rules, and one whose rules about the called tool are in jq."""
    with closing(Evaluator()) as evaluator:
        typed = _times(_policy("where: {amount: {over: 10000}, currency: {in: [EUR, USD]}}"), None)
        spoken = _times(_policy("when: .arguments.amount > 10000"), evaluator)
    yield Measured(
        name=f"policy of {_RULES} rules", on="no database",
        value=median(typed) * 1000, unit="ms", goal=1.0,
        beside=f"p95 {quantile(typed, 0.95) * 1000:.2f} ms of {_ROUNDS}",
    )  # fmt: skip
    yield Measured(
        name=f"the same, {_RULES // _TOOLS} of them asked in jq", on="its own process",
        value=median(spoken) * 1000, unit="ms",
        beside=f"p95 {quantile(spoken, 0.95) * 1000:.2f} ms of {_ROUNDS}",
    )  # fmt: skip


def _policy(condition: str) -> Policy:
    rules = "\n".join(
        f"  - {{id: r{at}, tools: ['tool_{at % _TOOLS}*'], {condition}, outcome: deny}}"
        for at in range(_RULES)
    )
    return parse_policy(f"version: 1\nrules:\n{rules}\n", file="policy.yaml")


def _times(policy: Policy, evaluator: Evaluator | None) -> list[float]:
    """Time calls that no rule applies to, which are compared with all of them."""
    took: list[float] = []
    for at in range(_ROUNDS + 20):
        proposal = Proposal(
            tool="tool_7",
            effect=Effect.WRITE,
            arguments={"amount": at % 9000, "currency": "EUR"},
            agent="operator",
            requester="slack:T024/U061",
            channel="slack",
            at=datetime(2026, 3, 2, 9, tzinfo=UTC),
        )
        began = time.perf_counter()
        decision = policy.decide(proposal, evaluator)
        took.append(time.perf_counter() - began)
        assert decision.rule == "default"
    return took[20:]
