"""People's words in the audit: sealed under a key of their own, which can be destroyed.

A hash over sealed words is as good as one over plain ones, so a record whose words nobody can read
any more still proves that it is the one that was written. Sealing is deterministic (RFC 5297): the
same words in the same place give the same box, by which a repeated append is noticed.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from runtime.audit.record import spelled
from runtime.domain.ids import new_id
from runtime.domain.json import Json, JsonObject
from runtime.storage import personal_keys
from runtime.storage.connection import Connection
from runtime.storage.personal_keys import Key

ERASED: Final = "[erased]"
_BITS: Final = 512
_WORDS: Final = frozenset(
    {
        *("answer", "arguments", "because", "choices", "comment", "difference", "error", "input"),
        *("message", "names", "plan", "preview", "question", "reason", "request", "text", "title"),
    }
)
"""Facts of these names are people's words, or come from them."""


def seal(
    connection: Connection,
    facts: JsonObject,
    *,
    run_id: str,
    person: str,
    now: datetime,
    key: Key | None = None,
) -> JsonObject:
    """Give facts with every person's words in boxes of that person, whose ``key`` is looked up
    where it is not given. The caller commits."""
    if not any(name in _WORDS and value for name, value in facts.items()):
        return facts
    key_id, secret = key or personal_keys.of(connection, person) or _new(connection, person, now)
    return {
        name: {"sealed": key_id, "box": _box(secret, run_id, name, value)}
        if name in _WORDS and value
        else value
        for name, value in facts.items()
    }


def keys_for(connection: Connection, facts: Iterable[Json]) -> dict[str, bytes]:
    """Give the keys that still exist of all boxes in these facts."""
    wanted = {one for each in facts if isinstance(each, Mapping) for one in boxes(each)}
    return personal_keys.keys(connection, wanted)


def boxes(facts: JsonObject) -> list[str]:
    """Name the keys that facts are sealed under."""
    return [
        str(value["sealed"])
        for value in facts.values()
        if isinstance(value, Mapping) and set(value) == {"sealed", "box"}
    ]


def opened(facts: Json, *, run_id: str, keys: Mapping[str, bytes]) -> Json:
    """Give facts as they were said; what was sealed under a destroyed key is ``[erased]``."""
    if not isinstance(facts, Mapping):
        return facts
    plain: dict[str, Json] = {}
    for name, value in facts.items():
        if not isinstance(value, Mapping) or set(value) != {"sealed", "box"}:
            plain[name] = value
            continue
        key = keys.get(str(value["sealed"]))
        plain[name] = ERASED if key is None else _open(key, run_id, name, str(value["box"]))
    return plain


def _new(connection: Connection, person: str, now: datetime) -> Key:
    personal_keys.add(connection, new_id("per"), person, AESSIV.generate_key(_BITS), now=now)
    kept = personal_keys.of(connection, person)
    assert kept is not None, f"{person!r} has no key right after one was made"
    return kept


def _box(key: bytes, run_id: str, name: str, value: Json) -> str:
    about = [run_id.encode(), name.encode()]
    return base64.b64encode(AESSIV(key).encrypt(spelled(value), about)).decode()


def _open(key: bytes, run_id: str, name: str, box: str) -> Json:
    try:
        content = AESSIV(key).decrypt(base64.b64decode(box), [run_id.encode(), name.encode()])
    except (InvalidTag, ValueError):
        return "[cannot be opened: it was changed]"
    return cast("Json", json.loads(content))
