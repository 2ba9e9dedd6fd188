"""Whom to ask at this moment: those who may decide, without those who are away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from fnmatch import fnmatchcase

from runtime.approvals.standing import case_of, stage_of
from runtime.domain.absence import Absence
from runtime.domain.approval import Approval
from runtime.policy.eligibility import is_one_person
from runtime.policy.policy import Policy
from runtime.storage import absences, handovers
from runtime.storage.connection import Connection


def whom_to_ask(
    connection: Connection, policy: Policy, approval: Approval, now: datetime
) -> tuple[str, ...]:
    """Name the people of the present stage, and who decides for those who handed that on."""
    handed = handovers.of_approvals(connection, [approval.id])
    return named(
        policy,
        replace(approval, handed=tuple(handed)),
        absences.standing(connection, now=now),
        now,
    )


def named(
    policy: Policy, approval: Approval, absent: Sequence[Absence], now: datetime
) -> tuple[str, ...]:
    """Do the same where it is known who is away, and the approval tells who was handed it.

    Globs and groups name nobody in particular.
    """
    stage, case = stage_of(approval), case_of(approval, now)
    people = [one for one in policy.eligible_names(stage, case) if is_one_person(one)]
    shut_out = policy.excluded(stage, case)
    gone = {one.principal for one in absent if one.away}
    instead = [one.delegate for one in absent if one.delegate and one.principal in people]
    return tuple(
        one
        for one in dict.fromkeys((*people, *instead, *(one.successor for one in approval.handed)))
        if one not in gone and not any(fnmatchcase(one, pattern) for pattern in shut_out)
    )
