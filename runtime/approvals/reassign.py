"""Hand one approval to somebody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from runtime.approvals import standing
from runtime.approvals.hand_over import person_meant
from runtime.approvals.standing import Denied, case_of, stage_of
from runtime.approvals.substitute import voter
from runtime.audit import chain
from runtime.domain.approval import Approval, HandedOver, Reassign, Stage
from runtime.domain.conversation import Person
from runtime.domain.errors import Refused
from runtime.domain.ports import Bell, Clock
from runtime.observability.personal_data import Clean, cleaner
from runtime.outbox.surfaces import spread
from runtime.policy.access import Right
from runtime.policy.eligibility import is_one_person, may_decide
from runtime.policy.policy import Policy
from runtime.storage import absences, approvals, conversations, deliveries, handovers, people
from runtime.storage.connection import Connection
from runtime.storage.database import Database, again_when_contended

_LONGEST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reassigning:
    """Hands on a vote that somebody has, and makes none: the successor decides in their place.

    What the policy keeps from the successor stays so, a requester and whoever changed the
    arguments among them; and who was handed an approval hands it no further.
    """

    database: Database
    clock: Clock
    bell: Bell
    policy: Callable[[], Policy]
    clean: Clean = field(default_factory=cleaner)
    """Takes keys and the like out of what people write."""

    @again_when_contended
    def reassign(self, wanted: Reassign, *, workspace: str | None) -> str:
        """Hand it over, in place of whom the same person named before; give the approval's id.

        Raises:
            NotFound: no such approval in this workspace, or nobody of this name.
            Refused: it is decided, this person may not hand it on, or the other may not have it.
        """
        now = self.clock.now()
        lacking = self.policy().lacks(wanted.person, Right.DELEGATE)
        if lacking is not None:
            raise Refused(lacking)
        with standing.deciding(
            self.database, person=wanted.person, what="reassign", surface=wanted.surface, now=now
        ) as connection:
            approval = standing.pending(connection, wanted.approval, workspace)
            self._check_giver(connection, approval, wanted.person, now)
            successor = self._successor(connection, approval, wanted, now)
            told = self._record(connection, approval, wanted, successor, now)
        self.bell.ring(conversations=told)
        return approval.id

    def _check_giver(
        self, connection: Connection, approval: Approval, person: Person, now: datetime
    ) -> None:
        absent = voter(connection, self.policy(), approval, person, now)
        if absent is not None:
            raise Denied(
                f"you decide this for {absent}; only they can hand it to somebody else", approval
            )
        if self._has_said(connection, approval, person):
            raise Refused(f"you have decided about #{approval.number} already")

    def _successor(
        self, connection: Connection, approval: Approval, wanted: Reassign, now: datetime
    ) -> Person:
        """Give who is meant, where they may have it."""
        found = person_meant(connection, wanted.person, wanted.to)
        if not is_one_person(found.principal):
            raise Refused(f"{wanted.to!r} names nobody in particular; name one person")
        also = people.others(connection, found.principal)
        found = replace(found, name=found.name or wanted.to_name, also=also)
        if set(found.principals) & set(wanted.person.principals):
            raise Refused("you decide for yourself already; name somebody else")
        who = found.name or found.principal
        if self._has_said(connection, approval, found):
            raise Refused(f"{who} has decided about #{approval.number} already; name another")
        away = absences.of_person(connection, found.principal, now=now)
        if any(one.away and one.begins_at <= now for one in away):
            raise Refused(f"{who} is away; name somebody who is there")
        self._check_eligible(approval, wanted.person, found, now)
        return found

    def _check_eligible(
        self, approval: Approval, giver: Person, found: Person, now: datetime
    ) -> None:
        policy, stage, case = self.policy(), stage_of(approval), case_of(approval, now)
        if may_decide(policy, stage, found, case) is None:
            return
        who = found.name or found.principal
        barred = tuple(entry for entry in stage.eligible if entry.startswith("!"))
        as_substitute = Stage(eligible=(found.principal, *barred))
        if may_decide(policy, as_substitute, found, case) is not None:
            raise Refused(
                f"{who} is kept from deciding #{approval.number} by the policy, or asked for it or"
                " changed it; name somebody else"
            )
        if may_decide(policy, stage, replace(giver, groups=()), case) is not None:
            raise Refused(
                f"you may decide #{approval.number} as one of a group, and only the group can take"
                f" it from you: {who} is not named by the policy. Whoever else is in the group"
                " decides it without this"
            )

    def _has_said(self, connection: Connection, approval: Approval, person: Person) -> bool:
        said = approvals.history(connection, [approval.id]).get(approval.id, [])
        return any(
            one.stage == approval.stage
            and {one.principal, one.on_behalf_of} & set(person.principals)
            for one in said
        )

    def _record(
        self,
        connection: Connection,
        approval: Approval,
        wanted: Reassign,
        successor: Person,
        now: datetime,
    ) -> list[str]:
        """Write it down and owe every card its new state; give what conversations to ring."""
        giver = wanted.person
        one = HandedOver(
            approval_id=approval.id,
            principal=giver.principal,
            name=giver.name or giver.principal,
            successor=successor.principal,
            successor_name=successor.name or successor.principal,
            reason=self.clean(wanted.reason).strip()[:_LONGEST],
            stage=approval.stage,
            surface=wanted.surface,
            at=now,
        )
        # Looked up again at the successor's click: who handed it on must be eligible then as well.
        conversations.meet(connection, giver, now=now)
        handovers.put(connection, one, run_id=approval.run_id)
        mine = approval.claimed_by in giver.principals
        approvals.change(
            connection,
            approval,
            expected_version=approval.version,
            **({"claimed_by": None, "claimed_by_name": "", "claimed_at": None} if mine else {}),
        )
        chain.append(
            connection,
            approval.run_id,
            "ApprovalReassigned",
            {
                "approval": approval.id,
                "by": one.principal,
                "to": one.successor,
                "because": one.reason,
                "surface": one.surface,
                "stage": one.stage,
            },
            now=now,
        )
        shown = spread(connection, approval, [one.successor], now=now)
        told = deliveries.touch(connection, approval.id, now=now)
        return [*shown, *told, *deliveries.touch(connection, approval.run_id, now=now)]
