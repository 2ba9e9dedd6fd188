"""A front door's way to begin workflows, open to anybody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from runtime.catalog.workflow import inputs
from runtime.catalog.workflow.differences import Changed
from runtime.catalog.workflow.document import Workflow
from runtime.domain.conversation import Person, Place
from runtime.domain.errors import NotFound
from runtime.domain.form import InputForm
from runtime.domain.json import Json, JsonObject
from runtime.domain.schedule import ScheduleLine


class NoSchedules:
    """Nothing starts by itself here."""

    def listed(self, *, workspace: str | None) -> list[ScheduleLine]:
        return []

    def start(
        self, name: str, person: Person, place: Place, typed: Iterable[tuple[str, str]]
    ) -> ScheduleLine:
        raise NotFound(f"there is no workflow {name!r} with a schedule")

    def pause(self, name: str, person: Person, *, workspace: str | None) -> list[ScheduleLine]:
        raise NotFound(f"there is no workflow {name!r} with a schedule")

    def show_approvals(
        self, name: str, person: Person, place: Place | None, *, workspace: str | None
    ) -> list[ScheduleLine]:
        raise NotFound(f"there is no workflow {name!r} with a schedule")

    def resume(self, name: str, person: Person, *, workspace: str | None) -> list[ScheduleLine]:
        raise NotFound(f"there is no workflow {name!r} with a schedule")


@dataclass(frozen=True)
class AllStart:
    """Forms of the workflows there are, for anybody."""

    known: list[Workflow]

    def form(self, workflow: str, person: Person, *, given: JsonObject | None = None) -> InputForm:
        return inputs.form_of(self._find(workflow), given or {})

    def fill(
        self,
        workflow: str,
        person: Person,
        typed: Iterable[tuple[str, str]],
        *,
        given: JsonObject | None = None,
    ) -> JsonObject:
        return inputs.input_of(self._find(workflow), typed, given=given or {})

    @property
    def schedules(self) -> NoSchedules:
        return NoSchedules()

    def publish(self, workspace: str, events: Sequence[JsonObject]) -> int:
        raise NotImplementedError("no test of a front door has events")

    def is_same_input(self, known: JsonObject, given: JsonObject) -> bool:
        return known == given

    def output_of(self, run: str) -> Json:
        raise NotImplementedError("no run of a front door gives data")

    def changed(self, workflow: str, person: Person) -> Changed | None:
        return None

    def startable(self, person: Person) -> list[Workflow]:
        return self.known

    def _find(self, name: str) -> Workflow:
        for one in self.known:
            if one.name == name:
                return one
        raise NotFound(f"there is no workflow {name!r}")
