"""Other arguments for a call, as people type them: ``--set quantity=10 --set "note=by hand"``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import cast

from bots.commands.usage import NotUnderstood
from runtime.domain.errors import Refused
from runtime.domain.json import Json, JsonObject, object_of

# Phones write one long dash for two, and curly quotes for straight ones.
_SET = re.compile(
    r"(?:^|\s)(?:--|[—–])set\s+(?:\"([\w.-]+)=([^\"]*)\"|([\w.-]+)=(?:\"([^\"]*)\"|'([^']*)'|(\S+)))",
    re.IGNORECASE,
)
_ALL = re.compile(r"(?:^|\s)(?:--|[—–])arguments\s+", re.IGNORECASE)
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'"})


def take_changes(
    text: str, *, usage: str
) -> tuple[tuple[tuple[str, str], ...], JsonObject | None, str]:
    """Take what changes arguments out of a line; give it, and what is left.

    Raises:
        NotUnderstood: what follows ``--set`` or ``--arguments`` is not of its form.
    """
    arguments: JsonObject | None = None
    if match := _ALL.search(text):
        arguments, rest = _object_at(text[match.end() :], usage=usage)
        text = f"{text[: match.start()]} {rest}".strip()
    if not re.search(r"(?:--|[—–])set\b", text, re.IGNORECASE):
        return (), arguments, text
    plain = text.translate(_QUOTES)
    changes: list[tuple[str, str]] = []
    for match in _SET.finditer(plain):
        whole, whole_value, name, *values = match.groups()
        found = whole_value if whole else next((one for one in values if one is not None), "")
        changes.append((whole or name, found))
    rest = _SET.sub("", plain).strip()
    if not changes or re.search(r"(?:--|[—–])set\b", rest, re.IGNORECASE):
        raise NotUnderstood(f"write --set NAME=VALUE, as in --set quantity=10; {usage}")
    return tuple(changes), arguments, rest


def _object_at(text: str, *, usage: str) -> tuple[JsonObject, str]:
    quoted = text[:1] in {"'", "`"}
    try:
        value, end = json.JSONDecoder().raw_decode(text[1:] if quoted else text)
    except (ValueError, RecursionError):
        raise NotUnderstood(f"what follows --arguments is not JSON; write: {usage}") from None
    if not isinstance(value, dict):
        raise NotUnderstood('--arguments wants a JSON object, such as {"quantity": 10}')
    rest = text[end + 2 :] if quoted else text[end:]
    return cast("JsonObject", value), rest.strip()


def changed_arguments(
    before: JsonObject, changes: Iterable[tuple[str, str]], schema: JsonObject
) -> JsonObject:
    """Give the arguments with these changes made; a name may be dotted: ``lines.0.amount``.

    A value is text where the schema says so, and JSON where that is what it can be read as.
    """
    arguments = cast("dict[str, Json]", json.loads(json.dumps(before)))
    for name, typed in changes:
        _set(arguments, name.split("."), typed, schema)
    return arguments


def _set(into: Json, path: list[str], typed: str, schema: JsonObject) -> None:
    *above, last = path
    place, described = into, schema
    for part in above:
        place, described = _below(place, part), _described(described, part)
    value = _value(typed, _described(described, last))
    if isinstance(place, dict):
        place[last] = value
    elif isinstance(place, list) and last.isascii() and last.isdigit() and int(last) < len(place):
        place[int(last)] = value
    else:
        raise Refused(f"there is no argument {'.'.join(path)!r} to set; `approvals N` shows them")


def _below(place: Json, part: str) -> Json:
    if isinstance(place, dict):
        return place.setdefault(part, {})
    if isinstance(place, list) and part.isascii() and part.isdigit() and int(part) < len(place):
        return place[int(part)]
    raise Refused(f"there is nothing below {part!r} to set; `approvals N` shows the arguments")


def _described(schema: JsonObject, part: str) -> JsonObject:
    if part.isdigit() and isinstance(schema.get("items"), Mapping):
        return object_of(schema["items"])
    return object_of(object_of(schema.get("properties")).get(part))


def _value(typed: str, schema: JsonObject) -> Json:
    if schema.get("type") == "string":
        return typed
    try:
        return cast("Json", json.loads(typed))
    except (ValueError, RecursionError):
        return typed
