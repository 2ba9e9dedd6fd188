"""Decide for somebody who has handed their decisions on."""

from __future__ import annotations

from datetime import datetime

from runtime.approvals.standing import Denied, case_of, stage_of
from runtime.domain.approval import Approval, Said, Stage
from runtime.domain.conversation import Person
from runtime.policy.eligibility import is_named, may_decide
from runtime.policy.policy import Policy
from runtime.storage import absences, approvals, conversations, handovers
from runtime.storage.connection import Connection


def voter(
    connection: Connection, policy: Policy, approval: Approval, person: Person, now: datetime
) -> str | None:
    """Give for whom this person would decide the present stage: None for themselves.

    Raises ``Denied``. Who hands on gives no more than they have: they must be eligible
    themselves at this moment. Who is kept out cannot come back in as a substitute.
    """
    stage, case = stage_of(approval), case_of(approval, now)
    said = [one for one in _said(connection, approval) if one.stage == approval.stage]
    refusal = may_decide(policy, stage, person, case)
    if refusal is None:
        for one in said:
            if one.on_behalf_of in person.principals:
                raise Denied(f"{one.name or one.principal} has decided for you already", approval)
        return None
    shut_out = is_named((*policy.excluded(stage, case), *case.kept_out), person, case)
    is_plain_member = may_decide(policy, Stage(eligible=(person.principal,)), person, case) is None
    if shut_out or not is_plain_member:
        raise Denied(refusal, approval)
    spoken_for = {name for one in said for name in (one.principal, one.on_behalf_of)}
    for principal in _hand_on_to(connection, approval, person, now):
        absent = conversations.person(connection, principal)
        if (
            absent is not None
            and principal not in spoken_for
            and may_decide(policy, stage, absent, case) is None
        ):
            return principal
    raise Denied(refusal, approval)


def _hand_on_to(
    connection: Connection, approval: Approval, person: Person, now: datetime
) -> list[str]:
    """Name who has handed this person all their decisions, or this one."""
    one = handovers.of_approvals(connection, [approval.id])
    return [
        *(each.principal for each in absences.handed_to(connection, person.principals, now=now)),
        *(each.principal for each in one if each.successor in person.principals),
    ]


def _said(connection: Connection, approval: Approval) -> list[Said]:
    return approvals.history(connection, [approval.id]).get(approval.id, [])
