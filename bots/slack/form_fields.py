"""Fields of a schema as inputs of a dialog, and what was typed into them. Pure."""

from __future__ import annotations

import re

from bots.fields import Field, spelled
from bots.slack.blocks import Block, plain_text
from bots.slack.payload import Payload
from bots.spelling import exact, prose
from runtime.domain.json import JsonObject

LONGEST = 3_000
"""What one input of Slack holds."""

VALUE = "value"
"""The action id of every input; the block's id says which one it is."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_ONE_LINE = 80
_LABEL, _HINT = 200, 150


def input_block(
    block: str, label: str, element: JsonObject, *, optional: bool = False, hint: str = ""
) -> Block:
    """Give one input with its label."""
    return {
        "type": "input",
        "block_id": block,
        "label": plain_text(label, limit=_LABEL),
        "element": {"action_id": VALUE, **element},
        **({"optional": True} if optional else {}),
        **({"hint": plain_text(hint, limit=_HINT)} if hint else {}),
    }


def text_area(text: str = "", *, longest: int = LONGEST, shortest: int = 0) -> JsonObject:
    """Give an input of several lines."""
    return {
        "type": "plain_text_input",
        "multiline": True,
        "max_length": longest,
        **({"min_length": shortest} if shortest else {}),
        **({"initial_value": text} if text else {}),
    }


def option(value: str, text: str) -> JsonObject:
    """Give one of several things to choose."""
    return {"text": plain_text(text, limit=75), "value": value}


def field_block(block: str, field: Field, text: str) -> Block:
    """Give the input that fits a field, holding its value, spelled as text."""
    return input_block(
        block,
        exact(field.title or field.name),
        _element(field, text),
        optional=not field.required,
        hint=prose(field.description) or ("" if field.kind == "string" else field.wanted),
    )


def typed(values: Payload, block: str, field: Field) -> str | None:
    """Give what was typed or chosen, as text; None where the dialog did not ask."""
    entered = values.at(block, VALUE)
    if entered.empty:
        return None
    chosen = entered.text("selected_option", "value")
    if field.choices:
        known = chosen.isdecimal() and int(chosen) < len(field.choices)
        return field.choices[int(chosen)] if known else ""
    return chosen or entered.text("selected_date") or entered.text("value")


def _element(field: Field, text: str) -> JsonObject:
    if field.choices:
        # By number: a value may be longer than Slack lets a choice be.
        options = [(str(at), one) for at, one in enumerate(field.choices)]
        chosen = field.choices.index(text) if text in field.choices else None
        return _choice("static_select", options, None if chosen is None else options[chosen])
    if field.kind == "boolean" and text in ("", "true", "false"):
        answers = {"true": ("true", "yes"), "false": ("false", "no")}
        return _choice("radio_buttons", list(answers.values()), answers.get(text))
    if field.kind == "date" and (not text or _DAY.fullmatch(text)):
        return {"type": "datepicker", **({"initial_date": text} if text else {})}
    if field.kind in ("integer", "number") and (not text or _NUMBER.fullmatch(text)):
        given = {
            "min_value": spelled(field.minimum),
            "max_value": spelled(field.maximum),
            "initial_value": text,
        }
        return {
            "type": "number_input",
            "is_decimal_allowed": field.kind == "number",
            **{name: one for name, one in given.items() if one},
        }
    longest = min(field.longest or LONGEST, LONGEST)
    if field.kind != "string" or "\n" in text or len(text) > _ONE_LINE:
        return text_area(text, longest=longest)
    return {
        "type": "plain_text_input",
        "max_length": longest,
        **({"initial_value": text} if text else {}),
    }


def _choice(
    kind: str, options: list[tuple[str, str]], chosen: tuple[str, str] | None
) -> JsonObject:
    initial: JsonObject = {} if chosen is None else {"initial_option": option(*chosen)}
    return {"type": kind, "options": [option(*one) for one in options], **initial}
