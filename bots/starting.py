"""What commands and pages ask of the runtime to start workflows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from runtime.catalog.workflow.differences import Changed
from runtime.catalog.workflow.document import Workflow
from runtime.domain.conversation import Person, Place
from runtime.domain.form import InputForm
from runtime.domain.json import Json, JsonObject
from runtime.domain.schedule import ScheduleLine


class Schedules(Protocol):
    """Workflows that start by themselves; ``runtime.door.schedules.Schedules`` fits it."""

    def listed(self, *, workspace: str | None) -> list[ScheduleLine]: ...
    def start(
        self, name: str, person: Person, place: Place, typed: Iterable[tuple[str, str]]
    ) -> ScheduleLine: ...
    def pause(self, name: str, person: Person, *, workspace: str | None) -> list[ScheduleLine]: ...
    def show_approvals(
        self, name: str, person: Person, place: Place | None, *, workspace: str | None
    ) -> list[ScheduleLine]: ...
    def resume(self, name: str, person: Person, *, workspace: str | None) -> list[ScheduleLine]: ...


class Starting(Protocol):
    """Forms of workflows; ``runtime.door.starting.Starting`` fits it by shape."""

    @property
    def schedules(self) -> Schedules: ...
    def form(
        self, workflow: str, person: Person, *, given: JsonObject | None = None
    ) -> InputForm: ...
    def fill(
        self,
        workflow: str,
        person: Person,
        typed: Iterable[tuple[str, str]],
        *,
        given: JsonObject | None = None,
    ) -> JsonObject: ...
    def publish(self, workspace: str, events: Sequence[JsonObject]) -> int: ...
    def is_same_input(self, known: JsonObject, given: JsonObject) -> bool: ...
    def output_of(self, run: str) -> Json: ...
    def changed(self, workflow: str, person: Person) -> Changed | None: ...
    def startable(self, person: Person) -> list[Workflow]: ...
