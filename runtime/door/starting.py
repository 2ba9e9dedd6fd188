"""Start workflows by name: who may, and what they must be told first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from runtime.catalog.catalog import Catalog
from runtime.catalog.problems import near
from runtime.catalog.workflow import inputs
from runtime.catalog.workflow.differences import Changed, difference
from runtime.catalog.workflow.document import Workflow
from runtime.domain.conversation import Person
from runtime.domain.errors import NotFound, Refused
from runtime.domain.form import InputForm
from runtime.domain.ids import step_id
from runtime.domain.json import Json, JsonObject, object_of
from runtime.door.hear import Hearing
from runtime.door.occasions import Occasions
from runtime.door.people import People
from runtime.door.schedules import Schedules
from runtime.expressions.evaluator import Evaluator
from runtime.observability.personal_data import cleaned
from runtime.policy.access import Right
from runtime.policy.policy import Policy
from runtime.storage import definitions, steps
from runtime.workflows.events import KNOWN_BY, Events, checked

_VERSIONS = 50
"""Of everything in the agents folder, as far back as the one before is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Starting:
    """What stands before a message that begins a workflow, and what begins by itself."""

    people: People
    catalog: Callable[[], Catalog]
    policy: Callable[[], Policy]
    schedules: Schedules
    hearing: Hearing

    events: Events

    def publish(self, workspace: str, events: Sequence[JsonObject]) -> int:
        """Take events, each once; give how many were new.

        Raises ``Refused`` where one of them is no CloudEvent; then none is taken.
        """
        whole = [self._clean(checked(event)) for event in events]
        return sum(self.events.publish(workspace, event) for event in whole)

    def _clean(self, event: JsonObject) -> JsonObject:
        """Take out what is kept nowhere; what an event is known and found by stays as it is."""
        clean = self.hearing.clean
        return {
            name: value if name in KNOWN_BY else cleaned(value, clean)
            for name, value in event.items()
        }

    def output_of(self, run: str) -> Json:
        """Give what a workflow's run gave, as data; None before its end."""
        with self.hearing.database.read() as connection:
            root = steps.read_step(connection, step_id(run, "/"))
        return object_of(root.output).get("output") if root is not None else None

    def is_same_input(self, known: JsonObject, given: JsonObject) -> bool:
        """Tell whether a run's input is what this would be kept as."""
        return known == cleaned(given, self.hearing.clean)

    def occasions(self, evaluator: Evaluator) -> Occasions:
        """Give the chore that starts what is due by itself."""
        return Occasions(
            database=self.hearing.database,
            clock=self.hearing.clock,
            hearing=self.hearing,
            catalog=self.catalog,
            evaluator=evaluator,
        )

    def form(self, workflow: str, person: Person, *, given: JsonObject | None = None) -> InputForm:
        """Give what a workflow asks for, ``given`` filled in already.

        To draw it: a field for each of ``form.fields``, ``initial`` in it. To take it: do
        ``Command(verb="run", workflow=form.workflow, input=form.given, values=…)`` with what was
        entered, as pairs of name and text, left-out fields as empty texts. The reply starts the
        run, or has the form once more, with complaints in ``wrong``.

        Raises:
            NotFound: there is no such workflow.
            Refused: the person may not start it.
        """
        return inputs.form_of(self._allowed(workflow, person), given or {})

    def fill(
        self,
        workflow: str,
        person: Person,
        typed: Iterable[tuple[str, str]],
        *,
        given: JsonObject | None = None,
    ) -> JsonObject:
        """Give the whole input out of what was given and typed, each value in its type.

        Raises:
            InputNeeded: something is missing or does not fit; it holds the form to ask again.
            NotFound, Refused: as ``form``.
        """
        return inputs.input_of(self._allowed(workflow, person), typed, given=given or {})

    def changed(self, workflow: str, person: Person) -> Changed | None:
        """Give what the present version of a workflow changed; None where no run had another.

        Raises ``NotFound`` or ``Refused``, as ``form``.
        """
        after = self._allowed(workflow, person)
        with self.hearing.database.read() as connection:
            stored = definitions.newest(connection, limit=_VERSIONS)
        for content, at in stored:
            for one in cast("Sequence[Json]", content.get("workflows") or ()):
                before = object_of(one)
                heading = object_of(before.get("document"))
                if heading.get("name") == workflow and before != after.definition:
                    return Changed(
                        before=str(heading.get("version")),
                        after=after.version,
                        known_since=at,
                        lines=difference(before, after.definition),
                    )
        return None

    def startable(self, person: Person) -> list[Workflow]:
        """Give the workflows that a person may start, by name."""
        whole = self.people.whole(person)
        return [
            one
            for one in self.catalog().workflows.values()
            if self.policy().lacks(whole, Right.ASK, start=one.name) is None
        ]

    def _allowed(self, name: str, person: Person) -> Workflow:
        known = self.catalog().workflows.get(name)
        if known is None:
            others = [one.name for one in self.startable(person)]
            listed = near(name, others) if others else "no workflow is installed"
            raise NotFound(f"there is no workflow {name!r}; {listed}")
        lacking = self.policy().lacks(self.people.whole(person), Right.ASK, start=name)
        if lacking is not None:
            raise Refused(lacking)
        return known


def open_starting(hearing: Hearing, people: People) -> Starting:
    """Put it together around the intake that all of it ends in."""
    return Starting(
        people=people,
        catalog=hearing.catalog,
        policy=hearing.policy,
        schedules=Schedules(
            database=hearing.database,
            clock=hearing.clock,
            people=people,
            catalog=hearing.catalog,
            policy=hearing.policy,
        ),
        hearing=hearing,
        events=Events(database=hearing.database, clock=hearing.clock, bell=hearing.bell),
    )
