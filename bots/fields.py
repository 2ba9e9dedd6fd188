"""A JSON schema's properties as fields people fill in, and what they typed as values. Pure.

Channels draw the fields, each in its own form. Whatever comes back is checked again where it is
used, by the whole schema; here only the spelling is undone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from bots.spelling import cut, exact, one_line
from runtime.domain.errors import Refused
from runtime.domain.form import FieldKind, InputField, InputForm
from runtime.domain.json import Json, JsonObject

_MOST_CHOICES = 30
_WANTED = {
    "string": "Write some text",
    "integer": "Write a whole number",
    "number": "Write a number",
    "boolean": "Say yes or no",
    "date": "Choose a day",
    "list": "Write values separated by commas",
}
_KINDS = {FieldKind.TEXT: "string", FieldKind.CHOICE: "string", FieldKind.JSON: "any"}
"""Of what a workflow asks for; the others have the same names."""
_YES = frozenset({"yes", "true"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One property of a schema."""

    name: str
    kind: str
    """``string``, ``integer``, ``number``, ``boolean``, ``date``, ``list``; ``any`` is JSON."""
    required: bool
    choices: tuple[str, ...]
    """The values there are, as they are spelled; empty where any will do."""
    minimum: float | None
    maximum: float | None
    longest: int | None
    description: str
    title: str = ""
    """What people are shown instead of the name."""

    @property
    def wanted(self) -> str:
        """Say in a sentence what may stand here."""
        least = "" if self.minimum is None else f", at least {self.minimum}"
        most = "" if self.maximum is None else f", at most {self.maximum}"
        wanted = _WANTED.get(self.kind, "Write it as JSON")
        return f"{wanted} for {one_line(exact(self.title or self.name), 60)}{least}{most}"

    def read(self, text: str) -> Json:
        """Give the value that was typed. Raises ``Refused`` where it is none of this kind."""
        if self.kind == "string":
            return text
        if self.kind == "boolean" and text in ("true", "false"):
            return text == "true"
        try:
            value = cast("Json", json.loads(text))
        except (ValueError, RecursionError):
            raise Refused(f"{self.name!r} is {cut(text, 60)!r}: {self.wanted}") from None
        if self.kind == "integer" and isinstance(value, float) and value.is_integer():
            return int(value)
        return value


def fields_of(schema: JsonObject) -> tuple[Field, ...]:
    """Give a schema's properties in the order of their names."""
    properties = schema.get("properties")
    required = schema.get("required")
    if not isinstance(properties, dict):
        return ()
    return tuple(
        _field(
            name,
            one if isinstance(one, dict) else {},
            required=isinstance(required, list) and name in required,
        )
        for name, one in sorted(properties.items())
    )


def fields_of_form(form: InputForm) -> tuple[tuple[Field, str], ...]:
    """Give what a workflow asks for, each with what stands there to begin with."""
    return tuple((_of_form(one), _initial(one)) for one in form.fields)


def spelled(value: Json) -> str:
    """Spell a value as ``Field.read`` takes it; nothing is spelled as nothing."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _of_form(one: InputField) -> Field:
    return Field(
        name=one.name,
        kind=_KINDS.get(one.kind, one.kind.value),
        required=one.required,
        choices=one.choices if len(one.choices) <= _MOST_CHOICES else (),
        minimum=one.least,
        maximum=one.most,
        longest=one.longest,
        description=one.description,
        title=one.title,
    )


def _initial(one: InputField) -> str:
    if one.kind is not FieldKind.BOOLEAN or not one.initial:
        return one.initial
    return spelled(one.initial.casefold() in _YES)


def _field(name: str, schema: JsonObject, *, required: bool) -> Field:
    longest = schema.get("maxLength")
    description = schema.get("description")
    return Field(
        name=name,
        kind=_kind(schema),
        required=required,
        choices=_choices(schema),
        minimum=_number(schema.get("minimum")),
        maximum=_number(schema.get("maximum")),
        longest=longest if isinstance(longest, int) and longest > 0 else None,
        description=description if isinstance(description, str) else "",
    )


def _kind(schema: JsonObject) -> str:
    kind = schema.get("type")
    if isinstance(kind, Sequence) and not isinstance(kind, str):
        kind = next((one for one in kind if one != "null"), None)
    return kind if isinstance(kind, str) else "any"


def _choices(schema: JsonObject) -> tuple[str, ...]:
    offered = schema.get("enum")
    if not isinstance(offered, list) or len(offered) > _MOST_CHOICES:
        return ()
    return tuple(spelled(one) for one in offered)


def _number(value: Json) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
