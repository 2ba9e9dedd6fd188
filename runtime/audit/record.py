"""A record's bytes and its hash, the same on every machine and in every version.

The bytes are RFC 8785's canonical JSON of the record and of the hash before it in its run; the
hash is that of a leaf of the log. So one hash serves as the run's chain and as the log's leaf.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Final, cast

import rfc8785

from runtime.audit import tree
from runtime.domain.json import Json, JsonObject
from runtime.domain.run import AuditRecord

START: Final = "0" * 64
"""Stands for the hash before the first record of a run."""
_LARGEST_INTEGER: Final = 2**53 - 1


def plain(value: Json) -> Json:
    """Give a value as canonical JSON can hold it: what it cannot is spelled as text.

    That is integers beyond what a double holds exactly, numbers that are none, and half of a
    character pair.
    """
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, int):
        return value if abs(value) <= _LARGEST_INTEGER else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {str(plain(name)): plain(entry) for name, entry in value.items()}
    return [plain(entry) for entry in value]


def spelled(value: Json) -> bytes:
    """Give the canonical bytes of a value that ``plain`` has made fit."""
    return rfc8785.dumps(cast("dict[str, rfc8785._impl._Value]", value))  # pyright: ignore[reportPrivateUsage] - the library names its own JSON type only there


def as_json(record: AuditRecord, *, previous: str) -> JsonObject:
    """Give a record as it is hashed and exported."""
    return {
        "run": record.run_id,
        "sequence": record.sequence,
        "at": when(record.at),
        "event": record.event,
        "facts": record.facts,
        "previous": previous,
    }


def digest(record: JsonObject) -> str:
    """Give the hash of a record as ``as_json`` spells it."""
    return tree.leaf_hash(spelled(record)).hex()


def when(at: datetime) -> str:
    """Spell a time as the hashes do: the same on every database."""
    return at.isoformat(timespec="microseconds")
