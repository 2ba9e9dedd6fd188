"""Whether a value fits a JSON schema, and where it does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from referencing import Registry as References
from referencing.exceptions import Unresolvable

from runtime.catalog.located import Path
from runtime.domain.json import Json, JsonObject

_LONGEST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """One thing that does not fit: its place in the value, and why."""

    path: Path
    text: str
    lacking: str = ""
    """The property that is required at this place and not there, if that is what is wrong."""


def misfits(schema: JsonObject, value: Json) -> list[Misfit]:
    """Give what does not fit, outermost first. References lead nowhere outside of the schema."""
    try:
        # An empty registry: the library's own would fetch a "$ref" to any address it is given.
        validator = Draft202012Validator(cast("dict[str, Json]", schema), registry=References())
        errors = list(validator.iter_errors(cast("dict[str, Json]", value)))
    except (SchemaError, Unresolvable) as error:
        return [Misfit(path=(), text=f"the schema itself is wrong: {str(error)[:_LONGEST]}")]
    errors.sort(key=lambda error: (len(error.absolute_path), str(error.message)))
    return [
        Misfit(
            path=tuple(error.absolute_path),
            text=error.message[:_LONGEST],
            lacking=_lacking(error.validator, error.message),
        )
        for error in errors
    ]


def _lacking(rule: object, message: str) -> str:
    # The library names the property nowhere but in its words, quoted first.
    if rule != "required" or not message.endswith(" is a required property"):
        return ""
    return message.removesuffix(" is a required property")[1:-1]
