"""Fill in what an approval's row does not hold: its people at this moment, and what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from runtime.approvals.asked_people import named
from runtime.approvals.standing import case_of, stage_of
from runtime.domain.absence import Absence
from runtime.domain.approval import Approval, Inquiry
from runtime.domain.run import OpenQuestion
from runtime.domain.states import ApprovalStatus
from runtime.policy.case import GROUP
from runtime.policy.policy import Policy
from runtime.storage import absences, approvals, inquiries
from runtime.storage.connection import Connection


def complete(
    connection: Connection, found: Sequence[Approval], *, policy: Policy, now: datetime
) -> list[Approval]:
    """Give approvals with who may decide them by this policy, their history and questions."""
    ids = [one.id for one in found]
    if not ids:
        return []
    said = approvals.history(connection, ids)
    asked = inquiries.of_approvals(connection, ids)
    away = absences.standing(connection, now=now)
    return [
        _with_people(
            replace(
                one,
                history=tuple(said.get(one.id, ())),
                questions=tuple(each for each in asked if each.approval_id == one.id),
            ),
            policy,
            away,
            now,
        )
        for one in found
    ]


def _with_people(
    approval: Approval, policy: Policy, away: Sequence[Absence], now: datetime
) -> Approval:
    if not approval.stages:
        return approval
    names = policy.eligible_names(stage_of(approval), case_of(approval, now))
    if approval.status != ApprovalStatus.PENDING:
        return replace(approval, may_decide=names)
    heard = {one.principal for one in approval.history if one.stage == approval.stage}
    people = named(policy, approval, away, now)
    return replace(
        approval,
        may_decide=names,
        eligible_people=tuple(one for one in people if one not in heard),
        eligible_groups=tuple(one.removeprefix(GROUP) for one in names if one.startswith(GROUP)),
    )


def as_question(asked: Inquiry, *, closed: bool = False) -> OpenQuestion:
    """Give a question about an approval as any other question to the requester."""
    answered = f"{asked.answered_by_name}: {asked.answer}" if asked.answered_at else ""
    return OpenQuestion(
        step_id=asked.id,
        text=f"{asked.asked_by_name} asks before deciding: {asked.text}",
        choices=(),
        asked_at=asked.at,
        answered=answered or ("no longer needed" if closed else ""),
    )
