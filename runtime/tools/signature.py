"""The typed parameters of a Python function, as a JSON schema and as a reader of arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.errors import PydanticUserError
from pydantic.json_schema import GenerateJsonSchema

from runtime.domain.canonical import canonical
from runtime.domain.errors import Misconfigured, ToolFailed
from runtime.domain.json import Json, JsonObject
from runtime.tools.tool import Call


class _Schema(GenerateJsonSchema):
    # A default that is no JSON is left out of the schema; the function still has it.
    ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012 - pydantic's spelling

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's signature
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a function takes. ``call`` names the parameter that receives the ``Call``, if any."""

    function: Callable[..., object]
    model: type[BaseModel]
    names: tuple[str, ...]
    call: str | None

    def schema(self) -> JsonObject:
        """Give the JSON Schema (Draft 2020-12) of the arguments."""
        try:
            schema = self.model.model_json_schema(schema_generator=_Schema)
        except PydanticUserError as error:
            raise _wrong(self.function, f"a parameter has no JSON form: {error.message}") from error
        return cast("JsonObject", _untitled(cast("Json", schema)))

    def read(self, arguments: JsonObject) -> dict[str, object]:
        """Turn checked JSON arguments into typed ones; what is not given keeps its default."""
        try:
            values = self.model.model_validate_json(canonical(arguments), strict=True)
        except ValidationError as error:
            raise ToolFailed(_complaints(error)) from error
        return {
            name: cast("object", getattr(values, f"arg_{name}"))
            for name in self.names
            if f"arg_{name}" in values.model_fields_set
        }

    def invoke(self, arguments: JsonObject, call: Call) -> object:
        """Call the function."""
        given = self.read(arguments)
        if self.call is not None:
            given[self.call] = call
        return self.function(**given)


def signature_of(
    function: Callable[..., object], *, texts: Mapping[str, str] | None = None
) -> Signature:
    """Read a function's parameters.

    Raises:
        Misconfigured: naming the function's file and line, and the parameter to change.
    """
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        raise _wrong(function, "write it as a plain function: tools run in threads of their own")
    try:
        hints = _parameter_types(function)
    except (NameError, TypeError, AttributeError) as error:
        raise _wrong(function, f"its type hints cannot be read: {error}") from error
    fields: dict[str, Any] = {}  # create_model's own type
    names: list[str] = []
    call: str | None = None
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise _wrong(function, f"{name!r} has no name a model could use; name each parameter")
        if name not in hints:
            raise _wrong(function, f"{name!r} has no type; write `{name}: str` or what it is")
        if hints[name] is Call:
            call = name
            continue
        names.append(name)
        default = ... if parameter.default is parameter.empty else parameter.default
        # The prefix keeps names such as `json` or `copy` off pydantic's own methods.
        fields[f"arg_{name}"] = (
            hints[name],
            Field(default, alias=name, description=(texts or {}).get(name) or None),
        )
    return Signature(
        function=function, model=_model(function, fields), names=tuple(names), call=call
    )


def _parameter_types(function: Callable[..., object]) -> dict[str, object]:
    # Not the return type: it may be any shape that becomes JSON, and is not needed.
    written = cast("dict[str, object]", getattr(function, "__annotations__", {}))
    stand_in = SimpleNamespace(
        __annotations__={name: hint for name, hint in written.items() if name != "return"}
    )
    namespace = cast("dict[str, object]", getattr(function, "__globals__", {}))
    return get_type_hints(stand_in, globalns=namespace, include_extras=True)


def _model(function: Callable[..., object], fields: dict[str, Any]) -> type[BaseModel]:
    config = ConfigDict(extra="forbid")
    try:
        return create_model("Arguments", __config__=config, **fields)
    except PydanticUserError as error:
        raise _wrong(function, f"a parameter has no JSON form: {error.message}") from error


def _wrong(function: Callable[..., object], complaint: str) -> Misconfigured:
    code = inspect.unwrap(function).__code__ if inspect.isfunction(function) else None
    where = f"{code.co_filename}:{code.co_firstlineno}" if code else repr(function)
    name = getattr(function, "__name__", "tool")
    return Misconfigured(f"{where}: tool {name!r}: {complaint}")


def _complaints(error: ValidationError) -> str:
    lines = [
        f"{'.'.join(str(part) for part in problem['loc']) or 'arguments'}: {problem['msg']}"
        for problem in error.errors(include_url=False, include_input=False)[:5]
    ]
    return f"the arguments do not fit: {'; '.join(lines)}. Correct them and call again."


def _untitled(schema: Json) -> Json:
    """Drop titles that pydantic makes from class names: they cost tokens and say nothing new."""
    if not isinstance(schema, Mapping):
        return schema
    kept: dict[str, Json] = {}
    for key, value in schema.items():
        if key == "title" and isinstance(value, str):
            continue
        if key in ("properties", "$defs") and isinstance(value, Mapping):
            kept[key] = {name: _untitled(entry) for name, entry in value.items()}
        elif key in ("items", "additionalProperties"):
            kept[key] = _untitled(value)
        elif key in ("anyOf", "oneOf", "allOf", "prefixItems") and isinstance(value, list):
            kept[key] = [_untitled(entry) for entry in value]
        else:
            kept[key] = value
    return kept
