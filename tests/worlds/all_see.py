"""What a front door in memory shows to people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bots.door import Door
from runtime.domain.approval import Approval
from runtime.domain.conversation import Person
from runtime.domain.errors import NotFound, Refused
from runtime.domain.run import Artifact, AuditRecord, OpenQuestion, RunLine, RunView, StepRow
from runtime.workflows.distil.document import Distilled


@dataclass(frozen=True)
class AllSee:
    """What a door shows to a person: their own workspace, unless a test has them see nothing."""

    door: Door
    blind: Mapping[str, str]

    def view(self, ref: str, person: Person) -> RunView:
        self.check(ref, person)
        return self.door.view(ref, workspace=_scope(person))

    def runs(self, person: Person, *, limit: int = 20) -> list[RunLine]:
        self.check(None, person)
        return self.door.runs(workspace=_scope(person), limit=limit)

    def trace(self, ref: str, person: Person) -> list[StepRow]:
        self.check(ref, person)
        return self.door.trace(ref, workspace=_scope(person))

    def audit(self, ref: str, person: Person) -> list[AuditRecord]:
        self.check(ref, person)
        return self.door.audit(ref, workspace=_scope(person))

    def artifact(self, ref: str, name: str, person: Person) -> tuple[Artifact, bytes]:
        self.check(ref, person)
        return self.door.artifact(ref, name, workspace=_scope(person))

    def distil(self, ref: str, person: Person, *, name: str = "") -> Distilled:
        view = self.view(ref, person)
        return Distilled(name=name or "made", text=f"# Made of run #{view.run.number}\n")

    def approval(self, ref: str, person: Person) -> Approval:
        self.check(None, person)
        return self.door.approval_for(ref, person)

    def approvals(self, person: Person) -> list[Approval]:
        return self.door.approvals(workspace=_scope(person))

    def questions(self, ref: str, person: Person) -> tuple[OpenQuestion, ...]:
        return self.view(ref, person).questions

    def question(self, step_id: str, person: Person) -> OpenQuestion:
        for line in self.runs(person):
            for one in self.view(line.id, person).questions:
                if one.step_id == step_id:
                    return one
        raise NotFound("there is no such question, or it is closed")

    def groups_asked(self, ref: str) -> tuple[str, ...]:
        del ref
        return ()

    def check(self, ref: str | None, person: Person) -> None:
        lacking = self.refusal(person)
        if lacking is not None:
            raise Refused(lacking)

    def refusal(self, person: Person) -> str | None:
        return self.blind.get(person.principal)


def _scope(person: Person) -> str | None:
    return None if person.channel in {"console", "terminal"} else person.workspace
