"""A form to change a call's arguments, made of their schema, and what was typed into it. Pure.

Whatever comes back is checked again where it is decided: as a new call, by its schema and by the
policy. Here only the spelling is undone.
"""

from __future__ import annotations

from bots.fields import Field, fields_of, spelled
from bots.teams.elements import Element
from bots.teams.form_fields import LONGEST, input_element, is_number, kept, typed_text
from bots.teams.payload import Payload
from runtime.domain.errors import Refused
from runtime.domain.json import Json, JsonObject

_MOST_FIELDS = 12
_PREFIX = "argument"
_NOTHING = Payload(None)


def edit_fields(
    schema: JsonObject, values: JsonObject, typed: Payload = _NOTHING
) -> list[Element] | None:
    """Give a field for each argument, holding what was typed or else its value.

    None where a form cannot hold them.
    """
    named = fields_of(schema)
    if not named or len(named) > _MOST_FIELDS or set(values) - {one.name for one in named}:
        return None
    if any(len(spelled(values.get(one.name))) > LONGEST for one in named):
        return None
    return [
        input_element(field, one, _kept(typed.at(field), one, values.get(one.name)))
        for at, one in enumerate(named)
        for field in [f"{_PREFIX}{at}"]
    ]


def read_edit(schema: JsonObject, values: JsonObject, typed: Payload) -> JsonObject:
    """Give the arguments with what was typed in place of what stood there.

    Raises:
        Refused: something cannot be what the schema wants, or nothing was changed.
    """
    changed = dict(values)
    for at, one in enumerate(fields_of(schema)):
        field = f"{_PREFIX}{at}"
        if typed.at(field).value is None:
            continue
        text = typed_text(typed.at(field).value)
        if text == spelled(values.get(one.name)) or (not text and one.name not in values):
            continue
        if not text and not one.required:
            changed.pop(one.name, None)
            continue
        changed[one.name] = one.read(text)
    if changed == values:
        raise Refused("nothing was changed; to let the call be made as it is, press Approve")
    return changed


def _kept(typed: Payload, field: Field, value: Json) -> str:
    """Give what was typed where its field can hold it, so that nobody types it again."""
    text = typed_text(typed.value)
    numeric = field.kind in ("integer", "number")
    if typed.value is None or len(text) > LONGEST or (numeric and not is_number(text)):
        return spelled(value or False) if field.kind == "boolean" else spelled(value)
    return kept(text)
