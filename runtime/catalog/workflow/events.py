"""Event filters and strategies, as values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from runtime.catalog.workflow.task import EachEvent, EventFilter, Strategy, Tasks, Transform
from runtime.domain.json import Json, JsonObject, object_of


def strategy_of(value: Json) -> Strategy:
    """Give a strategy that fits the grammar."""
    given = object_of(value)
    mode = next(name for name in ("one", "any", "all") if name in given)
    filters = [given["one"]] if mode == "one" else cast("list[Json]", given[mode])
    until = given.get("until")
    return Strategy(
        mode=mode,
        filters=tuple(_filter_of(object_of(one)) for one in filters),
        until=strategy_of(until) if isinstance(until, Mapping) else cast("str | None", until),
    )


def each_of(given: JsonObject, *, tasks: Tasks, output: Transform, export: Transform) -> EachEvent:
    """Give what is done for each event."""
    return EachEvent(
        item=str(given.get("item") or "item"),
        at=str(given.get("at") or "index"),
        tasks=tasks,
        output=output,
        export=export,
    )


def _filter_of(given: JsonObject) -> EventFilter:
    correlate = object_of(given.get("correlate"))
    return EventFilter(
        attributes=object_of(given["with"]),
        correlate={name: object_of(one) for name, one in correlate.items()},
    )
