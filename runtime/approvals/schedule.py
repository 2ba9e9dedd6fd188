"""When something is due about an approval: limits of a stage, the end of it all, reminders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from runtime.domain.approval import Approval, OnExpiry, Stage
from runtime.storage.approvals import due_at


def entering(approval: Approval, stage: int, now: datetime) -> Approval:
    """Give the approval at the beginning of a stage: its own time, nobody added, nobody at it."""
    return _timed(
        replace(
            approval, stage=stage, rung=0, added=(), claimed_by=None, claimed_by_name="",
            claimed_at=None,
        ),
        now,
    )  # fmt: skip


def escalated(approval: Approval, now: datetime) -> Approval:
    """Give the approval one rung higher: more people, and as much time once more."""
    stage = approval.stages[approval.stage]
    added = stage.escalate_to[approval.rung]
    higher = replace(approval, rung=approval.rung + 1, added=(*approval.added, *added))
    return _timed(higher, now)


def held(approval: Approval) -> Approval:
    """Give the approval without an end: somebody must decide."""
    return replace(approval, expires_at=None)


def reminded(approval: Approval, now: datetime) -> Approval:
    """Give the approval with one more reminder, and when the next is due."""
    stage = approval.stages[approval.stage]
    seconds = stage.remind_seconds
    again = None if seconds is None else now + timedelta(seconds=seconds)
    return replace(approval, reminders=approval.reminders + 1, remind_at=again)


def columns(approval: Approval) -> dict[str, object]:
    """Give what these changes are in the row."""
    return {
        "stage": approval.stage,
        "rung": approval.rung,
        "added": list(approval.added),
        "claimed_by": approval.claimed_by,
        "claimed_by_name": approval.claimed_by_name,
        "claimed_at": approval.claimed_at,
        "expires_at": approval.expires_at,
        "on_expiry": approval.on_expiry,
        "remind_at": approval.remind_at,
        "reminders": approval.reminders,
        "due_at": due_at(approval.expires_at, approval.remind_at),
    }


def _timed(approval: Approval, now: datetime) -> Approval:
    stage = _stage(approval.stages, approval.stage)
    ends: list[tuple[datetime, OnExpiry]] = []
    if approval.ends_at is not None:
        # The whole has no ladder of its own: whoever wrote so wants it not to end.
        how = approval.ends_how
        ends.append((approval.ends_at, OnExpiry.HOLD if how is OnExpiry.ESCALATE else how))
    if stage.limit_seconds is not None:
        then = stage.on_limit
        if then is OnExpiry.ESCALATE and approval.rung >= len(stage.escalate_to):
            then = OnExpiry.HOLD
        ends.append((now + timedelta(seconds=stage.limit_seconds), then))
    at, how = min(ends, default=(None, OnExpiry.HOLD), key=lambda end: end[0])
    seconds = stage.remind_seconds
    return replace(
        approval,
        expires_at=at,
        on_expiry=how,
        remind_at=None if seconds is None else now + timedelta(seconds=seconds),
    )


def _stage(stages: Sequence[Stage], number: int) -> Stage:
    return stages[number] if number < len(stages) else Stage(eligible=())
