"""Show runs to people, as far as ``access`` in policy.yaml lets them see.

The one place that decides it: chats, pages, paths and commands show through here, whatever asked.
What is said in a conversation is read by those who are in it, and is no business of this. Acting
on a run or an approval is authorised where it is done, and shows nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from runtime.domain.approval import Approval
from runtime.domain.conversation import Person
from runtime.domain.errors import NotFound, Refused
from runtime.domain.run import Artifact, AuditRecord, OpenQuestion, RunLine, RunView, StepRow
from runtime.door.distil import Distilling
from runtime.door.look import Looking, scope
from runtime.door.people import People
from runtime.policy.access import Right
from runtime.workflows.distil.document import Distilled


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Every query on behalf of a person. All raise ``NotFound``, as ``Looking`` does.

    Raises:
        Refused: they may not see it; the words name the grant that is missing.
    """

    looking: Looking
    distilling: Distilling
    people: People

    def view(self, ref: str, person: Person) -> RunView:
        """Give all that is shown of a run."""
        return self.looking.view(ref, workspace=self._where(ref, person))

    def runs(self, person: Person, *, limit: int = 20) -> list[RunLine]:
        """Give the newest runs they may see, newest first."""
        person = self.people.whole(person)
        lacking = self._lacks(person, Right.SEE)
        if lacking is None:
            return self.looking.runs(workspace=scope(person), limit=limit)
        if self._lacks(person, Right.SEE_OWN) is not None:
            raise Refused(lacking)
        return self.looking.runs(workspace=None, limit=limit, requesters=person.principals)

    def trace(self, ref: str, person: Person) -> list[StepRow]:
        """Give every step of a run, depth first."""
        return self.looking.trace(ref, workspace=self._where(ref, person))

    def audit(self, ref: str, person: Person) -> list[AuditRecord]:
        """Give a run's audit chain."""
        return self.looking.audit(ref, workspace=self._where(ref, person))

    def artifact(self, ref: str, name: str, person: Person) -> tuple[Artifact, bytes]:
        """Give a file of a run."""
        return self.looking.artifact(ref, name, workspace=self._where(ref, person))

    def distil(self, ref: str, person: Person, *, name: str = "") -> Distilled:
        """Write down a run that worked as a workflow."""
        return self.distilling.distil(ref, workspace=self._where(ref, person), name=name)

    def approval(self, ref: str, person: Person) -> Approval:
        """Give one approval; who is asked to decide it may see it, whatever else they see.

        Groups of the chat count as far as the channel has looked them up.
        """
        person = self.people.whole(person)
        workspace = self.looking.workspace_of_approval(ref, person)
        approval = self.looking.approval(ref, workspace=workspace)
        lacking = self._lacks(person, Right.SEE)
        if lacking is not None and not self._concerns(approval, person):
            raise Refused(lacking)
        return approval

    def approvals(self, person: Person) -> list[Approval]:
        """Give what waits for people and this one may see, oldest first."""
        person = self.people.whole(person)
        found = self.looking.approvals_for(person)
        if self._lacks(person, Right.SEE) is None:
            return found
        return [one for one in found if self._concerns(one, person)]

    def questions(self, ref: str, person: Person) -> tuple[OpenQuestion, ...]:
        """Give the open questions of a run; of one they may not see, those that ask them."""
        person = self.people.whole(person)
        try:
            return self.view(ref, person).questions
        except (NotFound, Refused):
            asked = tuple(self.looking.questions.asking(ref, person))
            if not asked:
                raise
            return asked

    def question(self, step_id: str, person: Person) -> OpenQuestion:
        """Give one question, to whoever it concerns."""
        return self.looking.questions.one(step_id, self.people.whole(person))

    def groups_asked(self, ref: str) -> tuple[str, ...]:
        """Name the groups of chats that a run asks: for a channel to look up who is in them."""
        return self.looking.questions.groups_asked(ref)

    def check(self, ref: str | None, person: Person) -> None:
        """Refuse where they may not see a run, or, without one, every run there is."""
        if ref is not None:
            self._where(ref, person)
            return
        lacking = self._lacks(self.people.whole(person), Right.SEE)
        if lacking is not None:
            raise Refused(lacking)

    def refusal(self, person: Person) -> str | None:
        """Say which grant they lack to see even the runs they have asked for; None with it."""
        if self._lacks(person, Right.SEE) is None:
            # Linked accounts only add to what one may: nothing has to be looked up.
            return None
        person = self.people.whole(person)
        lacking = self._lacks(person, Right.SEE)
        return lacking and self._lacks(person, Right.SEE_OWN)

    def _where(self, ref: str, person: Person) -> str | None:
        """Give the workspace to look for a run in, for somebody who may see that run."""
        person = self.people.whole(person)
        lacking = self._lacks(person, Right.SEE)
        workspace = self.looking.workspace_of_run(ref, person)
        if lacking is None:
            return workspace
        # Who may see none is not told whether there is such a run.
        if self._lacks(person, Right.SEE_OWN) is not None:
            raise Refused(lacking)
        if self.looking.requester_of(ref, workspace=workspace) not in person.principals:
            raise Refused(lacking)
        return workspace

    def _concerns(self, approval: Approval, person: Person) -> bool:
        own = approval.requester in person.principals
        if own and self._lacks(person, Right.SEE_OWN) is None:
            return True
        return self.looking.is_asked(approval, person)

    def _lacks(self, person: Person, right: Right) -> str | None:
        return self.looking.policy().lacks(person, right)
