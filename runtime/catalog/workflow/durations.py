"""Durations: ``{minutes: 5}``, ``PT5M``, or an expression that gives such a text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from runtime.catalog.workflow.parts import EXPRESSION_PATTERN, ISO_DURATION
from runtime.catalog.workflow.task import Duration
from runtime.domain.json import Json

_SECONDS = {
    "years": 31_536_000.0,
    "months": 2_592_000.0,
    "weeks": 604_800.0,
    "days": 86_400.0,
    "hours": 3_600.0,
    "minutes": 60.0,
    "seconds": 1.0,
    "milliseconds": 0.001,
}
"""A year is taken as 365 days and a month as 30, so that a wait is as long whenever it begins."""


def duration_of(value: Json) -> Duration:
    """Give a duration of a document that fits the grammar."""
    if isinstance(value, str) and EXPRESSION_PATTERN.search(value):
        return Duration(expression=value)
    seconds = seconds_of(value)
    assert seconds is not None, "the grammar lets only durations through"
    return Duration(seconds=seconds)


def seconds_of(value: Json) -> float | None:
    """Give a duration's seconds; None where it is none."""
    if isinstance(value, Mapping):
        if not all(
            isinstance(part, int | float) and name in _SECONDS for name, part in value.items()
        ):
            return None
        return sum(cast("float", part) * _SECONDS[name] for name, part in value.items())
    found = ISO_DURATION.match(value) if isinstance(value, str) else None
    if found is None:
        return None
    parts = found.groupdict().items()
    return sum(float(part) * _SECONDS[name] for name, part in parts if part is not None)
