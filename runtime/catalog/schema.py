"""JSON schemas as authors write them, checked where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from runtime.catalog.located import Located, Path
from runtime.catalog.problems import Problems
from runtime.domain.json import Json, JsonObject


def check_schema(schema: JsonObject, *, key: str, place: Located, problems: Problems) -> None:
    """Note what is wrong with ``schema``, which stands at ``key`` of the document."""
    for path in _references_elsewhere(schema, (key,)):
        # A schema that fetches another one would let a document decide what is downloaded.
        text = "'$ref' must stay within the schema; write '#/…' or the schema itself"
        problems.add(place.file, place.line(*path), text)
    try:
        Draft202012Validator.check_schema(cast("Mapping[str, object]", schema))
    except SchemaError as error:
        inside = list(error.absolute_path)
        where = ".".join(map(str, [key, *inside]))
        problems.add(
            place.file,
            place.line(key, *inside),
            f"{where} is no JSON schema: {error.message}; mend this part",
        )


def _references_elsewhere(value: Json, path: Path) -> list[Path]:
    found: list[Path] = []
    if isinstance(value, Mapping):
        for key, part in value.items():
            if key in ("$ref", "$dynamicRef") and isinstance(part, str) and part[:1] != "#":
                found.append((*path, key))
            found += _references_elsewhere(part, (*path, key))
    elif isinstance(value, list):
        for at, part in enumerate(value):
            found += _references_elsewhere(part, (*path, at))
    return found
