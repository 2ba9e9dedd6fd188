"""Say "I am looking at it", so that others need not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from runtime.approvals import standing
from runtime.approvals.substitute import voter
from runtime.audit import chain
from runtime.domain.conversation import Person
from runtime.domain.ports import Bell, Clock
from runtime.policy.policy import Policy
from runtime.storage import approvals, deliveries
from runtime.storage.database import Database, again_when_contended


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Who claims is shown on every card; it keeps nobody else from deciding."""

    database: Database
    clock: Clock
    bell: Bell
    policy: Callable[[], Policy]

    @again_when_contended
    def claim(self, ref: str, person: Person, surface: str, *, workspace: str | None) -> str:
        """Claim, or take over from who has claimed; give the approval's id.

        Raises:
            NotFound: no such approval in this workspace.
            Refused: it is decided already, or this person could not decide it.
        """
        now = self.clock.now()
        told: list[str] = []
        with standing.deciding(
            self.database, person=person, what="claim", surface=surface, now=now
        ) as connection:
            approval = standing.pending(connection, ref, workspace)
            voter(connection, self.policy(), approval, person, now)
            if approval.claimed_by == person.principal:
                return approval.id
            approvals.change(
                connection,
                approval,
                expected_version=approval.version,
                claimed_by=person.principal,
                claimed_by_name=person.name or person.principal,
                claimed_at=now,
            )
            chain.append(
                connection,
                approval.run_id,
                "ApprovalClaimed",
                {
                    "approval": approval.id,
                    "by": person.principal,
                    "surface": surface,
                    "instead_of": approval.claimed_by,
                },
                now=now,
            )
            told = deliveries.touch(connection, approval.id, now=now)
        self.bell.ring(conversations=told)
        return approval.id
