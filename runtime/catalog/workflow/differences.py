"""What a new version of a workflow changed, as lines for people who review it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import yaml

from runtime.domain.json import Json, JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """Two versions of a workflow, the earlier as runs began with it."""

    before: str
    """Its version, as its author named it."""
    after: str
    known_since: datetime
    """When the first run with the earlier one began."""
    lines: tuple[str, ...]
    """Unified, without the heading: ``-`` was there, ``+`` is there now."""


def difference(before: JsonObject, after: JsonObject) -> tuple[str, ...]:
    """Give what differs, line by line. Comments and the author's layout do not count."""
    lines = difflib.unified_diff(_lines(before), _lines(after), n=3, lineterm="")
    return tuple(line for line in lines if not line.startswith(("---", "+++")))


def _lines(definition: JsonObject) -> list[str]:
    text = yaml.safe_dump(_plain(definition), sort_keys=False, allow_unicode=True, width=96)
    return text.splitlines()


def _plain(value: Json) -> object:
    """Give the same in the types that the writer knows."""
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(one) for one in value]
    return value
