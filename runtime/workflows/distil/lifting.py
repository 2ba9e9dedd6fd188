"""Which values of a run were its request's, and not found on the way: they become inputs.

A value counts where it is said in the request and was an argument of a call, or an input of a step:
the argument's name is then the input's. What else the request quotes, counts or addresses counts
too where the plan repeats it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from runtime.domain.json import Json, JsonObject

_LONGEST: Final = 60
_NO_VALUES: Final = frozenset({"task"})
_KINDS: Final[Sequence[tuple[type, str]]] = (
    (bool, "boolean"),
    (int, "integer"),
    (float, "number"),
    (str, "string"),
    (Sequence, "array"),
)
_LOOSE: Final = (
    ("text", re.compile(r"[\"“„]([^\"”“]{2,60})[\"”]")),
    ("address", re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\bhttps?://[^\s\"'<>]+")),
    ("date", re.compile(r"\b\d{4}-\d{2}-\d{2}\b")),
    ("number", re.compile(r"(?<![\w.,/-])\d+(?:\.\d+)?(?![\w/-]|\.\d)")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One input of the workflow, with the value it had in the run."""

    name: str
    value: Json

    @property
    def schema(self) -> JsonObject:
        """Give the JSON Schema of the input."""
        kind = next((word for type_, word in _KINDS if isinstance(self.value, type_)), "object")
        examples: list[Json] = [self.value]
        return {"type": kind, "examples": examples}

    @property
    def mentions(self) -> re.Pattern[str] | None:
        """Give what finds the value in a text, also in the plural; None where it is no word."""
        return mention(self.value)


def mention(value: Json) -> re.Pattern[str] | None:
    """Give what finds a value in a text as a whole word."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    spelled = value if isinstance(value, str) else f"{value:g}"
    if isinstance(value, str):
        return re.compile(rf"(?<!\w){re.escape(spelled)}(?=s?(?!\w))", re.IGNORECASE)
    return re.compile(rf"(?<![\w.,]){re.escape(spelled)}(?![\w]|[.,]\d)")


def lift(
    request: str, given: JsonObject, passed: Iterable[JsonObject], *, texts: Sequence[str]
) -> tuple[Parameter, ...]:
    """Give the inputs of a run's workflow.

    ``given`` is what the request came with, ``passed`` the arguments of calls and the inputs of
    steps, the weightiest first, ``texts`` what the plan says.
    """
    found: dict[str, Json] = dict(given)
    for name, value in _named(passed):
        if value not in found.values() and _is_said(value, request):
            _take(found, name, value)
    for name, value in _loose(request):
        pattern = mention(value)
        if pattern is None or any(pattern.search(str(one)) for one in found.values()):
            continue
        if any(pattern.search(text) for text in texts):
            _take(found, name, value)
    return tuple(Parameter(name=name, value=value) for name, value in found.items())


def _named(passed: Iterable[JsonObject]) -> Iterator[tuple[str, Json]]:
    for arguments in passed:
        for name, value in arguments.items():
            if isinstance(value, Mapping):
                yield from _named([value])
            elif name not in _NO_VALUES:
                yield name, value


def _is_said(value: Json, request: str) -> bool:
    if isinstance(value, str) and not 2 <= len(value) <= _LONGEST:
        return False
    pattern = mention(value)
    return pattern is not None and pattern.search(request) is not None


def _loose(request: str) -> Iterator[tuple[str, Json]]:
    left = request
    for name, pattern in _LOOSE:
        for match in pattern.finditer(left):
            text = match.group(1) if pattern.groups else match.group()
            yield name, _number(text) if name == "number" else text
        left = pattern.sub(" ", left)


def _number(text: str) -> Json:
    return float(text) if "." in text else int(text)


def _take(found: dict[str, Json], name: str, value: Json) -> None:
    free = name
    at = 2
    while free in found:
        free, at = f"{name}_{at}", at + 1
    found[free] = value
