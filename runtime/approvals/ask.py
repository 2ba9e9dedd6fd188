"""Open a question to people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from runtime.approvals import schedule
from runtime.approvals.asked_people import whom_to_ask
from runtime.approvals.lookers import lookers_elsewhere
from runtime.approvals.standing import case_of
from runtime.audit import chain
from runtime.domain.approval import Approval, Difference, OnExpiry, Preview, Question
from runtime.domain.delivery import DeliveryKind
from runtime.domain.effects import Effect
from runtime.domain.ids import new_id
from runtime.domain.json import JsonObject
from runtime.domain.run import Run
from runtime.domain.states import ApprovalStatus
from runtime.outbox.surfaces import show_at, spread
from runtime.policy.decision import Decision
from runtime.policy.eligibility import unmeetable
from runtime.policy.policy import Policy
from runtime.storage import absences, approvals, deliveries, schedules, trees
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
    effect: Effect
    schema: JsonObject | None = None
    """Of the arguments, where they may be changed."""
    replaces: str | None = None
    differences: tuple[Difference, ...] = ()
    kept_out: tuple[str, ...] = ()


def opening(
    run: Run, asked: Asked, *, now: datetime, policy: Policy
) -> Callable[[Connection, str], None]:
    """Give the writer of the question: called with the waiting leaf, inside its transaction.

    Where nobody could decide by ``policy``, which is today's, an alarm is raised at once instead
    of a wait that nobody can end.
    """

    def opened(connection: Connection, leaf_id: str) -> None:
        approval = replace(
            schedule.entering(_approval(run, asked, leaf_id, now), 0, now),
            thread_owner=approvals.thread_owner(connection, run.conversation_id),
            chain=trees.agents_above(connection, leaf_id),
        )
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
        elsewhere = schedules.approvals_of(connection, run)
        if elsewhere is not None:
            show_at(connection, approval, elsewhere, now=now)
        people = whom_to_ask(connection, policy, approval, now)
        spread(connection, approval, people, now=now)
        lookers = lookers_elsewhere(connection, policy, approval, run.conversation_id, now)
        spread(connection, approval, lookers, now=now)
        deliveries.touch(connection, run.id, now=now)
        away = {
            one.principal
            for one in absences.standing(connection, now=now)
            if one.away and one.delegate is None
        }
        problem = unmeetable(policy, approval.stages, case_of(approval, now), away=away)
        if problem is not None:
            _alarm(connection, run, approval, problem, now)

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
        on_expiry=OnExpiry.HOLD,
        created_at=now,
        expires_at=None,
        ends_at=None if seconds is None else now + timedelta(seconds=seconds),
        ends_how=OnExpiry.HOLD if asked.question == Question.OUTCOME else decision.on_expiry,
        decided_by=None,
        decided_by_name="",
        decided_at=None,
        decided_on="",
        decision_reason="",
        verdict=None,
        effect=asked.effect,
        editable_schema=asked.schema,
        replaces=asked.replaces,
        differences=asked.differences,
        kept_out=asked.kept_out,
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
        "agents": list(approval.chain),
        "replaces": approval.replaces,
        "kept_out": list(approval.kept_out),
    }


def _alarm(
    connection: Connection, run: Run, approval: Approval, problem: str, now: datetime
) -> None:
    facts: JsonObject = {"approval": approval.id, "rule": approval.rule, "problem": problem}
    chain.append(connection, run.id, "ApprovalCannotBeDecided", facts, now=now)
    deliveries.owe(
        connection,
        conversation_id=run.conversation_id,
        run_id=run.id,
        kind=DeliveryKind.NOTICE,
        subject_id=f"{approval.id}/nobody",
        now=now,
        payload={
            "text": f"Nobody can decide about {approval.tool!r}: {problem}. An operator must name"
            f" people for rule {approval.rule!r} in policy.yaml. The run waits."
        },
    )
