"""States, and which may follow which. The database refuses every other change (see migrations)."""

from __future__ import annotations

from enum import StrEnum


class StepStatus(StrEnum):
    """The life of one step. ``UNKNOWN`` is an effect whose outcome is in doubt."""

    READY = "ready"
    RUNNING = "running"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


class RunStatus(StrEnum):
    """The stored life of a run; whether an active run moves, waits or is paused is its root's."""

    ACTIVE = "active"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Control(StrEnum):
    """What people want of an active run; every fenced write observes it."""

    GO = "go"
    PAUSED = "paused"
    STOPPED = "stopped"


class ApprovalStatus(StrEnum):
    """``PENDING`` until one conditional update makes it anything else, for good."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"


class DeliveryStatus(StrEnum):
    """``SENDING`` after a crash means: look for it by its key before sending again."""

    DUE = "due"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


ENDED_STEP = frozenset(
    {StepStatus.SUCCEEDED, StepStatus.FAILED, StepStatus.CANCELLED, StepStatus.SKIPPED}
)
ENDED_RUN = frozenset({RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED})

_S, _R, _A, _D = StepStatus, RunStatus, ApprovalStatus, DeliveryStatus

LEGAL_STEP: dict[StepStatus, frozenset[StepStatus]] = {
    _S.READY: frozenset({_S.RUNNING, _S.WAITING, _S.CANCELLED, _S.SKIPPED, _S.FAILED}),
    _S.RUNNING: frozenset(
        {_S.READY, _S.WAITING, _S.SUCCEEDED, _S.FAILED, _S.CANCELLED, _S.UNKNOWN}
    ),
    _S.WAITING: frozenset(
        {_S.READY, _S.RUNNING, _S.SUCCEEDED, _S.FAILED, _S.CANCELLED, _S.SKIPPED}
    ),
    _S.UNKNOWN: frozenset({_S.READY, _S.RUNNING, _S.SUCCEEDED, _S.FAILED, _S.CANCELLED}),
    # "Retry from here" reopens what ended badly, and the ancestors that ended with it.
    _S.FAILED: frozenset({_S.READY}),
    _S.CANCELLED: frozenset[StepStatus](),
    _S.SKIPPED: frozenset[StepStatus](),
    _S.SUCCEEDED: frozenset[StepStatus](),
}
LEGAL_RUN: dict[RunStatus, frozenset[RunStatus]] = {
    _R.ACTIVE: ENDED_RUN,
    _R.FAILED: frozenset({_R.ACTIVE}),
    _R.SUCCEEDED: frozenset[RunStatus](),
    _R.CANCELLED: frozenset[RunStatus](),
}
LEGAL_APPROVAL: dict[ApprovalStatus, frozenset[ApprovalStatus]] = {
    _A.PENDING: frozenset({_A.APPROVED, _A.REJECTED, _A.EXPIRED, _A.CANCELLED, _A.SUPERSEDED}),
    # Drift found at execution voids an approval that was given.
    _A.APPROVED: frozenset({_A.SUPERSEDED}),
    _A.REJECTED: frozenset[ApprovalStatus](),
    _A.EXPIRED: frozenset[ApprovalStatus](),
    _A.CANCELLED: frozenset[ApprovalStatus](),
    _A.SUPERSEDED: frozenset[ApprovalStatus](),
}
