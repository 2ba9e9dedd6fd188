"""Answer a question: authorised at the click, decided by one conditional update."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from runtime.audit import chain
from runtime.domain.approval import VERDICTS, Approval, Decide, Decided, Question, Verdict
from runtime.domain.errors import NotFound, Refused
from runtime.domain.ids import new_id
from runtime.domain.json import Json
from runtime.domain.ports import Bell, Clock
from runtime.domain.states import ApprovalStatus, StepStatus
from runtime.durable import outside
from runtime.outbox.surfaces import spread
from runtime.policy.eligibility import may_decide
from runtime.policy.policy import Policy
from runtime.storage import approvals, deliveries, runs
from runtime.storage.connection import Connection
from runtime.storage.database import Database, again_when_contended

_STATUS = {
    Verdict.APPROVE: ApprovalStatus.APPROVED,
    Verdict.REJECT: ApprovalStatus.REJECTED,
    Verdict.HAPPENED: ApprovalStatus.APPROVED,
    Verdict.REPEAT: ApprovalStatus.APPROVED,
    Verdict.ABORT: ApprovalStatus.REJECTED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """The only way to decide. ``policy`` gives the policy as it is at this moment."""

    database: Database
    clock: Clock
    bell: Bell
    policy: Callable[[], Policy]

    @again_when_contended
    def decide(self, decide: Decide, *, workspace: str | None) -> Decided:
        """Record one person's verdict.

        Raises:
            NotFound: no such approval in this workspace.
            Refused: this person may not, the card is stale, or the time is up. Recorded as well.
        """
        now = self.clock.now()
        rings: list[str] = []
        spoken_to: list[str] = []
        try:
            with self.database.write() as connection:
                approval = self._locked(connection, decide.approval, workspace)
                if approval is None:
                    raise NotFound(f"there is no approval {decide.approval!r}; see `approvals`")
                if approval.status != ApprovalStatus.PENDING:
                    return Decided(won=False, final=True, approval=approval)
                self._authorise(approval, decide, now)
                final = self._say(connection, approval, decide, now)
                if final:
                    rings = _close(connection, approval, decide, now)
                spoken_to = deliveries.touch(connection, approval.id, now=now)
                spoken_to += deliveries.touch(connection, approval.run_id, now=now)
                approval = approvals.find(connection, approval.id, workspace=None) or approval
        except _Denied as denied:
            self._record_refusal(denied, decide, now)
            raise Refused(denied.public) from None
        # A crash before these rings leaves ready steps and due deliveries to the sweep.
        for step_id in rings:
            self.bell.ring_step(step_id)
        for conversation_id in dict.fromkeys(spoken_to):
            self.bell.ring_conversation(conversation_id)
        return Decided(won=True, final=final, approval=approval)

    def _locked(self, connection: Connection, ref: str, workspace: str | None) -> Approval | None:
        """Give the approval with its run and itself locked, in that order."""
        approval = approvals.find(connection, ref, workspace=workspace)
        if approval is None:
            return None
        runs.lock(connection, approval.run_id)
        return approvals.find(connection, approval.id, workspace=workspace, lock=True)

    def _authorise(self, approval: Approval, decide: Decide, now: datetime) -> None:
        if decide.verdict not in VERDICTS[approval.question]:
            words = ", ".join(sorted(VERDICTS[approval.question]))
            raise Refused(f"{decide.verdict!r} does not answer this question; say one of {words}")
        if decide.nonce is not None and decide.nonce != approval.nonce:
            raise _Denied("this card is not the current one; decide on the newest", approval)
        if approval.expires_at is not None and approval.expires_at <= now:
            raise _Denied("the time to decide is over", approval)
        stage = approval.stages[approval.stage] if approval.stages else None
        if stage is None:
            raise _Denied("nobody is eligible to decide this; name people in policy.yaml", approval)
        refusal = may_decide(self.policy(), stage, decide.person, approval.requester)
        if refusal is not None:
            raise _Denied(refusal, approval)

    def _say(
        self, connection: Connection, approval: Approval, decide: Decide, now: datetime
    ) -> bool:
        """Record the verdict; give whether it settles the question."""
        first = approvals.say(
            connection,
            id=new_id("dec"),
            approval_id=approval.id,
            stage=approval.stage,
            principal=decide.person.principal,
            same_person=decide.person.also,
            name=decide.person.name,
            verdict=decide.verdict,
            reason=decide.reason[:2000],
            surface=decide.surface,
            at=now,
        )
        if not first:
            raise _Denied("you have decided already; the others must agree too", approval)
        if decide.verdict != Verdict.APPROVE:
            return True
        stage = approval.stages[approval.stage]
        if approvals.agreed(connection, approval.id, stage=approval.stage) < stage.quorum:
            return False
        if approval.stage + 1 < len(approval.stages):
            approvals.change(
                connection, approval, expected_version=approval.version, stage=approval.stage + 1
            )
            asked = approval.stages[approval.stage + 1]
            names = self.policy().eligible_names(asked, approval.requester)
            spread(connection, approval, names, now=now)
            return False
        return True

    def _record_refusal(self, denied: _Denied, decide: Decide, now: datetime) -> None:
        facts: dict[str, Json] = {
            "approval": denied.approval.id,
            "by": decide.person.principal,
            "verdict": decide.verdict,
            "surface": decide.surface,
            "because": denied.public,
        }
        with self.database.write() as connection:
            chain.append(connection, denied.approval.run_id, "DecisionRefused", facts, now=now)


class _Denied(Exception):
    def __init__(self, public: str, approval: Approval) -> None:
        super().__init__(public)
        self.public = public
        self.approval = approval


def _close(connection: Connection, approval: Approval, decide: Decide, now: datetime) -> list[str]:
    """Make the verdict final, answer the waiting step, record it: all or nothing."""
    approvals.change(
        connection,
        approval,
        expected_version=approval.version,
        status=_STATUS[decide.verdict],
        decided_by=decide.person.principal,
        decided_by_name=decide.person.name,
        decided_at=now,
        decided_on=decide.surface,
        decision_reason=decide.reason[:2000],
        verdict=decide.verdict,
    )
    facts: dict[str, Json] = {
        "approval": approval.id,
        "tool": approval.tool,
        "digest": approval.digest,
        "verdict": decide.verdict,
        "by": decide.person.principal,
        "surface": decide.surface,
        "reason": decide.reason[:2000],
        "policy": approval.policy,
        "rule": approval.rule,
        "seconds": round((now - approval.created_at).total_seconds(), 3),
    }
    chain.append(connection, approval.run_id, "ApprovalDecided", facts, now=now)
    if approval.question == Question.OUTCOME:
        return _settle_doubt(connection, approval, decide, now)
    return answer_call(
        connection, approval, verdict=_STATUS[decide.verdict], reason=decide.reason,
        by=decide.person.name or decide.person.principal, now=now,
    )  # fmt: skip


def answer_call(
    connection: Connection,
    approval: Approval,
    *,
    verdict: ApprovalStatus,
    reason: str,
    by: str,
    now: datetime,
) -> list[str]:
    """Tell the step that waits how its call was decided; name what to ring."""
    output: dict[str, Json] = {
        "approval": approval.id,
        "digest": approval.digest,
        "verdict": verdict,
        "reason": reason,
        "by": by,
    }
    rings = outside.answer(
        connection, approval.step_id, status=StepStatus.SUCCEEDED, output=output, now=now
    )
    return rings or []


def _settle_doubt(
    connection: Connection, approval: Approval, decide: Decide, now: datetime
) -> list[str]:
    status, output, error = _outcome(approval, decide)
    rings = outside.answer(
        connection, approval.step_id, status=status, output=output, error=error, now=now
    )
    return rings or []


def _outcome(approval: Approval, decide: Decide) -> tuple[StepStatus, Json, Json]:
    who = decide.person.name or decide.person.principal
    if decide.verdict == Verdict.HAPPENED:
        note = f"{who} confirmed that it happened"
        return StepStatus.SUCCEEDED, decide.result or {"confirmed": note}, None
    if decide.verdict == Verdict.REPEAT:
        return StepStatus.READY, None, None
    words = f"{who} stopped {approval.tool}: nobody knows whether it happened; do not repeat it"
    return StepStatus.FAILED, None, {"code": "tool_failed", "message": words}
