"""When a schedule is due. Pure: the same moments give the same answer on every worker."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from runtime.catalog.workflow.document import Schedule, Workflow
from runtime.catalog.workflow.task import Strategy
from runtime.domain.canonical import digest
from runtime.domain.json import Json, JsonObject, object_of

_MOST_COUNTED = 10_000


def next_due(
    workflow: Workflow, *, since: datetime, after: datetime, ended: datetime | None
) -> datetime | None:
    """Give the first moment later than ``after`` at which a workflow is due.

    ``since`` is when it was set going: ``every`` counts from there. ``ended`` is when its latest
    run ended, None while it goes on or before the first, which with ``after`` is due at once.
    """
    schedule = workflow.schedule
    if schedule is None:
        return None
    moments = [
        *(next(one, None) for one in _regular(workflow, schedule, since=since, after=after)),
        None if schedule.after is None or ended is None else _later(ended, schedule.after.seconds),
    ]
    return min((one for one in moments if one is not None), default=None)


def missed(workflow: Workflow, *, since: datetime, after: datetime, now: datetime) -> int:
    """Count the moments after one that was due that have passed by now."""
    schedule = workflow.schedule
    assert schedule is not None, "only what has a schedule is due"
    count = 0
    for moments in _regular(workflow, schedule, since=since, after=after):
        for moment in moments:
            if moment > now or count == _MOST_COUNTED:
                break
            count += 1
    return count


def zone_of(document: JsonObject) -> Json:
    """Give the time zone a document names; UTC where it names none."""
    heading = object_of(document.get("document"))
    return object_of(heading.get("metadata")).get("timezone", "UTC")


def bad_zone(name: Json) -> str | None:
    """Say what is wrong with a time zone; None where it is one."""
    try:
        if isinstance(name, str):
            ZoneInfo(name)
            return None
    except (ZoneInfoNotFoundError, ValueError):
        pass
    return f"{name!r} is no time zone; write one such as 'Europe/Berlin'"


def bad_cron(text: str) -> str | None:
    """Say what is wrong with a cron expression; None where it is one that comes round."""
    try:
        next(CronSim(text, datetime(2026, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        return f"{text!r} is no cron expression ({error}); write one such as '0 7 * * 1'"
    except StopIteration:
        return f"{text!r} names no day that ever comes; write one such as '0 7 * * 1'"
    return None


def spec_of(workflow: Workflow) -> str:
    """Give the digest of all that says when a workflow is due."""
    return digest(
        {
            "schedule": workflow.definition.get("schedule"),
            "timezone": zone_of(workflow.definition),
        }
    )


def in_words(workflow: Workflow) -> str:
    """Say when a workflow starts, close to how its author wrote it."""
    given = object_of(workflow.definition.get("schedule"))
    zone = zone_of(workflow.definition)
    words = [f"cron {given['cron']} ({zone})"] if "cron" in given else []
    schedule = workflow.schedule
    assert schedule is not None, "only what has a schedule is told"
    if schedule.every is not None:
        words.append(f"every {_span(schedule.every.seconds)}")
    if schedule.after is not None:
        words.append(f"{_span(schedule.after.seconds)} after each end")
    if schedule.on is not None:
        words.append(f"on {_events(schedule.on)}")
    return ", ".join(words)


def _events(strategy: Strategy) -> str:
    types = [str(one.attributes.get("type", "any event")) for one in strategy.filters]
    words = (" and " if strategy.mode == "all" else " or ").join(types) or "any event"
    match strategy.until:
        case None:
            return words
        case Strategy():
            return f"{words} until {_events(strategy.until)}"
        case until:
            return f"{words} until {until.strip()}"


def _regular(
    workflow: Workflow, schedule: Schedule, *, since: datetime, after: datetime
) -> list[Iterator[datetime]]:
    found: list[Iterator[datetime]] = []
    if schedule.cron is not None:
        zone = ZoneInfo(str(zone_of(workflow.definition)))
        found.append(_cron(schedule.cron, after.astimezone(zone)))
    if schedule.every is not None:
        found.append(_every(schedule.every.seconds, since=since, after=after))
    return found


def _cron(text: str, after: datetime) -> Iterator[datetime]:
    for moment in CronSim(text, after):
        yield moment.astimezone(UTC)


def _every(seconds: float, *, since: datetime, after: datetime) -> Iterator[datetime]:
    count = max(0, math.floor((after - since).total_seconds() / seconds)) + 1
    while True:
        yield since + timedelta(seconds=count * seconds)
        count += 1


def _later(moment: datetime, seconds: float) -> datetime:
    return moment + timedelta(seconds=seconds)


def _span(seconds: float) -> str:
    for size, word in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0:
            count = int(seconds // size)
            return word if count == 1 else f"{count} {word}s"
    return f"{seconds:g} seconds"
