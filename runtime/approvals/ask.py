"""Open a question to people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from runtime.audit import chain
from runtime.domain.approval import Approval, OnExpiry, Preview, Question
from runtime.domain.delivery import DeliveryKind
from runtime.domain.ids import new_id
from runtime.domain.json import JsonObject
from runtime.domain.run import Run
from runtime.domain.states import ApprovalStatus
from runtime.outbox.surfaces import spread
from runtime.policy.decision import Decision
from runtime.storage import approvals, deliveries
from runtime.storage.connection import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The call in question, and what the question stands on."""

    question: Question
    tool: str
    arguments: JsonObject
    digest: str
    agent: str
    preview: Preview
    decision: Decision


def opening(
    run: Run, asked: Asked, *, now: datetime, eligible: tuple[str, ...]
) -> Callable[[Connection, str], None]:
    """Give the writer of the question: called with the waiting leaf, inside its transaction.

    ``eligible`` is who could decide at this moment; an empty one raises an alarm at once instead
    of a wait that nobody can end.
    """

    def opened(connection: Connection, leaf_id: str) -> None:
        approval = _approval(run, asked, leaf_id, now)
        approvals.add(connection, approval, workspace=run.workspace)
        chain.append(connection, run.id, "ApprovalRequested", _facts(approval), now=now)
        deliveries.owe(
            connection,
            conversation_id=run.conversation_id,
            run_id=run.id,
            kind=DeliveryKind.APPROVAL_CARD,
            subject_id=approval.id,
            now=now,
        )
        spread(connection, approval, eligible, now=now)
        deliveries.touch(connection, run.id, now=now)
        if not eligible:
            _alarm(connection, run, approval, now)

    return opened


def _approval(run: Run, asked: Asked, leaf_id: str, now: datetime) -> Approval:
    decision = asked.decision
    seconds = decision.expires_after_seconds
    return Approval(
        id=new_id("apr"),
        number=0,
        run_id=run.id,
        run_number=run.number,
        step_id=leaf_id,
        question=asked.question,
        tool=asked.tool,
        arguments=asked.arguments,
        digest=asked.digest,
        agent=asked.agent,
        policy=decision.policy,
        rule=decision.rule,
        reason=decision.reason,
        preview=asked.preview,
        stages=decision.stages,
        stage=0,
        status=ApprovalStatus.PENDING,
        version=0,
        nonce=new_id("n"),
        requester=run.requester,
        on_expiry=OnExpiry.HOLD if asked.question == Question.OUTCOME else decision.on_expiry,
        created_at=now,
        expires_at=None if seconds is None else now + timedelta(seconds=seconds),
        decided_by=None,
        decided_by_name="",
        decided_at=None,
        decided_on="",
        decision_reason="",
        verdict=None,
    )


def _facts(approval: Approval) -> JsonObject:
    return {
        "approval": approval.id,
        "question": approval.question,
        "tool": approval.tool,
        "digest": approval.digest,
        "agent": approval.agent,
        "policy": approval.policy,
        "rule": approval.rule,
        "requester": approval.requester,
        "arguments": approval.arguments,
        "preview": {"what": approval.preview.what, "where": approval.preview.where},
        "eligible": [list(stage.eligible) for stage in approval.stages],
    }


def _alarm(connection: Connection, run: Run, approval: Approval, now: datetime) -> None:
    deliveries.owe(
        connection,
        conversation_id=run.conversation_id,
        run_id=run.id,
        kind=DeliveryKind.NOTICE,
        subject_id=f"{approval.id}/nobody",
        now=now,
        payload={
            "text": f"Nobody is eligible to decide about {approval.tool!r}: an operator must name"
            f" people for rule {approval.rule!r} in policy.yaml. The run waits."
        },
    )
