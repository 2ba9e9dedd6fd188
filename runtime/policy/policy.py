"""The policy: rules in, one decision out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from runtime.domain.approval import Stage
from runtime.domain.canonical import digest
from runtime.domain.effects import Effect
from runtime.domain.json import Json
from runtime.policy.decision import Decision, Outcome, Proposal
from runtime.policy.rule import Rule

STANDARD_OUTCOMES: Final[Mapping[Effect, Outcome]] = MappingProxyType(
    {
        Effect.READ: Outcome.ALLOW,
        Effect.WRITE: Outcome.ALLOW,
        Effect.IRREVERSIBLE: Outcome.ASK,
    }
)
STANDARD_ELIGIBLE: Final = ("requester", "role:approver")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One version of the rules, named by ``digest``; comments and spacing do not change it."""

    roles: Mapping[str, tuple[str, ...]]
    """Role to principals, with ``*`` as glob."""
    rules: tuple[Rule, ...] = ()
    defaults: Mapping[Effect, Outcome] = field(default_factory=lambda: STANDARD_OUTCOMES)
    default_eligible: tuple[str, ...] = STANDARD_ELIGIBLE
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", digest(self._spelled()))

    def decide(self, proposal: Proposal) -> Decision:
        """Give the outcome of the strictest rule that applies, else the default of the effect.

        Among equally strict rules the first in the file wins. Repeatable: the same policy and
        proposal give the same decision.
        """
        applying = [rule for rule in self.rules if rule.applies(proposal)]
        if not applying:
            return self._default(proposal)
        rule = max(applying, key=lambda rule: rule.strictness)
        return Decision(
            outcome=rule.outcome,
            rule=rule.id,
            policy=self.digest,
            reason=rule.reason or _plain_reason(rule.outcome, proposal),
            stages=self._stages(rule.outcome, rule.stages),
            on_expiry=rule.on_expiry,
            expires_after_seconds=rule.expires_after_seconds,
        )

    def eligible_names(self, stage: Stage, requester: str) -> tuple[str, ...]:
        """List for display who may decide: principals and globs, in order, each once.

        Empty means nobody can, and somebody must be told.
        """
        excluded = self.excluded(stage, requester)
        names = [
            name
            for entry in stage.eligible
            if not entry.startswith("!")
            for name in self.resolve(entry, requester)
            if name not in excluded
        ]
        return tuple(dict.fromkeys(names))

    def resolve(self, entry: str, requester: str) -> tuple[str, ...]:
        """Give the principals and globs behind ``requester``, ``role:NAME`` or a principal.

        A role that this version of the policy does not know holds nobody.
        """
        if entry == "requester":
            return (requester,) if requester else ()
        if entry.startswith("role:"):
            return self.roles.get(entry.removeprefix("role:"), ())
        return (entry,)

    def excluded(self, stage: Stage, requester: str) -> tuple[str, ...]:
        """Give the principals and globs that entries such as ``!requester`` shut out."""
        return tuple(
            name
            for entry in stage.eligible
            if entry.startswith("!")
            for name in self.resolve(entry[1:], requester)
        )

    def _default(self, proposal: Proposal) -> Decision:
        outcome = self.defaults[proposal.effect]
        return Decision(
            outcome=outcome,
            rule="default",
            policy=self.digest,
            reason=_plain_reason(outcome, proposal),
            stages=self._stages(outcome, ()),
        )

    def _stages(self, outcome: Outcome, stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
        if outcome is not Outcome.ASK:
            return ()
        return stages or (Stage(eligible=self.default_eligible),)

    def _spelled(self) -> Json:
        return {
            "version": 1,
            "roles": {name: list(people) for name, people in self.roles.items()},
            "defaults": {effect.value: outcome.value for effect, outcome in self.defaults.items()},
            "default_eligible": list(self.default_eligible),
            "rules": [_spelled_rule(rule) for rule in self.rules],
        }


def _plain_reason(outcome: Outcome, proposal: Proposal) -> str:
    effect = proposal.effect.value
    if outcome is Outcome.ASK:
        return f"{proposal.tool!r} is {effect}, and calls like this need somebody's approval."
    if outcome is Outcome.DENY:
        return f"{proposal.tool!r} is {effect}, and the policy does not permit calls like this."
    return f"{proposal.tool!r} is {effect}, and calls like this are permitted."


def _spelled_rule(rule: Rule) -> Json:
    return {
        "id": rule.id,
        "outcome": rule.outcome.value,
        "tools": list(rule.tools),
        "agents": list(rule.agents),
        "effects": [effect.value for effect in rule.effects],
        "requesters": list(rule.requesters),
        "channels": list(rule.channels),
        "where": [[c.path, c.test.value, c.value] for c in rule.where],
        "stages": [{"eligible": list(s.eligible), "quorum": s.quorum} for s in rule.stages],
        "on_expiry": rule.on_expiry.value,
        "expires_after_seconds": rule.expires_after_seconds,
        "reason": rule.reason,
    }
