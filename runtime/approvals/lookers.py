"""Who may be looking at a page of theirs, for approvals that name nobody in particular."""

from __future__ import annotations

from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from runtime.approvals.standing import case_of, stage_of
from runtime.domain.approval import Approval
from runtime.policy.case import GROUP
from runtime.policy.eligibility import is_one_person
from runtime.policy.policy import Policy
from runtime.storage import conversations, wishes
from runtime.storage.connection import Connection

_OPEN = timedelta(hours=1)
_MOST = 25


def lookers_elsewhere(
    connection: Connection, policy: Policy, approval: Approval, conversation_id: str, now: datetime
) -> list[str]:
    """Name, of other chats than the run's, those who look and whom a pattern of the policy means.

    Those whom it names one by one are written to anyhow; who is in a group, a chat must be asked.
    """
    names = policy.eligible_names(stage_of(approval), case_of(approval, now))
    patterns = [one for one in names if not is_one_person(one) and not one.startswith(GROUP)]
    if not patterns:
        return []
    home = conversations.read(connection, conversation_id).place.channel
    found = wishes.homes_opened_since(connection, "", now - _OPEN, limit=2 * _MOST)
    meant = [one for one in found if any(fnmatchcase(one, pattern) for pattern in patterns)]
    return [one for one in meant if not one.startswith(f"{home}:")][:_MOST]
