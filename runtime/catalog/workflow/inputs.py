"""The input of a workflow, from its schema: what to ask for, and what people typed, as values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, cast

from runtime.catalog.fitting import misfits
from runtime.catalog.workflow.document import Workflow
from runtime.domain.errors import Refused
from runtime.domain.form import FieldKind, InputField, InputForm, InputNeeded
from runtime.domain.json import Json, JsonObject, object_of

_YES = frozenset({"yes", "true", "on", "1", "y"})
_NO = frozenset({"no", "false", "off", "0", "n"})
_PLAIN = frozenset({"string", "integer", "number", "boolean"})
_WHOLE = re.compile(r"[+-]?\d+")
_KINDS: Final[Mapping[str, FieldKind]] = {
    "string": FieldKind.TEXT,
    "integer": FieldKind.INTEGER,
    "number": FieldKind.NUMBER,
    "boolean": FieldKind.BOOLEAN,
    "array": FieldKind.LIST,
}


class _Unread(Exception):
    """What was typed is no such value; the words say what is."""


def form_of(workflow: Workflow, given: JsonObject) -> InputForm:
    """Give what a workflow asks for; ``given`` is what is known of its input already."""
    schema = workflow.input_schema or {}
    required = schema.get("required")
    names = set(cast("list[str]", required)) if isinstance(required, list) else set[str]()
    properties = object_of(schema.get("properties"))
    return InputForm(
        workflow=workflow.name,
        version=workflow.version,
        title=workflow.title,
        summary=workflow.summary,
        fields=tuple(
            _field(name, _resolved(one, schema), required=name in names, given=given)
            for name, one in properties.items()
        ),
        given=given,
    )


def input_of(
    workflow: Workflow, typed: Iterable[tuple[str, str]], *, given: JsonObject
) -> JsonObject:
    """Give the whole input: what was given, what was typed in its types, and defaults.

    Raises:
        InputNeeded: something is missing or does not fit; it holds the form to ask again.
    """
    schema = workflow.input_schema or {}
    properties = object_of(schema.get("properties"))
    whole: dict[str, Json] = dict(given)
    wrong: dict[str, str] = {}
    for name, text in typed:
        described = _resolved(properties.get(name), schema)
        if not text.strip():
            # An empty field of a form was left out, or emptied.
            whole.pop(name, None)
            continue
        try:
            whole[name] = _value(text, described)
        except _Unread as unread:
            whole[name] = text
            wrong[name] = str(unread)
    for name, one in properties.items():
        described = _resolved(one, schema)
        if name not in whole and described.get("default") is not None:
            whole[name] = described["default"]
    for name, words in _complaints(schema, whole):
        wrong.setdefault(name, words)
    if wrong:
        raise InputNeeded(form_of(workflow, whole), wrong)
    return whole


def read_value(text: str, schema: JsonObject) -> Json:
    """Give one value that was typed, in the type its schema asks for.

    Raises ``Refused``; whether it fits the schema otherwise is not looked at.
    """
    try:
        return _value(text, schema)
    except _Unread as unread:
        raise Refused(str(unread)) from None


def spelled(value: Json) -> str:
    """Spell a value as people would type it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Sequence) and value and all(_is_word(one) for one in value):
        return ", ".join(cast("Sequence[str]", value))
    return json.dumps(value, ensure_ascii=False)


def _is_word(value: Json) -> bool:
    return isinstance(value, str) and bool(value) and value == value.strip() and "," not in value


def _complaints(schema: JsonObject, value: JsonObject) -> list[tuple[str, str]]:
    return [
        (one.lacking, "it is missing")
        if one.lacking and not one.path
        else (str(one.path[0]) if one.path else "", _place(one.path[1:]) + one.text)
        for one in misfits(schema, value)
    ]


def _place(path: Sequence[str | int]) -> str:
    return f"at {'/'.join(map(str, path))}: " if path else ""


def _field(name: str, schema: JsonObject, *, required: bool, given: JsonObject) -> InputField:
    default = schema.get("default")
    known = given.get(name, default)
    choices = _choices(schema)
    return InputField(
        name=name,
        title=str(schema.get("title") or name),
        description=str(schema.get("description") or _example(schema)),
        kind=_kind(schema, choices),
        required=required,
        choices=tuple(spelled(one) for one in choices),
        default=default,
        initial="" if known is None else spelled(known),
        least=_number(schema.get("minimum")),
        most=_number(schema.get("maximum")),
        longest=cast("int | None", schema.get("maxLength")),
    )


def _example(schema: JsonObject) -> str:
    examples = schema.get("examples")
    return f"Such as {spelled(examples[0])}" if isinstance(examples, list) and examples else ""


def _kind(schema: JsonObject, choices: Sequence[Json]) -> FieldKind:
    if choices:
        return FieldKind.CHOICE
    kind = _type(schema)
    if kind == "string" and schema.get("format") == "date":
        return FieldKind.DATE
    if kind == "array" and _type(object_of(schema.get("items"))) not in _PLAIN:
        return FieldKind.JSON
    return _KINDS.get(kind, FieldKind.JSON)


def _choices(schema: JsonObject) -> Sequence[Json]:
    words = schema.get("enum")
    return words if isinstance(words, list) else ()


def _type(schema: JsonObject) -> str:
    """Name the one type a schema allows beside null; empty where it says none."""
    kind = schema.get("type")
    names = [kind] if isinstance(kind, str) else kind if isinstance(kind, list) else []
    others = [str(name) for name in names if name != "null"]
    return others[0] if len(others) == 1 else ""


def _value(text: str, schema: JsonObject) -> Json:
    """Give what was typed, in the type that the schema asks for."""
    choices = _choices(schema)
    if choices:
        for one in choices:
            if spelled(one).casefold() == text.strip().casefold():
                return one
        raise _Unread(f"{text!r} is none of {', '.join(spelled(one) for one in choices)}")
    match _type(schema):
        case "string":
            return text
        case "integer":
            if not _WHOLE.fullmatch(text.strip()):
                raise _Unread(f"{text!r} is no whole number, such as 12")
            return int(text)
        case "number":
            return _decimal(text)
        case "boolean":
            return _truth(text)
        case "array":
            return _listed(text, object_of(schema.get("items")))
        case "object":
            return _json(text)
        case _:
            return _json_or_text(text)


def _decimal(text: str) -> Json:
    try:
        # As JSON has it: no words such as nan, and a whole number stays one.
        value = cast("Json", json.loads(text, parse_constant=lambda _: None))
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Unread(f"{text!r} is no number, such as 12.5")
    return value


def _truth(text: str) -> bool:
    word = text.strip().casefold()
    if word not in _YES | _NO:
        raise _Unread(f"{text!r} is neither yes nor no")
    return word in _YES


def _listed(text: str, items: JsonObject) -> Json:
    if text.strip().startswith("["):
        return _json(text)
    if _type(items) not in _PLAIN:
        raise _Unread('write a JSON array, such as [{"name": "tea"}]')
    return [_value(part.strip(), items) for part in text.split(",") if part.strip()]


def _json(text: str) -> Json:
    try:
        return cast("Json", json.loads(text))
    except (ValueError, RecursionError):
        raise _Unread('this is not JSON, such as {"name": "tea"}') from None


def _json_or_text(text: str) -> Json:
    try:
        return cast("Json", json.loads(text))
    except (ValueError, RecursionError):
        return text


def _number(value: Json) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _resolved(value: Json, schema: JsonObject) -> JsonObject:
    """Give a part of a schema, with a reference to another part of it followed once."""
    part = object_of(value)
    reference = part.get("$ref")
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return part
    found: Json = schema
    for name in reference[2:].split("/"):
        found = object_of(found).get(name.replace("~1", "/").replace("~0", "~"))
    return {**object_of(found), **{name: one for name, one in part.items() if name != "$ref"}}
