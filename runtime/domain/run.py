"""A run: one request, from the message that began it to the one result that ends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from runtime.domain.approval import Approval
from runtime.domain.budget import Budget
from runtime.domain.conversation import Place
from runtime.domain.json import Json, JsonObject
from runtime.domain.states import Control, RunStatus
from runtime.domain.step import Cost, Step

Deed = Literal["cancel", "pause", "resume", "retry"]
"""What people do to a run as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One row. ``spent`` is kept up to date with every model call."""

    id: str
    number: int
    """Short name for typing; unique within the installation."""
    workspace: str
    conversation_id: str
    requester: str
    requester_name: str
    request: str
    agent: str | None
    """Set where the requester named an agent or a workflow, and no plan is made."""
    input: JsonObject
    goal: str
    """As the planner understood it; the request until there is a plan."""
    status: RunStatus
    control: Control
    catalog: str
    """Digest of the agents, policy and tools the run started with and keeps."""
    budget: Budget
    spent: Cost
    answer: str
    sources: tuple[str, ...]
    """Paths of the steps the answer rests on."""
    demonstration: bool
    """The answer came from the demonstration model."""
    revision: int
    """How often the plan was made anew; 0 before the first."""
    error: JsonObject | None
    created_at: datetime
    finished_at: datetime | None


EVIDENCE: Final = "evidence"
"""What stands for the step that made a file, where it is the evidence of the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A file a run made, or was made about it. The bytes are found by ``digest``."""

    name: str
    media_type: str
    size_bytes: int
    digest: str
    step_id: str

    @property
    def is_evidence(self) -> bool:
        """Tell whether it is the run's evidence, and not of the run's own making."""
        return self.step_id == EVIDENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestion:
    """Something an agent asked the requester, or a workflow asked somebody."""

    step_id: str
    text: str
    choices: tuple[str, ...]
    asked_at: datetime
    answered: str = ""
    """The answer and who gave it; empty while it is open, and where nobody answered."""
    withdrawn: bool = False
    """Closed without an answer: nobody needs one any more."""
    run_number: int = 0
    conversation_id: str = ""
    """Where its run lives; it may be shown to those it asks elsewhere as well."""
    for_whom: str = ""
    """Whom it asks, in words; empty where that is the requester."""
    how: str = ""
    """How an answer is written, where not any text is one."""
    may_decide: tuple[str, ...] = ()
    """Who may answer by the policy of this moment: principals, globs and groups."""
    eligible_people: tuple[str, ...] = ()
    """Those of them who are one person each."""
    eligible_groups: tuple[str, ...] = ()
    """Those of them who are groups of a chat, without the prefix."""

    @property
    def is_open(self) -> bool:
        """Say whether it still waits for an answer."""
        return not self.answered and not self.withdrawn


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """All that a card, a page or a command shows of one run, read in one moment."""

    run: Run
    place: Place
    status: str
    """``running``, ``waiting``, ``paused``, ``succeeded``, ``failed`` or ``cancelled``."""
    steps: tuple[Step, ...]
    """The steps of the current plan (and of earlier revisions, in order), without their insides."""
    approvals: tuple[Approval, ...]
    questions: tuple[OpenQuestion, ...]
    artifacts: tuple[Artifact, ...]
    read_at: datetime
    skippable: frozenset[str] = frozenset()
    """Ids of the steps that people may have it go on without now."""
    inside: Mapping[str, tuple[Step, ...]] = field(default_factory=dict[str, tuple[Step, ...]])
    """The tasks of each workflow that is a step and not through, by the id of that step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    """A run in a list."""

    id: str
    number: int
    status: str
    request: str
    requester_name: str
    created_at: datetime
    finished_at: datetime | None
    spent: Cost


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """One line of a trace: a step and how deep it lies."""

    step: Step
    depth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One link of a run's chain: ``digest`` covers the record and the digest before it."""

    run_id: str
    sequence: int
    at: datetime
    event: str
    """Past tense: ``ApprovalDecided``."""
    facts: Json
    """None where their time is over; the digest stays."""
    digest: str
    position: int | None = None
    """Its place in the log; None until the next sweep has given it one."""
