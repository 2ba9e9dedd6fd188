"""Whether an event is one that is waited for."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Protocol

from runtime.catalog.workflow.sound import inner_of
from runtime.catalog.workflow.task import EventFilter
from runtime.domain.json import Json, JsonObject
from runtime.storage.events import ANY_TYPE


class Judge(Protocol):
    """Evaluates expressions; the view of a task fits it by shape."""

    def condition(self, text: str, on: Json) -> bool: ...
    def expression(self, text: str, on: Json) -> Json: ...
    def fill(self, value: Json, on: Json) -> Json: ...


_LITERAL = re.compile(r"[A-Za-z0-9_./:\- ]+")


def types_of(filters: Sequence[EventFilter]) -> set[str]:
    """Name the types that some filters take, as far as that can be said without an event."""
    types = {str(one.attributes.get("type", ANY_TYPE)) for one in filters} or {ANY_TYPE}
    return {one if _LITERAL.fullmatch(one) else ANY_TYPE for one in types}


def fits(
    wanted: EventFilter,
    event: JsonObject,
    *,
    view: Judge,
    data: Json,
    expected: MutableMapping[str, Json],
) -> bool:
    """Tell whether an event has what a filter wants.

    ``expected`` holds what correlations have found so far, and takes what this event adds.
    """
    attributes = wanted.attributes.items()
    if not all(_has(event, name, value, view, data) for name, value in attributes):
        return False
    found: dict[str, Json] = {}
    for name, correlation in wanted.correlate.items():
        value = view.expression(str(correlation["from"]), event)
        if "expect" in correlation:
            given = correlation["expect"]
            expect = view.fill(given, data)
        else:
            expect = expected.get(name, value)
        if value is None or value != expect:
            return False
        found[name] = value
    expected.update(found)
    return True


def _has(event: JsonObject, name: str, wanted: Json, view: Judge, data: Json) -> bool:
    """Tell whether an attribute is as wanted: equal, like a pattern, or as an expression says."""
    has = event.get(name)
    if isinstance(wanted, str) and inner_of(wanted) is not None:
        # About the data an expression is a condition; elsewhere it gives what must be there.
        if name == "data":
            return view.condition(wanted, has)
        value = view.expression(wanted, data)
        return value is True or (value == has and has is not None)
    if name == "data" and isinstance(wanted, Mapping):
        return isinstance(has, Mapping) and all(has.get(key) == wanted[key] for key in wanted)
    if not isinstance(wanted, str) or not isinstance(has, str):
        return has == wanted
    return has == wanted or _like(wanted, has)


def _like(pattern: str, text: str) -> bool:
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error:
        return False
