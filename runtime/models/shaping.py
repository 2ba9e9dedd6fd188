"""Bring what a script says into the shape that a schema asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runtime.domain.json import Json, JsonObject

_SPEAKING = ("answer", "text", "summary", "result", "message", "report", "output")


def wrap(text: str, schema: JsonObject) -> Json:
    """Give an instance of ``schema`` that carries ``text``; the rest is neutral, never invented."""
    kind = _kind(schema)
    if kind == "string":
        return text
    if kind == "array":
        items = schema.get("items")
        return [wrap(text, items if isinstance(items, Mapping) else {"type": "string"})]
    if kind != "object":
        return neutral(schema)
    properties = _properties(schema)
    texts = [name for name, part in properties.items() if _kind(part) == "string"]
    speaking = [name for name in _SPEAKING if name in texts] + [
        name for name in texts if "enum" not in properties[name]
    ]
    carrier = speaking[0] if speaking else "answer"
    whole: dict[str, Json] = {
        name: neutral(properties.get(name, {}))
        for name in _names(schema.get("required"))
        if name != carrier
    }
    return {**whole, carrier: text}


def neutral(schema: JsonObject) -> Json:
    """Give the emptiest value that ``schema`` names: default, first choice, zero, nothing."""
    if "default" in schema:
        return schema["default"]
    choices = schema.get("enum")
    if isinstance(choices, Sequence) and not isinstance(choices, str) and choices:
        return choices[0]
    kind = _kind(schema)
    if kind in ("integer", "number"):
        least = schema.get("minimum", 0)
        return least if isinstance(least, int | float) and least > 0 else 0
    if kind == "object":
        properties = _properties(schema)
        return {name: neutral(properties.get(name, {})) for name in _names(schema.get("required"))}
    empty: dict[str, Json] = {"string": "", "boolean": False, "array": []}
    return empty.get(kind)


def fit(value: Json, schema: JsonObject) -> Json:
    """Turn texts into the numbers and truths a schema asks for, where they spell one.

    What a person typed reaches a script as text; ``12`` of "buy 12 laptops" is meant as a number.
    """
    kind = _kind(schema)
    if isinstance(value, Mapping):
        properties = _properties(schema)
        return {name: fit(part, properties.get(name, {})) for name, part in value.items()}
    if isinstance(value, str) and kind in ("integer", "number"):
        return _number(value, whole=kind == "integer")
    if isinstance(value, str) and kind == "boolean":
        return {"true": True, "yes": True, "false": False, "no": False}.get(value.lower(), value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        items = schema.get("items")
        return [fit(part, items if isinstance(items, Mapping) else {}) for part in value]
    return value


def _number(text: str, *, whole: bool) -> Json:
    plain = text.strip().replace(",", "").removeprefix("$").removeprefix("€")
    try:
        return int(plain) if whole else float(plain)
    except ValueError:
        return text


def _kind(schema: JsonObject) -> str:
    kind = schema.get("type")
    if isinstance(kind, str):
        return kind
    for name in _names(kind):
        if name != "null":
            return name
    return "object" if "properties" in schema else ""


def _properties(schema: JsonObject) -> dict[str, JsonObject]:
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return {}
    return {name: part if isinstance(part, Mapping) else {} for name, part in properties.items()}


def _names(value: Json) -> list[str]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    return [name for name in value if isinstance(name, str)]
