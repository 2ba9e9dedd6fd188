"""A typed condition on one argument of a call."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from runtime.domain.json import Json, JsonObject

LONGEST_MATCHED_TEXT: Final = 256
"""Longer values are never given to a pattern; the condition then cannot tell."""


class Comparison(StrEnum):
    """What is compared, spelled as in policy.yaml."""

    EQUALS = "equals"
    NOT = "not"
    IN = "in"
    OVER = "over"
    UNDER = "under"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    MATCHES = "matches"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One comparison. ``path`` is dotted: ``order.lines.0.amount``."""

    path: str
    test: Comparison
    value: Json

    def holds(self, arguments: JsonObject) -> bool | None:
        """Compare; None where the argument is missing or of another type, so nobody can tell."""
        found, actual = _follow(arguments, self.path)
        if not found:
            return None
        if self.test is Comparison.IN:
            return _is_among(actual, self.value)
        if self.test is Comparison.MATCHES:
            return _matches(actual, self.value)
        if self.test in (Comparison.EQUALS, Comparison.NOT):
            if _kind(actual) != _kind(self.value):
                return None
            return (actual == self.value) is (self.test is Comparison.EQUALS)
        return _compares(actual, self.test, self.value)


def value_at(arguments: JsonObject, path: str) -> Json:
    """Give the value at a dotted path; None where there is none."""
    return _follow(arguments, path)[1]


def _follow(arguments: JsonObject, path: str) -> tuple[bool, Json]:
    value: Json = arguments
    for part in path.split("."):
        if isinstance(value, Mapping):
            if part not in value:
                return False, None
            value = value[part]
        elif isinstance(value, Sequence) and not isinstance(value, str):
            if not (part.isascii() and part.isdigit()) or int(part) >= len(value):
                return False, None
            value = value[int(part)]
        else:
            return False, None
    return True, value


def _kind(value: Json) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "text"
    return "object" if isinstance(value, Mapping) else "list"


def _is_among(actual: Json, options: Json) -> bool | None:
    if not isinstance(options, Sequence) or isinstance(options, str):
        return None
    alike = [option for option in options if _kind(option) == _kind(actual)]
    return actual in alike if alike else None


def _matches(actual: Json, pattern: Json) -> bool | None:
    if not isinstance(actual, str) or not isinstance(pattern, str):
        return None
    if len(actual) > LONGEST_MATCHED_TEXT:
        return None
    return re.fullmatch(pattern, actual) is not None


def _compares(actual: Json, test: Comparison, bound: Json) -> bool | None:
    if isinstance(actual, bool) or not isinstance(actual, int | float):
        return None
    if isinstance(bound, bool) or not isinstance(bound, int | float):
        return None
    if actual != actual:
        return None
    if test is Comparison.OVER:
        return actual > bound
    if test is Comparison.UNDER:
        return actual < bound
    return actual >= bound if test is Comparison.AT_LEAST else actual <= bound
