"""What counts as an answer, and as fit to begin with."""

from __future__ import annotations

import json
import re
from typing import cast

from jsonschema import Draft202012Validator
from referencing import Registry

from runtime.domain.errors import Refused
from runtime.domain.json import Json, JsonObject

_FENCE = re.compile(r"^```(?:json)?\s*\n(.*)\n```\s*$", re.DOTALL)


def check_output(text: str, schema: JsonObject | None) -> tuple[Json, str | None]:
    """Give the answer, or the problem in words for the model (then the answer means nothing)."""
    if not text.strip():
        return None, "it is empty"
    if schema is None:
        return text.strip(), None
    fenced = _FENCE.match(text.strip())
    try:
        value = cast("Json", json.loads(fenced.group(1) if fenced else text))
    except ValueError as error:
        return None, f"it is not JSON ({error})"
    return value, misfit(value, schema)


def check_inputs(inputs: JsonObject, schema: JsonObject | None, *, agent: str) -> None:
    """Refuse inputs that an agent does not take, before any model is asked."""
    problem = misfit(inputs, schema) if schema is not None else None
    if problem is not None:
        raise Refused(f"the inputs of agent {agent!r} do not fit: {problem}")


def misfit(value: Json, schema: JsonObject) -> str | None:
    """Say where and how a value does not fit a schema; None where it does."""
    # An empty registry: the library's own would fetch a "$ref" to any address it is given.
    validator = Draft202012Validator(dict(schema), registry=Registry())
    errors = sorted(validator.iter_errors(value), key=lambda error: error.json_path)
    return f"at {errors[0].json_path}: {errors[0].message[:300]}" if errors else None
