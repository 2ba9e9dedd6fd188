"""The type of what crosses a process boundary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
JsonObject = Mapping[str, Json]


def object_of(value: Json) -> JsonObject:
    """Give a JSON object as it is, and an empty one for everything else."""
    return value if isinstance(value, Mapping) else {}
