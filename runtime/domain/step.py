"""A step: one unit of durable work in the tree of a run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from runtime.domain.effects import Effect
from runtime.domain.json import Json, JsonObject
from runtime.domain.states import StepStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a step used up; ``usd`` is 0 where a model's price is not known."""

    usd: float = 0.0
    tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One row of the tree. A leaf is an effect; any other step owns a handler and a lease."""

    id: str
    run_id: str
    parent_id: str | None
    path: str
    kind: str
    leaf: bool
    title: str
    actor: str
    """Who does it: ``analyst@3f2a91`` or ``query_ledger``; empty where it is the engine."""
    status: StepStatus
    attempt: int
    wakeups: int
    failures: int
    crashes: int
    due_at: datetime | None
    """When the sweep looks at it next: lease end while running, wake time while waiting."""
    waits_for: str
    """What a person reads while it waits, such as ``approval of record_purchase_order``."""
    effect: Effect | None
    key: str | None
    input: Json
    output: Json
    output_blob: str | None
    """Digest of an output too large for the row; the engine reads it where it is asked for."""
    error: JsonObject | None
    """``{code, message}`` of a step that failed, or of the last attempt while it is retried."""
    decision: JsonObject | None
    """The policy decision a tool call stands on: ``{outcome, rule, policy}``."""
    cost: Cost
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    owner: str | None = None
    """The process at work on it; of an effect, the one that wrote its intent last."""

    @property
    def waived(self) -> bool:
        """Tell whether a person chose to go on without it; what needs it goes on with nothing."""
        return self.status == StepStatus.SKIPPED and self.output is not None
