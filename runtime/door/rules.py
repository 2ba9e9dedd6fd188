"""What the policy says: whether it is sound, and what it would do about a call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from runtime.catalog.catalog import Catalog
from runtime.catalog.watch import Library
from runtime.domain.approval import Stage
from runtime.domain.conversation import Person
from runtime.domain.effects import Effect
from runtime.domain.ports import Clock
from runtime.door.known_tools import KnownTool, KnownTools
from runtime.expressions.evaluator import Evaluator
from runtime.policy.access import Right
from runtime.policy.case import Case
from runtime.policy.decision import Outcome, Proposal
from runtime.policy.eligibility import unmeetable
from runtime.policy.explained import Explained, Heard, WhatIf
from runtime.policy.expression import verdicts
from runtime.policy.policy import Policy
from runtime.policy.rule import Rule
from runtime.tools.tool import Tool

_HOLDS: Final[Mapping[bool | None, str]] = {
    True: "holds",
    False: "does not hold",
    None: "cannot be told, and so counts against it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Reads, and changes nothing."""

    clock: Clock
    library: Library
    policy: Callable[[], Policy]
    evaluator: Evaluator
    tools: KnownTools

    def lacks(self, person: Person, right: Right) -> str | None:
        """Say which grant a person lacks; None where they have it."""
        return self.policy().lacks(person, right)

    def check(self) -> list[str]:
        """Say what is wrong: what cannot be read, and rules that nobody could ever satisfy."""
        problems = self.library.complaints
        policy = self.policy()
        case = Case(requester="somebody:somewhere/else", at=self.clock.now())
        for rule in policy.rules:
            stages = rule.stages or (Stage(eligible=policy.default_eligible),)
            problem = unmeetable(policy, stages, case) if rule.outcome is Outcome.ASK else None
            if problem is not None:
                problems.append(f"policy.yaml: rule {rule.id!r}: {problem}; name people")
        return problems

    def explain(self, asked: WhatIf) -> Explained:
        """Say what would happen to a call if it were made now."""
        policy = self.policy()
        now = self.clock.now()
        known = self.tools.find(self.library.current(), asked.tool)
        effect, effect_from = _effect(asked, known)
        proposal = Proposal(
            tool=asked.tool,
            effect=effect,
            arguments=asked.arguments,
            agent=asked.agent,
            requester=asked.person,
            channel=asked.person.split(":", 1)[0],
            labels=asked.labels,
            at=now,
        )
        decision = policy.decide(proposal, self.evaluator)
        case = Case(requester=asked.person, thread_owner=asked.person, at=now)
        return Explained(
            decision=decision,
            asked=tuple(policy.eligible_names(stage, case) for stage in decision.stages),
            heard=tuple(
                _heard(rule, proposal, self.evaluator)
                for rule in policy.rules
                if rule.speaks_of(asked.tool)
            ),
            effect=effect,
            effect_from=effect_from,
            problem=unmeetable(policy, decision.stages, case) if decision.stages else None,
        )


def open_rules(
    library: Library,
    policy: Callable[[], Policy],
    *,
    evaluator: Evaluator,
    clock: Clock,
    shared: Callable[[Catalog], Iterable[Tool]] | None,
) -> Rules:
    """Put it together; ``shared`` are the tools at hand that no agent owns."""
    tools = KnownTools(clock=clock, shared=shared)
    return Rules(clock=clock, library=library, policy=policy, evaluator=evaluator, tools=tools)


def _effect(asked: WhatIf, known: KnownTool | None) -> tuple[Effect, str]:
    if asked.effect is not None:
        return asked.effect, "as you say"
    if known is not None:
        return known.effect, known.source
    return Effect.IRREVERSIBLE, "no tool of that name is known here, so the strictest is taken"


def _heard(rule: Rule, proposal: Proposal, evaluator: Evaluator) -> Heard:
    reasons = [
        f"{condition.path} {condition.test.value} {condition.value!r} "
        + _HOLDS[condition.holds(proposal.arguments)]
        for condition in rule.where
    ]
    applies = rule.fits(proposal)
    if rule.when is not None:
        verdict = verdicts([rule.when], proposal, evaluator)[0]
        reasons.append(f"when {rule.when.text} {_HOLDS[verdict]}")
        applies = applies and rule.takes(verdict)
    if not reasons:
        reasons = ["it fits" if applies else "it speaks of other agents, people, places or times"]
    return Heard(rule=rule.id, outcome=rule.outcome, applies=applies, because="; ".join(reasons))
