"""What people are asked, and what they said. The row is the approval; a card is a view of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from runtime.domain.conversation import Person
from runtime.domain.json import Json, JsonObject
from runtime.domain.states import ApprovalStatus


class Question(StrEnum):
    """Why a person is asked."""

    CALL = "call"
    """May this call be made? Answered by approve or reject."""
    OUTCOME = "outcome"
    """Did this call happen? Answered by happened, repeat or abort."""


class Verdict(StrEnum):
    """What a person may say."""

    APPROVE = "approve"
    REJECT = "reject"
    HAPPENED = "happened"
    REPEAT = "repeat"
    ABORT = "abort"


VERDICTS: dict[Question, frozenset[Verdict]] = {
    Question.CALL: frozenset({Verdict.APPROVE, Verdict.REJECT}),
    Question.OUTCOME: frozenset({Verdict.HAPPENED, Verdict.REPEAT, Verdict.ABORT}),
}


class OnExpiry(StrEnum):
    """What an unanswered question becomes; never a yes."""

    HOLD = "hold"
    DENY = "deny"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One round of an approval; the call is approved when every stage is."""

    eligible: tuple[str, ...]
    """Principals (``slack:T024/U061``) and ``role:NAME``, resolved again at every click."""
    quorum: int = 1
    """How many distinct people must approve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a call would do, in the tool's own typed words; cards are drawn from it by code."""

    what: str
    where: str = ""
    how_many: int | None = None
    reversible: bool = False
    fingerprint: str | None = None
    """Digest of the target's present state; a different one at execution voids the approval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One question to people, stored."""

    id: str
    number: int
    """Short name for typing; unique within the installation."""
    run_id: str
    run_number: int
    step_id: str
    question: Question
    tool: str
    arguments: JsonObject
    digest: str
    """SHA-256 over tool, canonical arguments, agent version, policy version and fingerprint."""
    agent: str
    """The agent that proposed the call, with its version: ``operator@3f2a91``."""
    policy: str
    rule: str
    reason: str
    """Why the policy asks, in its author's words."""
    preview: Preview
    stages: tuple[Stage, ...]
    stage: int
    status: ApprovalStatus
    version: int
    nonce: str
    requester: str
    on_expiry: OnExpiry
    created_at: datetime
    expires_at: datetime | None
    decided_by: str | None
    decided_by_name: str
    decided_at: datetime | None
    decided_on: str
    decision_reason: str
    verdict: Verdict | None
    may_decide: tuple[str, ...] = ()
    """The principals and globs behind the present stage's words, by the policy of this moment;
    filled in by queries, never stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide:
    """A click, a command or a request: one person's verdict on one approval."""

    approval: str
    """Id, or number as typed."""
    person: Person
    verdict: Verdict
    surface: str
    """Where it was said: ``slack``, ``console``, ``terminal``."""
    reason: str = ""
    nonce: str | None = None
    """The nonce the card carried; a stale one is refused. None from surfaces that show no card."""
    result: Json = None
    """With ``happened``: what the call returned, as far as the person knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a verdict led to. ``won`` is False where somebody was faster; then see ``approval``."""

    won: bool
    final: bool
    """False while more people must agree."""
    approval: Approval
