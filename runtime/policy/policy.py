"""The policy: rules in, one decision out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from runtime.domain.approval import Stage
from runtime.domain.canonical import digest
from runtime.domain.conversation import Person
from runtime.domain.effects import Effect
from runtime.domain.json import Json
from runtime.expressions.evaluator import Evaluator
from runtime.policy.access import STANDARD, Entry, Right, refusal
from runtime.policy.budgets import Cap
from runtime.policy.case import Case
from runtime.policy.decision import Decision, Outcome, Proposal
from runtime.policy.expression import Expression, verdicts
from runtime.policy.on_call import OnCall
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
    on_call: Mapping[str, OnCall] = field(default_factory=dict[str, OnCall])
    access: tuple[Entry, ...] = STANDARD
    budgets: tuple[Cap, ...] = ()
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", digest(self._spelled()))

    def decide(self, proposal: Proposal, evaluator: Evaluator | None = None) -> Decision:
        """Give the outcome of the strictest rule that applies, else the default of the effect.

        Among equally strict rules the first in the file wins. Repeatable: the same policy and
        proposal give the same decision. Without an evaluator nobody can tell what a rule's ``when``
        gives, which counts against the call.
        """
        rule = self._strictest(proposal, evaluator)
        if rule is None:
            return self._default(proposal)
        return Decision(
            outcome=rule.outcome,
            rule=rule.id,
            policy=self.digest,
            reason=rule.reason or _plain_reason(rule.outcome, proposal),
            stages=self._stages(rule.outcome, rule.stages),
            on_expiry=rule.on_expiry,
            expires_after_seconds=rule.expires_after_seconds,
        )

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """Give what its rules say in jq."""
        return tuple(rule.when for rule in self.rules if rule.when is not None)

    def _strictest(self, proposal: Proposal, evaluator: Evaluator | None) -> Rule | None:
        # Stable: among equally strict rules the first in the file stays first.
        fitting = sorted(
            (rule for rule in self.rules if rule.fits(proposal)),
            key=lambda rule: rule.strictness,
            reverse=True,
        )
        # Rules after the first that applies whatever jq says cannot win: jq is not asked for them.
        sure = next((at for at, rule in enumerate(fitting) if rule.when is None), len(fitting))
        asked = [(rule, rule.when) for rule in fitting[:sure] if rule.when is not None]
        told = verdicts([when for _, when in asked], proposal, evaluator)
        for (rule, _), verdict in zip(asked, told, strict=True):
            if rule.takes(verdict):
                return rule
        return fitting[sure] if sure < len(fitting) else None

    def lacks(self, person: Person, right: Right, *, start: str = "") -> str | None:
        """Say which grant a person lacks, in words for them; None where they have it."""
        return refusal(self.access, self.roles, person, right, start=start)

    def speaks_of_labels(self, rule: str) -> bool:
        """Tell whether a rule is about where values came from."""
        return any(one.id == rule and one.labels for one in self.rules)

    def stages_for(self, tool: str) -> tuple[Stage, ...]:
        """Give the stages people may be asked in about calls of a tool, whatever its arguments."""
        found = [
            stage
            for rule in self.rules
            if rule.outcome is Outcome.ASK and rule.speaks_of(tool)
            for stage in rule.stages
        ]
        return (*found, Stage(eligible=self.default_eligible))

    def eligible_names(self, stage: Stage, case: Case) -> tuple[str, ...]:
        """List who may decide: principals, globs and ``group:`` entries, in order, each once.

        Empty means nobody can, and somebody must be told.
        """
        excluded = self.excluded(stage, case)
        names = [
            name
            for entry in (*stage.eligible, *case.added)
            if not entry.startswith("!")
            for name in self.resolve(entry, case)
            if name not in excluded
        ]
        return tuple(dict.fromkeys(names))

    def resolve(self, entry: str, case: Case) -> tuple[str, ...]:
        """Give what is behind ``requester``, ``role:NAME``, a principal or a group.

        A role that this version of the policy does not know holds nobody.
        """
        if entry == "requester":
            return (case.requester,) if case.requester else ()
        if entry == "thread-owner":
            return (case.thread_owner,) if case.thread_owner else ()
        if entry.startswith("role:"):
            return self.roles.get(entry.removeprefix("role:"), ())
        if entry.startswith("on-call:"):
            table = self.on_call.get(entry.removeprefix("on-call:"))
            return table.at(case.at) if table is not None and case.at is not None else ()
        return (entry,)

    def excluded(self, stage: Stage, case: Case) -> tuple[str, ...]:
        """Give the principals and globs that entries such as ``!requester`` shut out."""
        named = [
            name
            for entry in stage.eligible
            if entry.startswith("!")
            for name in self.resolve(entry[1:], case)
        ]
        return (*named, *case.kept_out)

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
            "access": [entry.spelled() for entry in self.access],
            "on_call": {name: table.spelled() for name, table in self.on_call.items()},
            "rules": [_spelled_rule(rule) for rule in self.rules],
            **({"budgets": [cap.spelled() for cap in self.budgets]} if self.budgets else {}),
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
        # Left out where there is none: policies from before there was jq keep their digest.
        **({"when": rule.when.text} if rule.when is not None else {}),
        "labels": list(rule.labels),
        "times": [window.spelled() for window in rule.times],
        "stages": [_spelled_stage(stage) for stage in rule.stages],
        "on_expiry": rule.on_expiry.value,
        "expires_after_seconds": rule.expires_after_seconds,
        "reason": rule.reason,
    }


def _spelled_stage(stage: Stage) -> Json:
    return {
        "eligible": list(stage.eligible),
        "quorum": stage.quorum,
        "veto": list(stage.veto),
        "limit_seconds": stage.limit_seconds,
        "on_limit": stage.on_limit.value,
        "escalate_to": [list(rung) for rung in stage.escalate_to],
        "remind_seconds": stage.remind_seconds,
        "reasons_for": [verdict.value for verdict in stage.reasons_for],
        **({"assurance": stage.assurance.value} if stage.assurance.rank else {}),
    }
