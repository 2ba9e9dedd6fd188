"""Whether a grant that somebody wants could apply to any call: what it bounds must be there.

A grant that speaks of an argument which the tool does not have lets nothing through, and nobody
would learn why.
"""

from __future__ import annotations

from typing import Final

from runtime.catalog.catalog import Catalog
from runtime.domain.errors import Refused
from runtime.domain.grant import Wanted
from runtime.domain.json import JsonObject, object_of
from runtime.door.known_tools import KnownTools
from runtime.storage import definitions, runs
from runtime.storage.database import Database

_NO_NUMBERS: Final = frozenset({"string", "boolean", "object", "array", "null"})


def check_bounds(
    wanted: Wanted, *, database: Database, tools: KnownTools, workspace: str | None
) -> None:
    """Compare what is bound with what the tool takes, in the version that the run has.

    Raises ``Refused`` with the tool's arguments. What cannot be told, such as what a server takes
    that is not at hand here, is believed.
    """
    names = [bound.path for bound in wanted.where] + [wanted.sum_path] * bool(wanted.sum_path)
    if not names:
        return
    with database.read() as connection:
        run = runs.find(connection, wanted.run, workspace=workspace)
        stored = definitions.read(connection, run.catalog) if run is not None else None
    known = tools.find(Catalog.from_json(stored), wanted.tool) if stored is not None else None
    if known is None or known.parameters is None:
        return
    for name in names:
        found = _at(known.parameters, name, tool=wanted.tool)
        if name == wanted.sum_path and found.get("type") in _NO_NUMBERS:
            raise Refused(
                f"{name!r} of {wanted.tool!r} is no number ({found['type']}), so it cannot be added"
                " up; name one that is, or leave --up-to out"
            )


def _at(parameters: JsonObject, name: str, *, tool: str) -> JsonObject:
    """Give the schema at a dotted path; an empty one from where it says no more."""
    schema = parameters
    for part in name.split("."):
        if schema.get("type") == "array" and part.isdigit():
            schema = object_of(schema.get("items"))
            continue
        properties = schema.get("properties")
        if properties is None or schema.get("additionalProperties"):
            return object_of(object_of(properties).get(part))
        taken = object_of(properties)
        if part not in taken:
            listed = f"name one of {', '.join(sorted(taken))}" if taken else "it has none"
            raise Refused(
                f"{tool!r} has no argument {name!r}, so no call would ever be let through; {listed}"
            )
        schema = object_of(taken[part])
    return schema
