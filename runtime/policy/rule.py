"""One rule of a policy, and whether it applies to a call."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from runtime.domain.approval import OnExpiry, Stage
from runtime.domain.effects import Effect
from runtime.policy.condition import Condition
from runtime.policy.decision import Outcome, Proposal
from runtime.policy.expression import Expression
from runtime.policy.window import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule applies where every selector it has fits and every condition holds.

    Empty selectors fit everything. Names are globs (``record_*``, ``crm.*``).
    """

    id: str
    outcome: Outcome
    tools: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    effects: tuple[Effect, ...] = ()
    requesters: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    """Any of which the call must carry."""
    times: tuple[Window, ...] = ()
    """Any of which the moment of the call must lie in."""
    where: tuple[Condition, ...] = ()
    when: Expression | None = None
    """Said of the whole call in jq; only asked where all else fits."""
    stages: tuple[Stage, ...] = ()
    on_expiry: OnExpiry = OnExpiry.DENY
    expires_after_seconds: float | None = None
    reason: str = ""

    def fits(self, proposal: Proposal) -> bool:
        """Say whether this rule speaks about the call, as far as ``when`` does not matter.

        A condition that cannot tell counts against the call: it makes ask and deny apply, and
        keeps allow from applying.
        """
        if not self._selects(proposal):
            return False
        verdicts = [condition.holds(proposal.arguments) for condition in self.where]
        if False in verdicts:
            return False
        return None not in verdicts or self.outcome is not Outcome.ALLOW

    def takes(self, verdict: bool | None) -> bool:
        """Say whether it applies with this answer to ``when``; None where nobody can tell."""
        return self.outcome is not Outcome.ALLOW if verdict is None else verdict

    def _selects(self, proposal: Proposal) -> bool:
        return (
            _fits(self.tools, proposal.tool)
            and _fits(self.agents, proposal.agent)
            and (not self.effects or proposal.effect in self.effects)
            and _fits(self.requesters, proposal.requester)
            and _fits(self.channels, proposal.channel)
            and (not self.labels or any(_fits(self.labels, one) for one in proposal.labels))
            and self._is_time(proposal)
        )

    def _is_time(self, proposal: Proposal) -> bool:
        if not self.times:
            return True
        if proposal.at is None:
            # Nobody can tell: that counts against the call, as with a condition.
            return self.outcome is not Outcome.ALLOW
        moment = proposal.at
        return any(window.holds(moment) for window in self.times)

    def speaks_of(self, tool: str) -> bool:
        """Tell whether calls of a tool could fall under this rule."""
        return _fits(self.tools, tool)

    @property
    def strictness(self) -> tuple[int, int, int, int]:
        """Order rules: deny over ask over allow; among asks, more people, rounds and proof."""
        rank = {Outcome.ALLOW: 0, Outcome.ASK: 1, Outcome.DENY: 2}[self.outcome]
        # A rule without stages gets the default one, which is one person in one round.
        quorum = sum(stage.quorum for stage in self.stages) or 1
        proof = sum(stage.assurance.rank for stage in self.stages)
        return rank, quorum, len(self.stages) or 1, proof


def _fits(patterns: tuple[str, ...], name: str) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)
