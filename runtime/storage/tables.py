"""The schema. A row's meaning is told by the domain value of the same name."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    LargeBinary,
    UniqueConstraint,
    false,
    text,
)
from sqlmodel import Field

from runtime.domain.retention import Kept, Part
from runtime.storage.columns import JsonValue, path_column
from runtime.storage.governance_tables import inquiry
from runtime.storage.row import Row, json_value, kept_column, long_text, table, when_column

__all__ = ["Row", "inquiry", "table"]


KEEPING = {part: f"finished_at IS NOT NULL AND {part.value} <> 'gone'" for part in Part}
"""Says which runs still have a part whose time will come."""


class RunRow(Row, table=True):
    """One request. Its moving state is its root step's; this row holds what outlives that."""

    __tablename__ = "run"
    __table_args__ = (
        Index("run_by_workspace", "workspace", "number"),
        *(
            Index(
                f"run_by_{part}",
                "finished_at",
                "id",
                sqlite_where=text(predicate),
                postgresql_where=text(predicate),
            )
            for part, predicate in KEEPING.items()
        ),
    )

    number: int | None = Field(default=None, primary_key=True)
    id: str = Field(unique=True)
    workspace: str
    conversation_id: str = Field(index=True)
    requester: str
    requester_name: str
    request: str = Field(sa_column=long_text())
    agent: str | None = None
    input: JsonValue = Field(default=None, sa_column=json_value())
    goal: str = Field(sa_column=long_text())
    status: str
    control: str
    catalog: str
    budget: JsonValue = Field(default=None, sa_column=json_value())
    spent_usd: float = 0.0
    spent_tokens: int = 0
    answer: str = Field(sa_column=long_text())
    sources: JsonValue = Field(default=None, sa_column=json_value())
    demonstration: bool = False
    revision: int = 0
    error: JsonValue = Field(default=None, sa_column=json_value())
    created_at: datetime = Field(sa_column=when_column())
    finished_at: datetime | None = Field(default=None, sa_column=when_column(nullable=True))
    transcript: str = Field(default=Kept.KEPT, sa_column=kept_column())
    files: str = Field(default=Kept.KEPT, sa_column=kept_column())
    words: str = Field(default=Kept.KEPT, sa_column=kept_column())


UNRECORDED = (
    "recorded IS FALSE AND finished_at IS NOT NULL AND status <> 'unknown'"
    " AND kind IN ('model', 'tool')"
)
"""Says which steps the audit has still to take up."""
MODEL_CALLS = "kind = 'model' AND finished_at IS NOT NULL"
WITH_BLOB = "output_blob IS NOT NULL"


class StepRow(Row, table=True):
    """One unit of work or one effect. ``due_at`` is when the sweep looks at it next."""

    __tablename__ = "step"
    __table_args__ = (
        Index("step_by_parent", "parent_id"),
        Index(
            "step_by_due",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        # Only calls, and only until the audit has them: a leaf of another kind costs nothing here.
        Index(
            "step_by_unrecorded",
            "finished_at",
            sqlite_where=text(UNRECORDED),
            postgresql_where=text(UNRECORDED),
        ),
        # What models cost on a day, where policy sets budgets.
        Index(
            "step_by_model_call",
            "finished_at",
            sqlite_where=text(MODEL_CALLS),
            postgresql_where=text(MODEL_CALLS),
        ),
        # Whether bytes are still needed.
        Index(
            "step_by_blob",
            "output_blob",
            sqlite_where=text(WITH_BLOB),
            postgresql_where=text(WITH_BLOB),
        ),
    )

    id: str = Field(sa_column=Column(path_column(), primary_key=True))
    run_id: str
    parent_id: str | None = Field(default=None, sa_column=Column(path_column(), nullable=True))
    path: str
    kind: str
    leaf: bool
    title: str
    actor: str
    status: str
    attempt: int = 0
    owner: str | None = None
    wakeups: int = 0
    pending: int = 0
    failures: int = 0
    crashes: int = 0
    due_at: datetime | None = Field(default=None, sa_column=when_column(nullable=True))
    waits_for: str = ""
    effect: str | None = None
    key: str | None = None
    input: JsonValue = Field(default=None, sa_column=json_value())
    output: JsonValue = Field(default=None, sa_column=json_value())
    output_blob: str | None = None
    error: JsonValue = Field(default=None, sa_column=json_value())
    decision: JsonValue = Field(default=None, sa_column=json_value())
    cost_usd: float = 0.0
    tokens: int = 0
    recorded: bool = Field(
        default=False, sa_column=Column(Boolean, nullable=False, server_default=false())
    )
    created_at: datetime = Field(sa_column=when_column())
    started_at: datetime | None = Field(default=None, sa_column=when_column(nullable=True))
    finished_at: datetime | None = Field(default=None, sa_column=when_column(nullable=True))


class ConversationRow(Row, table=True):
    """A place to speak, with the courier's lease on it."""

    __tablename__ = "conversation"
    __table_args__ = (UniqueConstraint("channel", "workspace", "key"),)

    id: str = Field(primary_key=True)
    channel: str
    workspace: str
    key: str
    address: JsonValue = Field(default=None, sa_column=json_value())
    courier: str | None = None
    courier_until: datetime | None = Field(default=None, sa_column=when_column(nullable=True))
    created_at: datetime = Field(sa_column=when_column())


class InboxRow(Row, table=True):
    """Everything people said or clicked, by its unique key: what is here is never taken twice."""

    __tablename__ = "inbox"

    key: str = Field(primary_key=True)
    conversation_id: str | None = Field(default=None, index=True)
    run_id: str | None = None
    principal: str
    name: str
    text: str = Field(sa_column=long_text())
    at: datetime = Field(sa_column=when_column())


class PrincipalRow(Row, table=True):
    """A person as a channel knows them."""

    __tablename__ = "principal"

    id: str = Field(primary_key=True)
    channel: str
    workspace: str
    external_id: str
    name: str
    kind: str
    seen_at: datetime = Field(sa_column=when_column())


class SignalRow(Row, table=True):
    """News for a running run, in order; each handler journals how far it has read."""

    __tablename__ = "signal"
    __table_args__ = (Index("signal_by_run", "run_id", "id"),)

    id: str = Field(primary_key=True)
    run_id: str
    name: str
    payload: JsonValue = Field(default=None, sa_column=json_value())
    at: datetime = Field(sa_column=when_column())


class ApprovalRow(Row, table=True):
    """One question to people. ``status`` leaves ``pending`` by one conditional update."""

    __tablename__ = "approval"
    __table_args__ = (
        Index("approval_by_status", "status", "number"),
        Index(
            "approval_by_due",
            "due_at",
            sqlite_where=text("status = 'pending' AND due_at IS NOT NULL"),
            postgresql_where=text("status = 'pending' AND due_at IS NOT NULL"),
        ),
    )

    number: int | None = Field(default=None, primary_key=True)
    id: str = Field(unique=True)
    run_id: str = Field(index=True)
    step_id: str = Field(index=True)
    workspace: str
    question: str
    tool: str
    arguments: JsonValue = Field(default=None, sa_column=json_value())
    digest: str = Field(index=True)
    agent: str
    policy: str
    rule: str
    reason: str = Field(sa_column=long_text())
    preview: JsonValue = Field(default=None, sa_column=json_value())
    stages: JsonValue = Field(default=None, sa_column=json_value())
    stage: int = 0
    status: str
    version: int = 0
    nonce: str
    requester: str
    on_expiry: str
    created_at: datetime = Field(sa_column=when_column())
    expires_at: datetime | None = Field(default=None, sa_column=when_column(nullable=True))
    decided_by: str | None = None
    decided_by_name: str = ""
    decided_at: datetime | None = Field(default=None, sa_column=when_column(nullable=True))
    decided_on: str = ""
    decision_reason: str = Field(default="", sa_column=long_text(default=""))
    verdict: str | None = None
    effect: str = "irreversible"
    editable_schema: JsonValue = Field(default=None, sa_column=json_value())
    thread_owner: str = ""
    chain: JsonValue = Field(default=None, sa_column=json_value())
    replaces: str | None = None
    differences: JsonValue = Field(default=None, sa_column=json_value())
    kept_out: JsonValue = Field(default=None, sa_column=json_value())
    added: JsonValue = Field(default=None, sa_column=json_value())
    rung: int = 0
    remind_at: datetime | None = Field(default=None, sa_column=when_column(nullable=True))
    reminders: int = 0
    ends_at: datetime | None = Field(default=None, sa_column=when_column(nullable=True))
    ends_how: str = "hold"
    claimed_by: str | None = None
    claimed_by_name: str = ""
    claimed_at: datetime | None = Field(default=None, sa_column=when_column(nullable=True))
    due_at: datetime | None = Field(default=None, sa_column=when_column(nullable=True))


class ApprovalDecisionRow(Row, table=True):
    """What one person said in one stage; a person counts once in a quorum."""

    __tablename__ = "approval_decision"
    __table_args__ = (UniqueConstraint("approval_id", "stage", "principal"),)

    id: str = Field(primary_key=True)
    approval_id: str
    stage: int
    principal: str
    name: str
    verdict: str
    reason: str = Field(sa_column=long_text())
    surface: str
    at: datetime = Field(sa_column=when_column())
    on_behalf_of: str | None = None
    arguments: JsonValue = Field(default=None, sa_column=json_value())


class DeliveryRow(Row, table=True):
    """One message owed to a conversation; newer state raises ``wanted_rev``, never adds a row."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("conversation_id", "kind", "subject_id"),
        Index("delivery_by_subject", "subject_id"),
        Index(
            "delivery_by_due",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
    )

    id: str = Field(primary_key=True)
    conversation_id: str
    run_id: str
    kind: str
    subject_id: str
    payload: JsonValue = Field(default=None, sa_column=json_value())
    wanted_rev: int = 1
    sent_rev: int = 0
    status: str
    external_id: str | None = None
    attempt: int = 0
    due_at: datetime | None = Field(default=None, sa_column=when_column(nullable=True))
    last_error: str = Field(default="", sa_column=long_text(default=""))
    created_at: datetime = Field(sa_column=when_column())
    sent_at: datetime | None = Field(default=None, sa_column=when_column(nullable=True))


class DefinitionRow(Row, table=True):
    """A version of everything in the agents folder, kept as long as a run may need it."""

    __tablename__ = "definition"

    digest: str = Field(primary_key=True)
    content: JsonValue = Field(default=None, sa_column=json_value())
    created_at: datetime = Field(sa_column=when_column())


class BlobRow(Row, table=True):
    """Bytes by their SHA-256: artifacts, and results too large for the journal."""

    __tablename__ = "blob"

    digest: str = Field(primary_key=True)
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    size_bytes: int


class ArtifactRow(Row, table=True):
    """A file of a run; the newest row of a name counts."""

    __tablename__ = "artifact"
    __table_args__ = (UniqueConstraint("run_id", "name", "step_id"),)

    id: str = Field(primary_key=True)
    run_id: str = Field(index=True)
    name: str
    media_type: str
    size_bytes: int
    digest: str = Field(index=True)
    step_id: str
    at: datetime = Field(sa_column=when_column())


class MemoryRow(Row, table=True):
    """A fact that outlives runs, within one workspace."""

    __tablename__ = "memory"

    workspace: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    value: str = Field(sa_column=long_text())
    remembered_by: str
    at: datetime = Field(sa_column=when_column())


run, step, conversation, inbox = map(table, (RunRow, StepRow, ConversationRow, InboxRow))
principal, signal, approval = map(table, (PrincipalRow, SignalRow, ApprovalRow))
approval_decision, delivery = map(table, (ApprovalDecisionRow, DeliveryRow))
definition, blob, artifact = map(table, (DefinitionRow, BlobRow, ArtifactRow))
memory = table(MemoryRow)
