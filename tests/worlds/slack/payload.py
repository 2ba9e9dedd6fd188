"""JSON as it comes over the wire, and how to narrow it without trusting it."""

from __future__ import annotations

import json
from typing import cast

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Payload = dict[str, Json]


def decode(text: str | bytes) -> Json:
    """Read JSON text.

    Raises:
        ValueError: it is not JSON, or not UTF-8.
    """
    return cast("Json", json.loads(text))


def encode(value: Json) -> str:
    """Write compact JSON with characters as they are, as Slack counts them."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def table(value: Json) -> Payload:
    """Give the object, or an empty one where something else stands."""
    return value if isinstance(value, dict) else {}


def rows(value: Json) -> list[Json]:
    """Give the array, or an empty one where something else stands."""
    return value if isinstance(value, list) else []


def tables(value: Json) -> list[Payload]:
    """Give the objects of an array."""
    return [item for item in rows(value) if isinstance(item, dict)]


def text(value: Json) -> str:
    """Give the string, or an empty one where something else stands."""
    return value if isinstance(value, str) else ""


def texts(value: Json) -> list[str]:
    """Give the strings of an array."""
    return [item for item in rows(value) if isinstance(item, str)]


def number(value: Json) -> float:
    """Give the number, or 0 where something else stands."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def whole(value: Json) -> int:
    """Give the number without its fraction, or 0 where something else stands."""
    return int(number(value))


def maybe_text(value: Json) -> str | None:
    """Give the string, or None where something else stands."""
    return value if isinstance(value, str) else None


def is_true(value: Json) -> bool:
    """Read a flag as Slack reads it from a form or from JSON."""
    return value in (True, 1) or text(value).lower() in {"1", "true"}
