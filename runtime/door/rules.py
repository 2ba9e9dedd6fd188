"""What the policy says: whether it is sound, and what it would do about a call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from runtime.catalog.watch import Library
from runtime.domain.approval import Stage
from runtime.domain.conversation import Person
from runtime.domain.ports import Clock
from runtime.policy.access import Right
from runtime.policy.case import Case
from runtime.policy.decision import Outcome, Proposal
from runtime.policy.eligibility import unmeetable
from runtime.policy.explained import Explained, Heard, WhatIf
from runtime.policy.policy import Policy
from runtime.policy.rule import Rule
from runtime.storage.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Reads, and changes nothing."""

    database: Database
    clock: Clock
    library: Library
    policy: Callable[[], Policy]

    def lacks(self, person: Person, right: Right) -> str | None:
        """Say which grant a person lacks; None where they have it."""
        return self.policy().lacks(person, right)

    def check(self) -> list[str]:
        """Say what is wrong: what cannot be read, and rules that nobody could ever satisfy."""
        problems = [self.library.problem] if self.library.problem else []
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
        proposal = Proposal(
            tool=asked.tool,
            effect=asked.effect,
            arguments=asked.arguments,
            agent=asked.agent,
            requester=asked.person,
            channel=asked.person.split(":", 1)[0],
            labels=asked.labels,
            at=now,
        )
        decision = policy.decide(proposal)
        case = Case(requester=asked.person, thread_owner=asked.person, at=now)
        return Explained(
            decision=decision,
            asked=tuple(policy.eligible_names(stage, case) for stage in decision.stages),
            heard=tuple(
                _heard(rule, proposal) for rule in policy.rules if rule.speaks_of(asked.tool)
            ),
            problem=unmeetable(policy, decision.stages, case) if decision.stages else None,
        )


def _heard(rule: Rule, proposal: Proposal) -> Heard:
    reasons = [
        f"{condition.path} {condition.test.value} {condition.value!r} "
        + {True: "holds", False: "does not hold", None: "cannot be told, and so counts against it"}[
            condition.holds(proposal.arguments)
        ]
        for condition in rule.where
    ]
    applies = rule.applies(proposal)
    if not reasons:
        reasons = ["it fits" if applies else "it speaks of other agents, people, places or times"]
    return Heard(rule=rule.id, outcome=rule.outcome, applies=applies, because="; ".join(reasons))
