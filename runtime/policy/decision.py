"""A policy's verdict on one call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from runtime.domain.approval import OnExpiry, Stage
from runtime.domain.effects import Effect
from runtime.domain.json import JsonObject


class Outcome(StrEnum):
    """What a rule gives; where several rules match, the strictest wins."""

    ALLOW = "allow"
    ASK = "ask"
    DENY = "deny"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A call before it is made, as policy sees it."""

    tool: str
    effect: Effect
    arguments: JsonObject
    agent: str
    """Name without version."""
    requester: str
    """Principal, as in ``slack:T024/U061``."""
    channel: str
    labels: tuple[str, ...] = ()
    """Where arguments came from that nobody here vouches for, such as ``tool:http_get``."""
    at: datetime | None = None
    """The moment of the call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The outcome and what it stands on."""

    outcome: Outcome
    rule: str
    """The rule's id; ``default`` where none matched."""
    policy: str
    """Digest of the policy that was asked."""
    reason: str
    stages: tuple[Stage, ...] = ()
    on_expiry: OnExpiry = OnExpiry.DENY
    expires_after_seconds: float | None = None

    @property
    def strictness(self) -> tuple[int, int, int, int]:
        """Order decisions: deny over ask over allow; among asks, more people, rounds and proof."""
        rank = {Outcome.ALLOW: 0, Outcome.ASK: 1, Outcome.DENY: 2}[self.outcome]
        quorum = sum(stage.quorum for stage in self.stages)
        return rank, quorum, len(self.stages), sum(stage.assurance.rank for stage in self.stages)


def stricter(first: Decision, second: Decision) -> Decision:
    """Give the stricter of two decisions about one call; the first where they are alike."""
    return second if second.strictness > first.strictness else first
