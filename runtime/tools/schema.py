"""A model's argument text becomes checked arguments, or a complaint the model can act on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Final, NoReturn, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from referencing import Registry as References
from referencing.exceptions import Unresolvable

from runtime.domain.errors import Misconfigured, ToolFailed
from runtime.domain.json import Json, JsonObject
from runtime.tools.tool import Tool

LONGEST_ARGUMENTS: Final = 1_000_000
_MOST_COMPLAINTS: Final = 5
_LONGEST_COMPLAINT: Final = 300


def parse_arguments(text: str, *, tool: Tool) -> JsonObject:
    """Read and check what a model wrote as arguments; empty text stands for no arguments.

    Nothing is coerced: the text ``"5"`` is no number.

    Raises:
        ToolFailed: saying where the text is no JSON, or which argument is wrong, what was
            expected there, and how to repair it.
    """
    if not text.strip():
        return check_arguments({}, tool=tool)
    if len(text) > LONGEST_ARGUMENTS:
        raise ToolFailed(
            f"the arguments of {tool.name!r} are {len(text):,} characters long; "
            f"send at most {LONGEST_ARGUMENTS:,}"
        )
    try:
        value = cast(
            "Json",
            json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant),
        )
        text.encode()
        json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise ToolFailed(_not_json(tool, text, error)) from error
    except UnicodeEncodeError as error:
        raise ToolFailed(
            f"the arguments of {tool.name!r} hold half a character pair (\\ud800 to \\udfff); "
            "write whole characters"
        ) from error
    except _Ambiguous as error:
        raise ToolFailed(f"the arguments of {tool.name!r} {error}") from error
    except (RecursionError, ValueError) as error:
        raise ToolFailed(
            f"the arguments of {tool.name!r} are nested too deeply or hold a number that is too "
            "long; send something simpler"
        ) from error
    return check_arguments(value, tool=tool)


def check_arguments(arguments: Json, *, tool: Tool) -> JsonObject:
    """Check arguments against the tool's schema and give them back unchanged.

    Raises:
        ToolFailed: naming up to five faults, each with path and expectation.
    """
    checked, complaint = complaint_about(arguments, name=tool.name, schema=tool.parameters)
    if complaint is None:
        return checked
    raise ToolFailed(f"{complaint}. Correct them and call again.")


def complaint_about(
    arguments: Json, *, name: str, schema: JsonObject
) -> tuple[JsonObject, str | None]:
    """Give arguments as an object, and what does not fit the schema, in up to five faults."""
    if not isinstance(arguments, Mapping):
        return {}, (
            f"the arguments of {name!r} are {_named(arguments)}; send one JSON object, "
            f"such as {_example(schema)}"
        )
    try:
        errors = sorted(_validator(schema).iter_errors(arguments), key=_place)
    except Unresolvable as error:
        raise Misconfigured(f"the schema of {name!r} refers to another place: {error}") from error
    except RecursionError:
        return {}, f"the arguments of {name!r} are nested too deeply; send something simpler"
    if not errors:
        return arguments, None
    lines = [_complaint(error) for error in errors[:_MOST_COMPLAINTS]]
    if len(errors) > _MOST_COMPLAINTS:
        lines.append(f"and {len(errors) - _MOST_COMPLAINTS} more")
    return {}, f"the arguments of {name!r} do not fit its schema: {'; '.join(lines)}"


def check_schema(schema: JsonObject, *, where: str) -> None:
    """Refuse a schema that is no JSON Schema of an object, as ``Misconfigured``."""
    try:
        Draft202012Validator.check_schema(dict(schema))
    except SchemaError as error:
        raise Misconfigured(f"{where}: not a JSON Schema: {error.message[:200]}") from error
    if schema.get("type") != "object":
        raise Misconfigured(f"{where}: the schema of a tool's arguments has type object")


def _validator(schema: JsonObject) -> Draft202012Validator:
    # An empty registry: the library's own would fetch a "$ref" to any address it is given.
    return Draft202012Validator(dict(schema), registry=References())


class _Ambiguous(Exception):
    pass


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Ambiguous(f"give {twice!r} twice; give each name once")
    return found


def _no_constant(name: str) -> NoReturn:
    raise _Ambiguous(f"hold {name}, which is no JSON number; write a number or null")


def _not_json(tool: Tool, text: str, error: json.JSONDecodeError) -> str:
    near = text[max(0, error.pos - 20) : error.pos + 20]
    return (
        f"the arguments of {tool.name!r} are not JSON: {error.msg} at line {error.lineno}, "
        f"column {error.colno}, near {near!r}. Send one JSON object and nothing else."
    )


def _place(error: ValidationError) -> tuple[int, str]:
    return len(error.absolute_path), error.json_path


def _complaint(error: ValidationError) -> str:
    # The library's attributes are loosely typed; they are what JSON Schema says they are.
    expected = cast("Json", error.validator_value)
    actual = cast("Json", error.instance)
    path = error.json_path
    if error.validator == "type":
        return f"{path}: expected {_one_of(expected)}, got {_named(actual)}"
    if error.validator == "required" and isinstance(actual, Mapping):
        wanted = expected if isinstance(expected, Sequence) else ()
        missing = [str(name) for name in wanted if isinstance(name, str) and name not in actual]
        return f"{path}: {', '.join(map(repr, missing))} missing"
    if error.validator == "additionalProperties" and isinstance(actual, Mapping):
        return f"{path}: {_unknown(actual, cast('JsonObject', error.schema))}"
    if error.validator == "enum":
        return f"{path}: expected {_one_of(expected)}, got {_short(actual)}"
    return f"{path}: {error.message[:_LONGEST_COMPLAINT]}"


def _unknown(actual: JsonObject, schema: JsonObject) -> str:
    properties = schema.get("properties")
    known = list(properties) if isinstance(properties, Mapping) else []
    words: list[str] = []
    for name in actual:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            words.append(f"{name!r} unknown" + (f", did you mean {near[0]!r}?" if near else ""))
    return f"{', '.join(words)} (known: {', '.join(known) or 'none'})"


def _one_of(expected: Json) -> str:
    if isinstance(expected, Sequence) and not isinstance(expected, str):
        return "one of " + ", ".join(_short(item) for item in expected)
    return str(expected)


def _named(value: Json) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"boolean {value}".lower()
    if isinstance(value, int | float):
        return f"number {value}"
    if isinstance(value, str):
        return f"text {_short(value)}"
    return "an object" if isinstance(value, Mapping) else "a list"


def _short(value: Json) -> str:
    spelled = json.dumps(value, ensure_ascii=False)
    return spelled if len(spelled) <= 80 else f"{spelled[:77]}..."


def _example(schema: JsonObject) -> str:
    required = schema.get("required")
    names = required if isinstance(required, Sequence) and not isinstance(required, str) else ()
    return "{" + ", ".join(f'"{name}": ...' for name in names) + "}"
