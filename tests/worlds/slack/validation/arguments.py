"""A call's arguments against the method's published description."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.worlds.slack.payload import Json, Payload, table, tables, text, texts
from tests.worlds.slack.validation.reference import Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with what the app sent."""

    error: str
    """How Slack answers, or what the world calls it where Slack lets it pass."""
    detail: str
    tolerated: bool = False
    """Slack answers ``ok`` all the same."""


_ALWAYS_ALLOWED = frozenset({"token", "team_id"})
"""The Bolt framework adds ``team_id`` to every call it makes."""

_MISSING_IN_DATA = {
    "chat.stopStream": {"session_status"},
    "chat.startStream": {"metadata"},
}
"""Arguments that the pages document and the data lacks."""

_NOT_REALLY_REQUIRED = {"chat.appendStream": {"markdown_text"}}
"""The data calls it required, though chunks suffice."""


def argument_problems(reference: Reference, method: str, arguments: Payload) -> list[Problem]:
    """Give what is missing, unknown or of a wrong type."""
    described = table((reference.method(method) or {}).get("args"))
    known = table(described.get("properties"))
    if not known:
        return []
    return [
        *_missing(method, described, arguments),
        *_unknown(method, known, arguments),
        *_mistyped(known, arguments),
    ]


def _missing(method: str, described: Payload, arguments: Payload) -> Iterator[Problem]:
    excused = _NOT_REALLY_REQUIRED.get(method, set[str]()) | {"token"}
    for name in texts(described.get("required")):
        if name not in excused and arguments.get(name) in (None, ""):
            yield Problem(error="invalid_arguments", detail=f"missing required field: {name}")


def _unknown(method: str, known: Payload, arguments: Payload) -> Iterator[Problem]:
    allowed = _ALWAYS_ALLOWED | _MISSING_IN_DATA.get(method, set[str]()) | set(known)
    for name in arguments:
        if name not in allowed:
            yield Problem(error="unknown_argument", detail=f"no such field: {name}", tolerated=True)


def _mistyped(known: Payload, arguments: Payload) -> Iterator[Problem]:
    for name, value in arguments.items():
        described = table(known.get(name))
        accepted = [text(item.get("type")) for item in [described, *tables(described.get("anyOf"))]]
        kinds = [kind for kind in accepted if kind]
        if value is None or not kinds or any(_fits(kind, value) for kind in kinds):
            choices = texts(described.get("enum"))
            if choices and value not in choices:
                yield Problem(error="invalid_arguments", detail=f"{name}: not one of {choices}")
            continue
        detail = f"{name}: {value!r} is not of type {' or '.join(kinds)}"
        yield Problem(error="invalid_arguments", detail=detail)


def _fits(kind: str, value: Json) -> bool:
    """Whether a value may stand for the kind, in JSON or spelled in a form."""
    spelled = isinstance(value, str)
    match kind:
        case "string":
            # Arrays and objects are documented as strings of JSON and accepted in both forms.
            return spelled or isinstance(value, list | dict)
        case "boolean":
            return isinstance(value, bool) or value in (0, 1, "0", "1", "true", "false")
        case "integer" | "number":
            return (spelled and _is_number(value)) or (
                isinstance(value, int | float) and not isinstance(value, bool)
            )
        case "array":
            return spelled or isinstance(value, list)
        case "object":
            return isinstance(value, dict)
        case "null":
            return value is None
        case _:
            return True


def _is_number(value: Json) -> bool:
    try:
        float(text(value))
    except ValueError:
        return False
    return True
