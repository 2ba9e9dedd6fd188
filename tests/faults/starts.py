"""What starts by itself: every time that was due, and every event, in exactly one run."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import RowMapping, select

from runtime.storage import tables
from runtime.storage.database import Database
from runtime.storage.schedule_tables import schedule
from tests.faults.outside import Outside

EVERY_SECONDS: Final = 1.0
"""As ``agents/workflows/round.yaml`` says."""
EVENTS: Final = 2
"""So many events start it, beside the times at which it is due."""
_LATER = re.compile(r"; (\d+) later")


def violations(database: Database, outside: Outside) -> Iterator[str]:
    """Say which starts were lost or made twice; nothing where nothing starts by itself."""
    with database.read() as connection:
        scheduled = list(connection.execute(select(*schedule.c)).mappings())
        begun = list(
            connection.execute(
                select(tables.inbox.c.key, tables.run.c.id, tables.run.c.request)
                .join(tables.run, tables.run.c.id == tables.inbox.c.run_id)
                .where(tables.inbox.c.key.startswith("schedule:"))
            ).mappings()
        )
    for one in scheduled:
        yield from _the_times_are_all_accounted_for(one["since"], begun)
        yield from _each_event_counted_once(begun)
        yield from _each_run_left_one_mark(begun, outside)


def _the_times_are_all_accounted_for(since: datetime, begun: list[RowMapping]) -> Iterator[str]:
    """Hold the runs against the clock: each is for its time and for those missed after it."""
    expected = 1
    for due, request in sorted(_due(begun)):
        number = (due - since).total_seconds() / EVERY_SECONDS
        if number != expected:
            yield f"the start due at number {expected} never was, or twice: next is {number}"
        missed = _LATER.search(request)
        expected = int(number) + 1 + (int(missed[1]) if missed else 0)


def _each_event_counted_once(begun: list[RowMapping]) -> Iterator[str]:
    heard = [one["key"] for one in begun if "/event-" in one["key"]]
    if len(set(heard)) != len(heard) or len(heard) != EVENTS:
        yield f"{EVENTS} events started {sorted(heard)}"


def _each_run_left_one_mark(begun: list[RowMapping], outside: Outside) -> Iterator[str]:
    marks = {
        (one.key, str(one.arguments["text"]))
        for one in outside.executions()
        if one.tool == "leave_mark"
    }
    left = Counter(text for _, text in marks)
    for one in begun:
        if left[one["id"]] != 1:
            yield f"the round {one['id']} left {left[one['id']]} marks"


def _due(begun: list[RowMapping]) -> Iterator[tuple[datetime, str]]:
    for one in begun:
        occasion = str(one["key"]).rsplit("/", 1)[1]
        if not occasion.startswith("event-"):
            yield datetime.fromisoformat(occasion), str(one["request"])
