"""A typed field as an input of a card, and what came back from it as text. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import cast

from bots.fields import Field, spelled
from bots.spelling import exact, one_line, prose
from bots.teams.elements import Element
from runtime.domain.json import Json, JsonObject
from runtime.domain.words import storable

LONGEST = 4_000
"""What one input takes."""
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ONE_LINE = 80


def input_element(id: str, field: Field, text: str) -> Element:
    """Give the input that fits a field and holds its value, spelled as text; where no such input
    could hold it, one for text."""
    common: dict[str, Json] = {
        "id": id,
        "label": one_line(exact(field.title or field.name), 80),
        "isRequired": field.required,
        "errorMessage": field.wanted,
    }
    if field.choices:
        # What no message can hold is offered as something near, and told to be none of these.
        return _choice(common, [(storable(one), one) for one in field.choices], text)
    if field.kind == "boolean" and not text and not field.required:
        # A switch has no third place for "say nothing".
        return _choice(common, [("true", "yes"), ("false", "no")], text)
    if field.kind == "boolean" and text in ("", "true", "false"):
        return {
            "type": "Input.Toggle",
            **common,
            "title": "yes",
            "value": text or "false",
            "valueOn": "true",
            "valueOff": "false",
        }
    if field.kind in ("integer", "number") and (not text or _number(text) is not None):
        bounds = {"min": field.minimum, "max": field.maximum, "value": _number(text)}
        given: JsonObject = {key: one for key, one in bounds.items() if one is not None}
        return {"type": "Input.Number", **common, **given}
    if field.kind == "date" and (not text or _DAY.fullmatch(text)):
        return {"type": "Input.Date", **common, **({"value": text} if text else {})}
    return {
        "type": "Input.Text",
        **common,
        "value": text,
        "isMultiline": field.kind != "string" or "\n" in text or len(text) > _ONE_LINE,
        "maxLength": min(field.longest or LONGEST, LONGEST),
    }


def kept(text: str) -> str:
    """Give what somebody typed as an input shows it again: nothing hidden in it stays hidden."""
    return prose(text)


def typed_text(value: object) -> str:
    """Give what an input sent, as text; clients send numbers as either."""
    if isinstance(value, bool | int | float | Mapping | list):
        return spelled(cast("Json", value))
    return value if isinstance(value, str) else ""


def is_number(text: str) -> bool:
    """Say whether an input for numbers could hold it."""
    return _number(text) is not None


def _choice(common: JsonObject, choices: list[tuple[str, str]], text: str) -> Element:
    chosen = any(text == value for value, _ in choices)
    return {
        "type": "Input.ChoiceSet",
        **common,
        "style": "compact",
        "placeholder": "Choose one" if common["isRequired"] else "Choose one, or none",
        "choices": [
            {"title": one_line(title, 100) or "–", "value": value} for value, title in choices
        ],
        **({"value": text} if chosen else {}),
    }


def _number(text: str) -> int | float | None:
    try:
        number = cast("object", json.loads(text)) if text else None
    except (ValueError, RecursionError):
        return None
    plain = isinstance(number, int | float) and not isinstance(number, bool)
    return cast("int | float", number) if plain and math.isfinite(cast("float", number)) else None
