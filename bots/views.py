"""What is shown to people, before any vendor's format.

Every text in these values may come from a model or a stranger: a channel's rendering escapes all
of it. Nothing here is markup.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from runtime.domain.approval import Verdict
from runtime.domain.json import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """One step of a plan on a run card."""

    title: str
    owner: str
    """``analyst@3f2a91``, or the workflow, tool or person that does it."""
    status: str
    """A ``StepStatus`` word; ``rejected`` or ``expired`` where people did not let it be done."""
    detail: str
    """Why it waits, or how it failed; empty while nothing needs saying."""
    elapsed_seconds: float | None
    skip: str = ""
    """What names it to ``skip``; empty where it cannot be left out now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCard:
    """The one live message of a run."""

    run_id: str
    number: int
    goal: str
    status: str
    """``running``, ``waiting``, ``paused``, ``succeeded``, ``failed`` or ``cancelled``."""
    status_line: str
    """One sentence: what it does now or why it waits."""
    requester: str
    revision: int
    steps: tuple[StepLine, ...]
    elapsed_seconds: float
    cost_usd: float
    tokens: int
    controls: tuple[str, ...]
    """Which of ``pause``, ``resume``, ``skip``, ``cancel``, ``retry``, ``workflow`` make sense
    now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument of a call, spelled for reading."""

    name: str
    value: str
    complete: bool
    """False where the value was cut; then nobody may approve before seeing all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidLine:
    """What somebody said about an approval: ``Approved by Ada · 14:02 UTC · in Slack · reason``."""

    text: str
    stage: int
    """Counted from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedLine:
    """What somebody asked before deciding, and what the requester answered."""

    asked_by: str
    text: str
    answered: str
    """The answer and who gave it; empty while open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLine:
    """What is not as it was when people were asked before."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalCard:
    """A question to people, drawn by code from the stored call, never by a model."""

    approval_id: str
    number: int
    nonce: str
    run_id: str
    run_number: int
    title: str
    status: str
    """An ``ApprovalStatus`` word."""
    tool: str
    what: str
    where: str
    how_many: int | None
    reversible: bool
    arguments: tuple[Argument, ...]
    agent: str
    requester: str
    reason: str
    eligible: tuple[str, ...]
    progress: str
    """``1 of 2 have approved``; empty with a quorum of one."""
    expires_at: datetime | None
    on_expiry: str
    verdicts: tuple[Verdict, ...]
    """The buttons to show; empty once it is decided."""
    outcome: str
    """``Approved by Ada, 14:02 UTC, in Slack: reason``; empty while pending."""
    code_for: tuple[Verdict, ...] = ()
    """Verdicts that want a fresh code from the device of whoever gives them."""
    reasons_for: tuple[Verdict, ...] = ()
    """Verdicts that want a reason."""
    claimed: str = ""
    """``Ada is looking at it · 14:02 UTC``; empty where nobody is, or it is decided."""
    said: tuple[SaidLine, ...] = ()
    """Who has said what so far."""
    questions: tuple[AskedLine, ...] = ()
    changes: tuple[ChangeLine, ...] = ()
    """Since the approval of the same call that this one replaces."""
    chain: tuple[str, ...] = ()
    """The agents between the request and the call, where there is more than one."""
    reminders: int = 0
    """How often those who may decide were reminded."""
    requester_name: str = ""
    """Empty where nobody knows it."""
    deciders: tuple[str, ...] = ()
    """Principals who may decide now, as far as they are named one by one."""
    schema: JsonObject | None = None
    """JSON schema of the arguments, for a form to change them; None where they cannot be."""
    values: JsonObject | None = None
    """The arguments as they are, to fill that form with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionCard:
    """Something an agent asks the requester, or a workflow asks others."""

    run_id: str
    run_number: int
    step_id: str
    text: str
    choices: tuple[str, ...]
    answered: str
    """The answer and who gave it; empty while open, and where it was withdrawn."""
    withdrawn: bool = False
    for_whom: str = ""
    """Whom it asks; empty where that is the requester."""
    how: str = ""
    """How an answer is written, where not any text is one."""
    by_command: bool = False
    """A reply beside it answers nothing: it stands apart from its run, or asks a group."""

    @property
    def closing(self) -> str:
        """Say how it was closed; empty while open."""
        if self.withdrawn:
            return "Withdrawn: an answer is no longer needed."
        return f"Answered: {self.answered}" if self.answered else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLink:
    """An artifact as people fetch it."""

    name: str
    media_type: str
    size_bytes: int
    digest: str
    at: int | None = None
    """Its place among all files of the run, where only some are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The one final message of a run."""

    run_id: str
    run_number: int
    outcome: str
    """``succeeded``, ``failed`` or ``cancelled``."""
    text: str
    sources: tuple[str, ...]
    files: tuple[FileLink, ...]
    elapsed_seconds: float
    cost_usd: float
    tokens: int
    demonstration: bool
    requester: str = ""
    """The principal of whoever asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A short sentence: a refusal, an alarm, a hint."""

    text: str


Shown = RunCard | ApprovalCard | QuestionCard | Answer | Notice
