"""Ask the requester something before deciding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from runtime.approvals import standing
from runtime.approvals.substitute import voter
from runtime.audit import chain
from runtime.domain.approval import Approval, Inquiry
from runtime.domain.conversation import Person
from runtime.domain.delivery import DeliveryKind
from runtime.domain.errors import NotFound, Refused
from runtime.domain.ids import new_id
from runtime.domain.ports import Bell, Clock
from runtime.observability.personal_data import Clean, cleaner
from runtime.policy.policy import Policy
from runtime.storage import approvals, deliveries, inquiries, runs
from runtime.storage.connection import Connection
from runtime.storage.database import Database, again_when_contended

_LONGEST = 2000
_MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiries:
    """Questions of those who may decide. The approval stays open meanwhile."""

    database: Database
    clock: Clock
    bell: Bell
    policy: Callable[[], Policy]
    clean: Clean = field(default_factory=cleaner)
    """Takes keys and the like out of what people write."""

    @again_when_contended
    def ask(
        self, ref: str, person: Person, text: str, surface: str, *, workspace: str | None
    ) -> str:
        """Ask; give the approval's id. The question is owed to the run's conversation.

        Raises:
            NotFound: no such approval in this workspace.
            Refused: it is decided already, this person could not decide it, or it says nothing.
        """
        words = self.clean(text).strip()
        if not words:
            raise Refused("there was no question in that; say what you want to know")
        now = self.clock.now()
        with standing.deciding(
            self.database, person=person, what="ask", surface=surface, now=now
        ) as connection:
            approval = standing.pending(connection, ref, workspace)
            voter(connection, self.policy(), approval, person, now)
            told = self._ask(connection, approval, person, words[:_LONGEST], surface, now)
        self.bell.ring(conversations=told)
        return approval.id

    def _ask(
        self,
        connection: Connection,
        approval: Approval,
        person: Person,
        text: str,
        surface: str,
        now: datetime,
    ) -> list[str]:
        if len(inquiries.of_approvals(connection, [approval.id])) >= _MOST:
            raise Refused(f"#{approval.number} has been asked about {_MOST} times; decide it now")
        asked = Inquiry(
            id=new_id(inquiries.PREFIX),
            approval_id=approval.id,
            asked_by=person.principal,
            asked_by_name=person.name or person.principal,
            text=text,
            surface=surface,
            at=now,
        )
        inquiries.add(connection, asked, run_id=approval.run_id)
        chain.append(
            connection,
            approval.run_id,
            "ApprovalAskedAbout",
            {"approval": approval.id, "inquiry": asked.id, "by": person.principal, "text": text},
            now=now,
        )
        conversation_id = approvals.conversation_of(connection, approval.id)
        deliveries.owe(
            connection,
            conversation_id=conversation_id,
            run_id=approval.run_id,
            kind=DeliveryKind.QUESTION,
            subject_id=asked.id,
            now=now,
            payload={"number": approval.run_number, "text": text},
        )
        told = deliveries.touch(connection, approval.id, now=now)
        return [conversation_id, *told, *deliveries.touch(connection, approval.run_id, now=now)]


def answer(
    connection: Connection, inquiry_id: str, person: Person, text: str, now: datetime
) -> bool:
    """Record the requester's answer, in the caller's transaction; False where it has one.

    Who may answer is the caller's to check.
    """
    asked = inquiries.find(connection, inquiry_id)
    if asked is None:
        raise NotFound("there is no such question")
    name = person.name or person.principal
    if not inquiries.answer(connection, asked.id, text=text[:_LONGEST], name=name, at=now):
        return False
    approval = approvals.find(connection, asked.approval_id, workspace=None)
    assert approval is not None
    chain.append(
        connection,
        approval.run_id,
        "ApprovalQuestionAnswered",
        {
            "approval": approval.id,
            "inquiry": asked.id,
            "by": person.principal,
            "text": text[:_LONGEST],
        },
        now=now,
    )
    for subject in (asked.id, approval.id, approval.run_id):
        deliveries.touch(connection, subject, now=now)
    return True


def run_of(connection: Connection, inquiry_id: str) -> str | None:
    """Name the run a question belongs to."""
    asked = inquiries.find(connection, inquiry_id)
    approval = asked and approvals.find(connection, asked.approval_id, workspace=None)
    run = approval and runs.read(connection, approval.run_id)
    return run.id if run else None
