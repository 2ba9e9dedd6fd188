"""Errors as they are journalled: a replay must raise what was raised the first time."""

from __future__ import annotations

from collections.abc import Mapping

from runtime.domain.errors import (
    BatonError,
    Faulted,
    Incomplete,
    OverBudget,
    Refused,
    StepFailed,
    ToolFailed,
)
from runtime.domain.json import JsonObject, object_of

_SAME: dict[str, type[BatonError]] = {
    error.code: error for error in (ToolFailed, Refused, OverBudget)
}


def to_json(error: BaseException) -> JsonObject:
    """Spell an error for the journal: code and public words, never a stack trace."""
    if isinstance(error, StepFailed):
        return {"code": error.cause, "message": error.public, "path": error.path}
    if isinstance(error, Faulted):
        spelled: JsonObject = {
            "code": error.code,
            "message": error.public,
            "problem": error.problem,
        }
        return {**spelled, "outside": error.outside} if error.outside else spelled
    if isinstance(error, Incomplete):
        return {"code": error.code, "message": error.public, **error.partial}
    if isinstance(error, BatonError):
        return {"code": error.code, "message": error.public}
    return {
        "code": "bug",
        "message": f"an unexpected {type(error).__name__} stopped this step; the log has details",
    }


def to_error(path: str, error: JsonObject | None) -> BatonError:
    """Give the error a journalled failure stands for."""
    code = str((error or {}).get("code", "error"))
    problem = (error or {}).get("problem")
    if isinstance(problem, Mapping):
        return Faulted(problem, outside=object_of((error or {}).get("outside")))
    message = str((error or {}).get("message", "failed without a reason"))
    if code in _SAME:
        return _SAME[code](message)
    return StepFailed(message, path=path, cause=code)
