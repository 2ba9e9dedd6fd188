"""Set workflows going by themselves, pause them, and say how they stand.

Whoever sets one going is its sponsor: its runs are asked for in their name, by their rights of the
moment, and its approvals appear where they did it. Nothing starts without one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from runtime.catalog.catalog import Catalog
from runtime.catalog.workflow import inputs, sponsor, timetable
from runtime.catalog.workflow.document import Workflow
from runtime.domain.conversation import Person, Place
from runtime.domain.errors import NotFound, Refused
from runtime.domain.json import Json
from runtime.domain.ports import Clock
from runtime.domain.schedule import Scheduled, ScheduleLine, ScheduleState
from runtime.door.people import People
from runtime.policy.access import Right
from runtime.policy.policy import Policy
from runtime.storage import events, schedules
from runtime.storage.connection import Connection
from runtime.storage.database import Database, again_when_contended
from runtime.workflows.awaited import count_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedules:
    """``workspace`` limits what is seen and touched; None is the operator of this machine."""

    database: Database
    clock: Clock
    people: People
    catalog: Callable[[], Catalog]
    policy: Callable[[], Policy]

    def listed(self, *, workspace: str | None) -> list[ScheduleLine]:
        """Give every workflow that has a schedule, by name, whether or not it is set going."""
        flows = self.catalog().workflows
        with self.database.read() as connection:
            rows = schedules.listed(connection, workspace=workspace)
        going = {row.workflow for row in rows}
        off = [one for one in flows.values() if one.schedule and one.name not in going]
        lines = [_line(row, flows.get(row.workflow)) for row in rows]
        return sorted([*lines, *map(_off, off)], key=lambda line: line.workflow)

    @again_when_contended
    def start(
        self, name: str, person: Person, place: Place, typed: Iterable[tuple[str, str]]
    ) -> ScheduleLine:
        """Set a workflow going from now on, in a person's name, with what was typed as its input.

        One that goes already gets a new sponsor, place and input.

        Raises:
            InputNeeded: its runs would need other input.
            NotFound, Refused: there is no such workflow with a schedule, or they may not start it.
        """
        whole = self.people.whole(person)
        workflow = self._workflow(name)
        self._require_publish(whole)
        lacking = self.policy().lacks(whole, Right.ASK, start=name)
        if lacking is not None:
            raise Refused(lacking)
        unanswered = sponsor.lacking(workflow.definition)
        if unanswered is not None:
            raise Refused(f"{name!r} cannot be set going: {unanswered}")
        why = sponsor.unfit(workflow.definition, person, place)
        if why is not None:
            raise Refused(f"{why}; set it going as it says, with: schedules start {name}")
        schedule = workflow.schedule
        assert schedule is not None, "only those that have one are found"
        values = dict[str, Json]() if schedule.on else inputs.input_of(workflow, typed, given={})
        now = self.clock.now()
        with self.database.write() as connection:
            one = Scheduled(
                workspace=place.workspace,
                workflow=name,
                sponsor=replace(person, groups=(), also=()),
                place=place,
                input=values,
                state=ScheduleState.ACTIVE,
                since=now,
                spec=timetable.spec_of(workflow),
                # What begins again after each end begins with being set going.
                due_at=now
                if schedule.after
                else timetable.next_due(workflow, since=now, after=now, ended=None),
                event_number=events.last(connection, place.workspace),
                gathered={},
                last_run=None,
                last_number=None,
                last_at=None,
                note="",
                version=1,
            )
            schedules.put(connection, one)
        return _line(one, workflow)

    def pause(self, name: str, person: Person, *, workspace: str | None) -> list[ScheduleLine]:
        """Start nothing until it is resumed; what is due meanwhile is not made up for."""
        return self._change(name, person, workspace, self._paused)

    def resume(self, name: str, person: Person, *, workspace: str | None) -> list[ScheduleLine]:
        """Go on from now, with the sponsor it has. Raises ``Refused`` where it was stopped."""
        self._require_publish(self.people.whole(person))
        return self._change(name, person, workspace, self._resumed)

    def show_approvals(
        self, name: str, person: Person, place: Place | None, *, workspace: str | None
    ) -> list[ScheduleLine]:
        """Show approvals of its runs at ``place`` as well from now on; nowhere else with None."""
        self._require_publish(self.people.whole(person))

        def moved(connection: Connection, row: Scheduled, workflow: Workflow) -> Scheduled:
            del connection, workflow
            return replace(row, approvals=place)

        return self._change(name, person, workspace, moved)

    @again_when_contended
    def _change(
        self,
        name: str,
        person: Person,
        workspace: str | None,
        change: Callable[[Connection, Scheduled, Workflow], Scheduled],
    ) -> list[ScheduleLine]:
        whole = self.people.whole(person)
        workflow = self._workflow(name)
        lines: list[ScheduleLine] = []
        with self.database.write() as connection:
            rows = schedules.listed(connection, workspace=workspace)
            found = [row for row in rows if row.workflow == name]
            if not found:
                raise Refused(f"{name!r} was never set going; write: schedules start {name}")
            for row in found:
                self._require(whole, row)
                changed = change(connection, row, workflow)
                if not schedules.change(connection, row, changed):
                    raise Refused(f"{name!r} was just started; try again")
                lines.append(_line(changed, workflow))
        return lines

    @staticmethod
    def _paused(connection: Connection, row: Scheduled, workflow: Workflow) -> Scheduled:
        del connection, workflow
        return replace(row, state=ScheduleState.PAUSED, due_at=None, note="")

    def _resumed(self, connection: Connection, row: Scheduled, workflow: Workflow) -> Scheduled:
        if row.state is ScheduleState.STOPPED:
            raise Refused(
                f"{row.workflow!r} was stopped: {row.note}; whoever may, writes: "
                f"schedules start {row.workflow}"
            )
        if row.state is ScheduleState.ACTIVE:
            return row
        now = self.clock.now()
        return replace(
            row,
            state=ScheduleState.ACTIVE,
            due_at=timetable.next_due(workflow, since=row.since, after=now, ended=now),
            event_number=events.last(connection, row.workspace),
            gathered={},
        )

    def _require(self, person: Person, row: Scheduled) -> None:
        if row.sponsor.principal in person.principals:
            return
        lacking = self.policy().lacks(person, Right.STEER)
        if lacking is not None:
            sponsor = row.sponsor.name or row.sponsor.principal
            raise Refused(f"only its sponsor {sponsor} may change this, or who steers: {lacking}")

    def _require_publish(self, person: Person) -> None:
        lacking = self.policy().lacks(person, Right.PUBLISH)
        if lacking is not None:
            raise Refused(lacking)

    def _workflow(self, name: str) -> Workflow:
        known = {one.name: one for one in self.catalog().workflows.values() if one.schedule}
        if name not in known:
            listed = f"those that have one are {', '.join(known)}" if known else "none has one"
            raise NotFound(f"there is no workflow {name!r} with a schedule; {listed}")
        return known[name]


def _line(row: Scheduled, workflow: Workflow | None) -> ScheduleLine:
    has = workflow is not None and workflow.schedule is not None
    gone = "the workflow is not installed any more, or has no schedule"
    return ScheduleLine(
        workflow=row.workflow,
        title=workflow.title if workflow else row.workflow,
        when=timetable.in_words(workflow) if workflow and has else "",
        state=row.state,
        sponsor=row.sponsor.principal,
        sponsor_name=row.sponsor.name,
        due_at=row.due_at if has else None,
        last_number=row.last_number,
        last_at=row.last_at,
        note=(row.note or _gathered(row)) if has else gone,
        has_approvals_channel=row.approvals is not None,
    )


def _gathered(row: Scheduled) -> str:
    count = count_of(row.gathered)
    if not count:
        return ""
    return f"{count} {'event has' if count == 1 else 'events have'} come for its next run"


def _off(workflow: Workflow) -> ScheduleLine:
    people = sponsor.sponsors_of(workflow.definition)
    named = f"its file names {' or '.join(people)} as its sponsor" if people else ""
    unanswered = sponsor.lacking(workflow.definition)
    return ScheduleLine(
        workflow=workflow.name,
        title=workflow.title,
        when=timetable.in_words(workflow),
        state=ScheduleState.OFF,
        sponsor="",
        sponsor_name="",
        due_at=None,
        last_number=None,
        last_at=None,
        note=unanswered or named,
        unanswered=unanswered is not None,
    )
