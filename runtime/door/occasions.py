"""Start what is due: one run for each occasion, however many workers look and whenever they die.

An occasion has a name made of what caused it: the moment that was due, or the number of the event.
The run is accepted under that name, which is taken once, and only then the schedule moves on. A
crash in between finds the same occasion due again, and its name taken.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from runtime.catalog.catalog import Catalog
from runtime.catalog.workflow import sponsor, timetable
from runtime.catalog.workflow.document import Schedule, Workflow
from runtime.domain.conversation import Message, Place, Received, Reception
from runtime.domain.delivery import DeliveryKind
from runtime.domain.errors import BadExpression, Halted, Refused, Upstream
from runtime.domain.json import Json, JsonObject
from runtime.domain.ports import Clock
from runtime.domain.schedule import Scheduled, ScheduleState
from runtime.door.hear import Hearing
from runtime.expressions.evaluator import Evaluator
from runtime.policy.access import Right
from runtime.storage import conversations, deliveries, events, runs, schedules
from runtime.storage.database import Database, again_when_contended
from runtime.storage.events import StoredEvent
from runtime.workflows.awaited import Awaited

_log = logging.getLogger(__name__)
_EVENTS_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasions:
    """A chore of the sweep."""

    database: Database
    clock: Clock
    hearing: Hearing
    catalog: Callable[[], Catalog]
    evaluator: Evaluator

    def __call__(self) -> int:
        """Start what is due now; give how many runs that were."""
        with self.database.read() as connection:
            rows = schedules.active(connection)
        if not rows:
            return 0
        flows = self.catalog().workflows
        count = 0
        for row in rows:
            workflow = flows.get(row.workflow)
            if workflow is None or workflow.schedule is None:
                # Its file is gone; it goes on when it is back, and the list says so meanwhile.
                continue
            try:
                count += self._look(row, workflow)
            except Halted:
                # What is halted is due until it is lifted, and made up for once.
                continue
            except Refused as refused:
                self._stop(row, refused.public)
            except Upstream as error:
                _log.warning("the schedule of %s waits: %s", row.workflow, error.public)
            except Exception:
                # It is tried again with the next sweep; the schedules after it must start now.
                _log.exception("the schedule of %s broke", row.workflow)
        return count

    def _look(self, row: Scheduled, workflow: Workflow) -> int:
        now = self.clock.now()
        schedule = workflow.schedule
        assert schedule is not None, "the caller has looked"
        why = sponsor.unfit(workflow.definition, row.sponsor, row.place)
        if why is not None:
            # A new version of the file: whoever set the old one going does not answer for it.
            raise Refused(why)
        if row.spec != timetable.spec_of(workflow):
            # A new version of the file: from now on its times hold.
            return self._planned_anew(row, workflow, now)
        if row.due_at is not None and row.due_at <= now:
            return self._on_time(row, workflow, row.due_at, now)
        if schedule.after is not None and (row.due_at is None or _has_times(schedule)):
            self._wait_for_end(row, workflow)
        return self._on_events(row, workflow) if schedule.on is not None else 0

    @again_when_contended
    def _stop(self, row: Scheduled, why: str) -> None:
        """Start it no more, and tell so where its runs appeared."""
        now = self.clock.now()
        stopped = replace(row, state=ScheduleState.STOPPED, due_at=None, note=why)
        with self.database.write() as connection:
            if not schedules.change(connection, row, stopped):
                return
            there = conversations.ensure(connection, _place(row, f"stopped-{row.version}"), now=now)
            deliveries.owe(
                connection,
                conversation_id=there.id,
                run_id=row.last_run or "",
                kind=DeliveryKind.NOTICE,
                subject_id=f"schedule/{row.workspace}/{row.workflow}/stopped-{row.version}",
                now=now,
                payload={
                    "text": f"{row.workflow!r} starts by itself no more: {why}. Whoever may start"
                    f" it sets it going in their own name with: schedules start {row.workflow}"
                },
            )
        _log.warning("the schedule of %s was stopped: %s", row.workflow, why)
        # A crash before this leaves a delivery that is due; the sweep rings for it.
        self.hearing.bell.ring(conversations=[there.id])

    def _planned_anew(self, row: Scheduled, workflow: Workflow, now: datetime) -> int:
        due = timetable.next_due(workflow, since=row.since, after=now, ended=self._ended(row))
        self._change(row, spec=timetable.spec_of(workflow), due_at=due, gathered={})
        return 0

    def _on_time(self, row: Scheduled, workflow: Workflow, due: datetime, now: datetime) -> int:
        words, _ = _in_words(row, workflow, due, until=now)
        received = self._begin(row, workflow, due.isoformat(), words, now=now, given=row.input)
        until = self._began_at(received, now)
        after = timetable.next_due(workflow, since=row.since, after=until, ended=None)
        words, late = _in_words(row, workflow, due, until=until)
        self._change(row, due_at=after, note=words if late else "", **_last(received, now))
        return 1

    def _began_at(self, received: Received, now: datetime) -> datetime:
        """Give until when a run stands for what is due: the moment at which it was accepted.

        One that was found, for whoever accepted it died before the schedule moved on, knows nothing
        of the times that have passed since; they are made up for by the next.
        """
        if received.reception is not Reception.DUPLICATE or received.run_id is None:
            return now
        with self.database.read() as connection:
            run = runs.read(connection, received.run_id)
        return run.created_at if run is not None else now

    def _wait_for_end(self, row: Scheduled, workflow: Workflow) -> None:
        ended = self._ended(row)
        if ended is None:
            return
        due = timetable.next_due(workflow, since=row.since, after=self.clock.now(), ended=ended)
        if due is not None and due != row.due_at:
            self._change(row, due_at=due)

    def _ended(self, row: Scheduled) -> datetime | None:
        if row.last_run is None:
            return None
        with self.database.read() as connection:
            run = runs.read(connection, row.last_run)
        return run.finished_at if run is not None else None

    def _on_events(self, row: Scheduled, workflow: Workflow) -> int:
        assert workflow.schedule is not None, "the caller has looked"
        assert workflow.schedule.on is not None, "the caller has looked"
        with self.database.read() as connection:
            found = events.after(
                connection,
                workspace=row.workspace,
                number=row.event_number,
                types=None,
                limit=_EVENTS_AT_ONCE,
            )
        if not found:
            return 0
        awaited = Awaited(workflow.schedule, self.evaluator, now=self.clock.now())
        gathered, count = dict(row.gathered), 0
        last: dict[str, object] = {}
        note = row.note
        for event in found:
            try:
                complete = awaited.take(event.content, gathered)
            except BadExpression as error:
                # It can be judged by nobody, so it starts nothing; the list says why.
                note = error.public
                continue
            if complete is not None:
                told = [awaited.read(one) for one in complete]
                last = self._on_event(row, workflow, event, told)
                count += 1
        self._change(row, event_number=found[-1].number, gathered=gathered, note=note, **last)
        return count

    def _on_event(
        self, row: Scheduled, workflow: Workflow, event: StoredEvent, told: list[Json]
    ) -> dict[str, object]:
        words = f"on {event.content['type']} from {event.content['source']}"
        if len(told) > 1:
            words += f", with {len(told)} events in all"
        now = self.clock.now()
        received = self._begin(row, workflow, f"event-{event.number}", words, now=now, events=told)
        return _last(received, now)

    def _begin(
        self,
        row: Scheduled,
        workflow: Workflow,
        occasion: str,
        words: str,
        *,
        now: datetime,
        given: JsonObject | None = None,
        events: list[Json] | None = None,
    ) -> Received:
        with self.database.read() as connection:
            kind = schedules.kind_of(connection, row.sponsor)
        whole = replace(row.sponsor, kind=kind)
        # Whoever set it going answers for it as long as they may set things going.
        lacking = self.hearing.policy().lacks(whole, Right.PUBLISH)
        if lacking is not None:
            raise Refused(lacking)
        # Accepted as of the moment that was looked at, which its words count the missed times by.
        hearing = replace(self.hearing, clock=_Moment(now))
        return hearing.receive(
            Message(
                event_key=f"{schedules.STARTED}:{row.workspace}/{_named(row, occasion)}",
                person=whole,
                place=_place(row, occasion),
                text=f"{workflow.title} ({words})",
                addressed=True,
                workflow=row.workflow,
                input=given,
                events=None if events is None else tuple(events),
            )
        )

    @again_when_contended
    def _change(self, row: Scheduled, **changes: object) -> None:
        """Move on, unless another worker has: then it has seen the same occasion."""
        with self.database.write() as connection:
            schedules.change(connection, row, _changed(row, changes))


@dataclass(frozen=True, slots=True)
class _Moment:
    """A clock that stands."""

    at: datetime

    def now(self) -> datetime:
        return self.at


def _changed(row: Scheduled, changes: dict[str, object]) -> Scheduled:
    return replace(row, **changes)


def _named(row: Scheduled, occasion: str) -> str:
    return f"{row.workflow}/{row.since.isoformat()}/{occasion}"


def _place(row: Scheduled, occasion: str) -> Place:
    """Give a conversation of its own: where one is shared, a run at work would take it as a reply.

    Its first message begins its thread where the place lets it.
    """
    return row.place.apart(_named(row, occasion))


def _has_times(schedule: Schedule) -> bool:
    return schedule.cron is not None or schedule.every is not None


def _in_words(
    row: Scheduled, workflow: Workflow, due: datetime, *, until: datetime
) -> tuple[str, int]:
    """Say for what a run stands, and how many missed times that is beside the one it is for."""
    words = f"due {_spelled(due, workflow)}"
    late = timetable.missed(workflow, since=row.since, after=due, now=until)
    if late:
        words += f"; {late} later {'time was' if late == 1 else 'times were'} missed as well"
    return words, late


def _last(received: Received, now: datetime) -> dict[str, object]:
    return {"last_run": received.run_id, "last_number": received.number, "last_at": now}


def _spelled(moment: datetime, workflow: Workflow) -> str:
    zone = str(timetable.zone_of(workflow.definition))
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}"
