"""What people are asked, and what they said. The row is the approval; a card is a view of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from runtime.domain.assurance import Assurance
from runtime.domain.conversation import Person
from runtime.domain.effects import Effect
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
    EDIT = "edit"
    """Approve with other arguments: closes the question, and asks anew about what was changed.
    Never said as such; it is what ``approve`` with arguments is recorded as."""


VERDICTS: dict[Question, frozenset[Verdict]] = {
    Question.CALL: frozenset({Verdict.APPROVE, Verdict.REJECT}),
    Question.OUTCOME: frozenset({Verdict.HAPPENED, Verdict.REPEAT, Verdict.ABORT}),
}


HARMLESS = frozenset({Verdict.REJECT, Verdict.ABORT})
"""Verdicts that let nothing happen: no proof of who gives them is ever asked."""


class OnExpiry(StrEnum):
    """What an unanswered question becomes; never a yes."""

    HOLD = "hold"
    DENY = "deny"
    ESCALATE = "escalate"
    """More people are asked; those who were asked before may still decide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One round of an approval; the call is approved when every stage is."""

    eligible: tuple[str, ...]
    """Principals (``slack:T024/U061``) and ``role:NAME``, resolved again at every click."""
    quorum: int = 1
    """How many distinct people must approve."""
    veto: tuple[str, ...] = ()
    """Whose no ends it at once. Empty: everybody's who is eligible. Where somebody is named, the
    no of others counts against the quorum, and they may not approve any more."""
    limit_seconds: float | None = None
    """How long this stage may take."""
    on_limit: OnExpiry = OnExpiry.HOLD
    escalate_to: tuple[tuple[str, ...], ...] = ()
    """The ladder: whom each rung adds. After the last one the question is held."""
    remind_seconds: float | None = None
    """How often those who are asked are reminded."""
    reasons_for: tuple[Verdict, ...] = ()
    """Verdicts that need a reason."""
    assurance: Assurance = Assurance.MEMBER
    """How sure it must be who agrees; a no needs no more than a member."""

    def wants_code(self, verdict: Verdict) -> bool:
        """Tell whether a verdict needs a fresh code from the device of whoever gives it."""
        return verdict not in HARMLESS and self.assurance is Assurance.STEPPED_UP


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What is not as it was when people were asked before."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one person said, once, in one stage. Never changed afterwards."""

    principal: str
    name: str
    stage: int
    verdict: Verdict
    reason: str
    surface: str
    at: datetime
    on_behalf_of: str | None = None
    """Whose vote it was, where they had handed it on."""
    arguments: JsonObject | None = None
    """With ``edit``: what the call was changed to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """A question to the requester, asked before deciding, and its answer."""

    id: str
    approval_id: str
    asked_by: str
    asked_by_name: str
    text: str
    surface: str
    at: datetime
    answer: str = ""
    answered_by_name: str = ""
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """One person's part in one approval, in somebody else's hands. The last word of each counts."""

    approval_id: str
    principal: str
    """Whose part it is; they may still decide until the other has."""
    name: str
    successor: str
    """The principal who decides for them; what that person may not decide otherwise stays so."""
    successor_name: str
    reason: str
    stage: int
    surface: str
    at: datetime


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
    effect: Effect = Effect.IRREVERSIBLE
    """Of the tool: policy is asked with it again where arguments are changed."""
    editable_schema: JsonObject | None = None
    """JSON schema of the tool's arguments; None where nothing may be changed."""
    thread_owner: str = ""
    """Who began the conversation."""
    chain: tuple[str, ...] = ()
    """The agents between the request and the call, outermost first; the last proposed it."""
    replaces: str | None = None
    """The approval of the same call that no longer holds."""
    differences: tuple[Difference, ...] = ()
    """What has changed since that one."""
    kept_out: tuple[str, ...] = ()
    """Principals who changed the arguments: they do not count in a quorum about them."""
    added: tuple[str, ...] = ()
    """Whom escalation has added to the present stage."""
    rung: int = 0
    """How often the present stage was escalated."""
    remind_at: datetime | None = None
    reminders: int = 0
    """How often those who are asked were reminded, in all."""
    ends_at: datetime | None = None
    """When the whole of it ends; ``expires_at`` is the next of this and the stage's own limit."""
    ends_how: OnExpiry = OnExpiry.HOLD
    claimed_by: str | None = None
    claimed_by_name: str = ""
    """Who says they are looking at it. It keeps nobody else from deciding."""
    claimed_at: datetime | None = None
    requester_name: str = ""
    """As their channel named them. This and what follows is filled in by queries, never stored."""
    may_decide: tuple[str, ...] = ()
    """The principals and globs behind the present stage's words, by the policy of this moment."""
    eligible_people: tuple[str, ...] = ()
    """Principals who may decide now and have not spoken: those to mention or write to."""
    eligible_groups: tuple[str, ...] = ()
    """Groups of a chat that may decide now, as in ``Person.groups``: look them up at the click."""
    history: tuple[Said, ...] = ()
    """Everything said so far, oldest first."""
    questions: tuple[Inquiry, ...] = ()
    """What was asked before deciding, oldest first."""
    handed: tuple[HandedOver, ...] = ()
    """Who has handed their part in it to whom, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reassign:
    """A wish to let somebody else decide one approval in a person's place."""

    approval: str
    """Id, or number as typed."""
    person: Person
    to: str
    """A principal, or a name that one person of the same workspace is known by."""
    surface: str
    reason: str = ""
    to_name: str = ""
    """How the channel calls them, where they were chosen and not typed."""


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
    arguments: JsonObject | None = None
    """With ``approve``: the call as it should be made instead. It is checked as a new one, and
    somebody else must agree to it."""
    code: str = field(default="", repr=False)
    """From the person's device; the front door takes it away before anything is recorded."""
    assurance: Assurance = Assurance.MEMBER
    """How sure it is who says this; filled in by the front door, never by a channel."""
    unproven: str = ""
    """Why it is not surer, in words for the person; filled in by the front door."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a verdict led to. ``won`` is False where somebody was faster; then see ``approval``."""

    won: bool
    final: bool
    """False while more people must agree."""
    approval: Approval
