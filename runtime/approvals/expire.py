"""See to questions with something due: remind, ask more people, end; never with a yes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from runtime.approvals import schedule
from runtime.approvals.asked_people import whom_to_ask
from runtime.approvals.decide import answer_call
from runtime.approvals.standing import halt_of
from runtime.audit import chain
from runtime.domain.approval import Approval, OnExpiry, Question
from runtime.domain.delivery import DeliveryKind
from runtime.domain.json import JsonObject
from runtime.domain.ports import Bell, Clock
from runtime.domain.states import ApprovalStatus
from runtime.outbox.surfaces import spread
from runtime.policy.policy import Policy
from runtime.storage import approvals, deliveries
from runtime.storage.connection import Connection
from runtime.storage.database import Database, again_when_contended

_LATER: Final = timedelta(minutes=1)


class Expiry:
    """A chore of the sweep."""

    def __init__(
        self, database: Database, clock: Clock, bell: Bell, *, policy: Callable[[], Policy]
    ) -> None:
        self._database = database
        self._clock = clock
        self._bell = bell
        self._policy = policy

    @again_when_contended
    def __call__(self) -> int:
        """Handle one batch of approvals with something due; give how many there were."""
        rings: list[str] = []
        told: list[str] = []
        now = self._clock.now()
        with self._database.write() as connection:
            due = approvals.overdue(connection, now=now, limit=100)
            for approval in due:
                rings += _see_to(connection, approval, now)
                if approval.on_expiry == OnExpiry.ESCALATE:
                    told += _ask_more(connection, self._policy(), approval, now)
                told += deliveries.touch(connection, approval.id, now=now)
                told += deliveries.touch(connection, approval.run_id, now=now)
        self._bell.ring(steps=rings, conversations=told)
        return len(due)


def _see_to(connection: Connection, approval: Approval, now: datetime) -> list[str]:
    """Do the one thing that is due; give what to ring."""
    if halt_of(connection, approval) is not None:
        # Time does not run against people who may not decide; it is looked at again soon.
        later = replace(approval, expires_at=now + _LATER, remind_at=None)
        approvals.change(
            connection, approval, expected_version=approval.version, **schedule.columns(later)
        )
        return []
    if approval.expires_at is None or approval.expires_at > now:
        _change(connection, approval, schedule.reminded(approval, now), "ApprovalReminded", now)
        return []
    if approval.question == Question.OUTCOME or approval.on_expiry == OnExpiry.HOLD:
        _change(connection, approval, schedule.held(approval), "ApprovalOverdue", now)
        _say(connection, approval, f"{approval.id}/overdue", _overdue(approval), now)
        return []
    if approval.on_expiry == OnExpiry.ESCALATE:
        higher = schedule.escalated(approval, now)
        _change(connection, approval, higher, "ApprovalEscalated", now)
        _say(connection, approval, f"{approval.id}/rung/{higher.rung}", _escalated(higher), now)
        return []
    return _end(connection, approval, now)


def _ask_more(
    connection: Connection, policy: Policy, approval: Approval, now: datetime
) -> list[str]:
    """Show it to whoever may decide it by now and has a chat of their own with Baton."""
    asked = approvals.find(connection, approval.id, workspace=None) or approval
    return spread(connection, asked, whom_to_ask(connection, policy, asked, now), now=now)


def _change(
    connection: Connection, before: Approval, after: Approval, event: str, now: datetime
) -> None:
    facts: JsonObject = {
        "approval": before.id,
        "stage": after.stage,
        "rung": after.rung,
        "added": list(after.added),
        "reminders": after.reminders,
    }
    chain.append(connection, before.run_id, event, facts, now=now)
    approvals.change(connection, before, expected_version=before.version, **schedule.columns(after))


def _end(connection: Connection, approval: Approval, now: datetime) -> list[str]:
    """End it unanswered, which is neither a yes nor anybody's no."""
    facts: JsonObject = {"approval": approval.id, "tool": approval.tool}
    chain.append(connection, approval.run_id, "ApprovalExpired", facts, now=now)
    approvals.change(
        connection,
        approval,
        expected_version=approval.version,
        status=ApprovalStatus.EXPIRED,
        decided_at=now,
    )
    return answer_call(
        connection,
        approval,
        verdict=ApprovalStatus.EXPIRED,
        reason="nobody decided in time",
        by="",
        now=now,
    )


def _say(
    connection: Connection, approval: Approval, subject_id: str, text: str, now: datetime
) -> None:
    deliveries.owe(
        connection,
        conversation_id=approvals.conversation_of(connection, approval.id),
        run_id=approval.run_id,
        kind=DeliveryKind.NOTICE,
        subject_id=subject_id,
        now=now,
        payload={"text": text},
    )


def _overdue(approval: Approval) -> str:
    return (
        f"Approval {approval.number} of {approval.tool!r} is overdue. The run waits until somebody"
        f" decides: `approve {approval.number}` or `reject {approval.number} REASON`."
    )


def _escalated(approval: Approval) -> str:
    added = approval.stages[approval.stage].escalate_to[approval.rung - 1]
    return (
        f"Nobody has decided about approval {approval.number} of {approval.tool!r} in time:"
        f" {', '.join(added)} may decide it as well by now."
    )
