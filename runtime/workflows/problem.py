"""Errors as the specification spells them: problem documents (RFC 7807) with an instance."""

from __future__ import annotations

from typing import Final

from runtime.domain.errors import (
    BadExpression,
    BatonError,
    Faulted,
    OverBudget,
    Refused,
    StepFailed,
    TimedOut,
)
from runtime.domain.json import Json, JsonObject

TYPES: Final = "https://open-workflow-specification.org/spec/1.0.0/errors/"
_OTHER_SPELLINGS = (
    "https://open-workflow-specification.org/dsl/errors/types/",
    "https://serverlessworkflow.io/spec/1.0.0/errors/",
    "https://serverlessworkflow.io/dsl/errors/types/",
)
"""How documents in use, the specification's own scenarios among them, spell the same types."""

_STATUS = {
    "configuration": 400,
    "validation": 400,
    "expression": 400,
    "authentication": 401,
    "authorization": 403,
    "timeout": 408,
    "communication": 500,
    "runtime": 500,
}
_OVER_THE_WIRE = ("upstream", "timed_out", "contended")


def fault(
    kind: str, detail: str, *, at: str, title: str | None = None, status: int | None = None
) -> Faulted:
    """Give an error of a standard type, raised by the task at a reference."""
    return Faulted(
        {
            "type": f"{TYPES}{kind}",
            "status": status or _STATUS[kind],
            "title": title or f"{kind.capitalize()} error",
            "detail": detail,
            "instance": at,
        }
    )


def fault_of(error: BatonError, *, at: str) -> Faulted:
    """Give any error of ours as a problem document."""
    if isinstance(error, Faulted):
        return error
    if isinstance(error, BadExpression):
        return fault("expression", error.public, at=at)
    if isinstance(error, TimedOut):
        return fault("timeout", error.public, at=at)
    if isinstance(error, StepFailed) and error.cause == "timed_out":
        return fault("timeout", error.public, at=at)
    if isinstance(error, StepFailed) and error.cause in _OVER_THE_WIRE:
        return fault("communication", error.public, at=at)
    if isinstance(error, Refused):
        return fault("authorization", error.public, at=at)
    title = "Over budget" if isinstance(error, OverBudget) else None
    return fault("runtime", error.public, at=at, title=title)


def matches(problem: JsonObject, wanted: JsonObject) -> bool:
    """Tell whether an error has every property that a filter names."""
    return all(_same(name, problem.get(name), value) for name, value in wanted.items())


def _same(name: str, has: Json, wanted: Json) -> bool:
    if name == "type":
        return _usual(str(has)) == _usual(str(wanted))
    return has == wanted


def _usual(type_: str) -> str:
    for spelling in _OTHER_SPELLINGS:
        if type_.startswith(spelling):
            return TYPES + type_.removeprefix(spelling)
    return type_
