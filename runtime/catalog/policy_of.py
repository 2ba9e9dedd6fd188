"""The policy of a catalog: policy.yaml, tightened by what agents say about themselves."""

from __future__ import annotations

from dataclasses import replace

from runtime.catalog.catalog import Catalog
from runtime.domain.errors import Misconfigured
from runtime.policy.decision import Outcome
from runtime.policy.parse import parse_policy
from runtime.policy.policy import Policy
from runtime.policy.rule import Rule


def policy_of(catalog: Catalog) -> Policy:
    """Put it together. Raises ``Misconfigured`` with file and line."""
    policy = parse_policy(catalog.policy_text or "version: 1\n", file="policy.yaml")
    more = tuple(
        rule
        for name, text in sorted(catalog.agent_policies.items())
        for rule in agent_rules(name, text, policy)
    )
    return policy if not more else replace(policy, rules=(*policy.rules, *more))


def agent_rules(name: str, text: str, policy: Policy, *, file: str | None = None) -> list[Rule]:
    """Give the rules an agent's own policy.yaml adds, for that agent alone.

    It may ask and deny. It can let nothing through: of all rules that apply the strictest wins.
    """
    where = file or f"agents/{name}/policy.yaml"
    own = parse_policy(text, file=where, roles=policy.roles, on_call=frozenset(policy.on_call))
    for rule in own.rules:
        if rule.outcome is Outcome.ALLOW:
            raise Misconfigured(
                f"{where}: rule {rule.id!r} allows, and an agent's own policy only tightens;"
                " write ask or deny"
            )
        if rule.agents:
            raise Misconfigured(
                f"{where}: rule {rule.id!r} names agents, and speaks of {name!r} alone;"
                " remove `agents`"
            )
    return [replace(rule, id=f"{name}/{rule.id}", agents=(name,)) for rule in own.rules]
