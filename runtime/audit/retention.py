"""Remove what its time is over for, a little at a time; what is at work is left alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from runtime.audit import chain
from runtime.domain.json import JsonObject
from runtime.domain.ports import Clock
from runtime.domain.retention import Outlook, Part, Periods
from runtime.storage import aging, removal
from runtime.storage.connection import Connection
from runtime.storage.database import Database, again_when_contended
from runtime.storage.removal import Ended

REMOVED: Final = "[removed]"
_RUNS: Final = 20
_ROWS: Final = 100
_REST: Final = timedelta(minutes=10)
Batch = Callable[..., int]
_BATCHES: dict[Part, tuple[Batch, ...]] = {
    Part.TRANSCRIPT: (removal.empty_steps, removal.drop_signals),
    Part.FILES: (removal.drop_files,),
    Part.WORDS: (removal.drop_steps, removal.drop_signals, removal.drop_deliveries),
}


class Retention:
    """A chore of the sweep. Having found nothing it looks again only after ten minutes."""

    def __init__(self, database: Database, clock: Clock, periods: Periods) -> None:
        self._database = database
        self._clock = clock
        self._periods = periods
        self._after: dict[Part, Ended] = {}
        self._rests_until: datetime | None = None

    def __call__(self) -> int:
        """Remove one batch of each class; give how many runs, facts and events were looked at."""
        now = self._clock.now()
        if self._rests_until is not None and now < self._rests_until:
            return 0
        found = sum(self._part(part, now) for part in Part)
        found += self._memories(now) + self._events(now)
        self._rests_until = None if found else now + _REST
        return found

    def outlook(self) -> list[Outlook]:
        """Say of each class what goes now, and when the next will."""
        now = self._clock.now()
        with self._database.read() as connection:
            parts = [self._outlook_of(connection, part, now) for part in Part]
            memories = _outlook(
                ("memories", "facts that agents remember"),
                self._periods.memories,
                now,
                count=lambda before: aging.count_memories(connection, before=before),
                oldest=lambda since: aging.oldest_memory(connection, since=since),
            )
            events = _outlook(
                ("events", "what programs sent"),
                self._periods.events,
                now,
                count=lambda before: aging.count_events(connection, before=before),
                oldest=lambda since: aging.oldest_event(connection, since=since),
            )
        return [*parts, memories, events]

    def _outlook_of(self, connection: Connection, part: Part, now: datetime) -> Outlook:
        holds = {
            Part.TRANSCRIPT: "what agents of ended runs were given and gave back",
            Part.FILES: "files of ended runs",
            Part.WORDS: "requests, answers, approvals and messages of ended runs",
        }
        return _outlook(
            (part.value, holds[part]),
            self._periods.of(part),
            now,
            count=lambda before: removal.count_due(connection, part, before=before),
            oldest=lambda since: removal.oldest(connection, part, since=since),
        )

    def _part(self, part: Part, now: datetime) -> int:
        period = self._periods.of(part)
        if period is None:
            return 0
        with self._database.read() as connection:
            found = removal.due(
                connection, part, before=now - period, after=self._after.get(part), limit=_RUNS
            )
        facts: JsonObject = {"part": part.value, "kept_days": period / timedelta(days=1)}
        for ended in found:
            remove(self._database, ended[1], part, mark=REMOVED, facts=facts, now=now)
            # One that has to be left alone does not keep those behind it waiting.
            self._after[part] = ended
        if not found:
            self._after.pop(part, None)
        return len(found)

    @again_when_contended
    def _memories(self, now: datetime) -> int:
        if self._periods.memories is None:
            return 0
        with self._database.write() as connection:
            before = now - self._periods.memories
            return aging.drop_memories(connection, before=before, limit=_ROWS)

    def _events(self, now: datetime) -> int:
        if self._periods.events is None:
            return 0
        with self._database.read() as connection:
            workspaces = aging.workspaces_with_events(connection)
        return sum(self._events_of(one, now - self._periods.events) for one in workspaces)

    @again_when_contended
    def _events_of(self, workspace: str, before: datetime) -> int:
        with self._database.write() as connection:
            return aging.drop_events(connection, workspace, before=before, limit=_ROWS)


def remove(
    database: Database,
    run_id: str,
    part: Part,
    *,
    mark: str,
    facts: JsonObject,
    now: datetime,
    name: str | None = None,
) -> bool:
    """Remove a part of a run, in transactions of a few rows; False where it has to be left alone.

    A crash between two of them leaves the part marked as going, and it is gone on with.
    """
    if not _begin(database, run_id, part, facts, now):
        return False
    for batch in _BATCHES[part]:
        while _some(database, run_id, batch) == _ROWS:
            continue
    _end(database, run_id, part, mark, name)
    return True


@again_when_contended
def _begin(database: Database, run_id: str, part: Part, facts: JsonObject, now: datetime) -> bool:
    with database.write() as connection:
        begun = removal.begin(connection, run_id, part)
        if begun:
            chain.append(connection, run_id, "DataRemoved", facts, now=now)
    return begun is not None


@again_when_contended
def _some(database: Database, run_id: str, batch: Batch) -> int:
    with database.write() as connection:
        removal.lock(connection, run_id)
        return batch(connection, run_id, limit=_ROWS)


@again_when_contended
def _end(database: Database, run_id: str, part: Part, mark: str, name: str | None) -> None:
    with database.write() as connection:
        removal.lock(connection, run_id)
        if part is Part.WORDS:
            removal.drop_words(connection, run_id, mark=mark, name=name)
            # Its steps went with them.
            removal.end(connection, run_id, Part.TRANSCRIPT)
        removal.end(connection, run_id, part)


def _outlook(
    told: tuple[str, str],
    period: timedelta | None,
    now: datetime,
    *,
    count: Callable[[datetime], int],
    oldest: Callable[[datetime], datetime | None],
) -> Outlook:
    name, holds = told
    if period is None:
        return Outlook(name=name, holds=holds, period=None, due=0, next_at=None)
    first = oldest(now - period)
    return Outlook(
        name=name,
        holds=holds,
        period=period,
        due=count(now - period),
        next_at=None if first is None else first + period,
    )
