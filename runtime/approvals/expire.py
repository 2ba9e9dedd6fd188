"""End questions whose time is up: never with a yes, and never with a person's no."""

from __future__ import annotations

from runtime.approvals.decide import answer_call
from runtime.audit import chain
from runtime.domain.approval import Approval, OnExpiry, Question
from runtime.domain.delivery import DeliveryKind
from runtime.domain.ports import Bell, Clock
from runtime.domain.states import ApprovalStatus
from runtime.storage import approvals, deliveries
from runtime.storage.connection import Connection
from runtime.storage.database import Database, again_when_contended


class Expiry:
    """A chore of the sweep."""

    def __init__(self, database: Database, clock: Clock, bell: Bell) -> None:
        self._database = database
        self._clock = clock
        self._bell = bell

    @again_when_contended
    def __call__(self) -> int:
        """Handle one batch of overdue approvals; give how many there were."""
        rings: list[str] = []
        told: list[str] = []
        with self._database.write() as connection:
            overdue = approvals.overdue(connection, now=self._clock.now(), limit=100)
            for approval in overdue:
                rings += self._expire(connection, approval)
                told += deliveries.touch(connection, approval.id, now=self._clock.now())
                told += deliveries.touch(connection, approval.run_id, now=self._clock.now())
        for step_id in rings:
            self._bell.ring_step(step_id)
        for conversation_id in dict.fromkeys(told):
            self._bell.ring_conversation(conversation_id)
        return len(overdue)

    def _expire(self, connection: Connection, approval: Approval) -> list[str]:
        now = self._clock.now()
        hold = approval.on_expiry == OnExpiry.HOLD or approval.question == Question.OUTCOME
        event = "ApprovalOverdue" if hold else "ApprovalExpired"
        chain.append(connection, approval.run_id, event, {"approval": approval.id}, now=now)
        if hold:
            self._remind(connection, approval)
            approvals.change(
                connection, approval, expected_version=approval.version, expires_at=None
            )
            return []
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

    def _remind(self, connection: Connection, approval: Approval) -> None:
        run_conversation = approvals.conversation_of(connection, approval.id)
        deliveries.owe(
            connection,
            conversation_id=run_conversation,
            run_id=approval.run_id,
            kind=DeliveryKind.NOTICE,
            subject_id=f"{approval.id}/overdue",
            now=self._clock.now(),
            payload={
                "text": f"Approval {approval.number} of {approval.tool!r} is overdue."
                f" The run waits until somebody decides: `approve {approval.number}` or"
                f" `reject {approval.number} REASON`."
            },
        )
