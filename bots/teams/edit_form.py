"""A form to change a call's arguments, made of their schema, and what was typed into it. Pure.

Whatever comes back is checked again where it is decided: as a new call, by its schema and by the
policy. Here only the spelling is undone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import cast

from bots.spelling import cut, exact, one_line
from bots.teams.elements import Element
from bots.teams.payload import Payload
from runtime.domain.errors import Refused
from runtime.domain.json import Json, JsonObject

_MOST_FIELDS = 12
_MOST_CHOICES = 30
_LONGEST = 4_000
_PREFIX = "argument"


def edit_fields(schema: JsonObject, values: JsonObject) -> list[Element] | None:
    """Give a field for each argument, holding its value; None where a form cannot hold them."""
    named = list(_properties(schema))
    if not named or len(named) > _MOST_FIELDS or set(values) - {name for name, _ in named}:
        return None
    required = schema.get("required")
    fields: list[Element] = []
    for at, (name, one) in enumerate(named):
        value = values.get(name)
        if len(_spelled(value)) > _LONGEST:
            return None
        must = isinstance(required, list) and name in required
        fields.append(_field(f"{_PREFIX}{at}", name, one, value, must=must))
    return fields


def read_edit(schema: JsonObject, values: JsonObject, typed: Payload) -> JsonObject:
    """Give the arguments with what was typed in place of what stood there.

    Raises:
        Refused: something cannot be what the schema wants, or nothing was changed.
    """
    changed = dict(values)
    for at, (name, one) in enumerate(_properties(schema)):
        field = f"{_PREFIX}{at}"
        if typed.at(field).value is None:
            continue
        text = _as_text(typed.at(field).value)
        if text == _spelled(values.get(name)) or (not text and name not in values):
            continue
        changed[name] = _value(name, one, text)
    if changed == values:
        raise Refused("nothing was changed; to let the call be made as it is, press Approve")
    return changed


def _properties(schema: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    properties = schema.get("properties")
    if isinstance(properties, dict):
        for name, one in sorted(properties.items()):
            yield name, one if isinstance(one, dict) else {}


def _field(field: str, name: str, schema: JsonObject, value: Json, *, must: bool) -> Element:
    common: dict[str, Json] = {
        "id": field,
        "label": one_line(exact(name), 80),
        "isRequired": must,
        "errorMessage": _error(name, schema),
    }
    choices = _choices(schema)
    if choices:
        return {
            "type": "Input.ChoiceSet",
            **common,
            "style": "compact",
            "choices": [{"title": one_line(one, 100) or "–", "value": one} for one in choices],
            "value": _spelled(value),
        }
    kind = _kind(schema)
    if kind == "boolean":
        return {
            "type": "Input.Toggle",
            **common,
            "title": "yes",
            "value": _spelled(value or False),
            "valueOn": "true",
            "valueOff": "false",
        }
    if kind in ("integer", "number") and (value is None or isinstance(value, int | float)):
        bounds = {"min": schema.get("minimum"), "max": schema.get("maximum")}
        given = {key: one for key, one in bounds.items() if isinstance(one, int | float)}
        shown: JsonObject = {} if value is None else {"value": value}
        return {"type": "Input.Number", **common, **given, **shown}
    long = kind != "string" or "\n" in _spelled(value) or len(_spelled(value)) > 80
    limit = schema.get("maxLength")
    return {
        "type": "Input.Text",
        **common,
        "value": _spelled(value),
        "isMultiline": long,
        "maxLength": min(limit, _LONGEST) if isinstance(limit, int) and limit > 0 else _LONGEST,
    }


def _value(name: str, schema: JsonObject, text: str) -> Json:
    kind = _kind(schema)
    if kind == "string":
        return text
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    try:
        value = cast("Json", json.loads(text))
    except (ValueError, RecursionError):
        raise Refused(f"{name!r} is {cut(text, 60)!r}: {_error(name, schema)}") from None
    if kind == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _choices(schema: JsonObject) -> list[str]:
    offered = schema.get("enum")
    if not isinstance(offered, list) or len(offered) > _MOST_CHOICES:
        return []
    return [_spelled(one) for one in offered]


def _kind(schema: JsonObject) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), None)
    return kind if isinstance(kind, str) else "any"


def _error(name: str, schema: JsonObject) -> str:
    wanted = {
        "string": "Write some text",
        "integer": "Write a whole number",
        "number": "Write a number",
        "boolean": "Say yes or no",
    }.get(_kind(schema), "Write it as JSON")
    low, high = schema.get("minimum"), schema.get("maximum")
    least = f", at least {low}" if isinstance(low, int | float) else ""
    most = f", at most {high}" if isinstance(high, int | float) else ""
    return f"{wanted} for {one_line(exact(name), 60)}{least}{most}"


def _spelled(value: Json) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _as_text(value: object) -> str:
    if isinstance(value, bool | int | float | Mapping | list):
        return _spelled(cast("Json", value))
    return value if isinstance(value, str) else ""
