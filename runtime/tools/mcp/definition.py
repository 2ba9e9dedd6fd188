"""What a server says of one of its tools, pinned by digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from runtime.domain.canonical import digest
from runtime.domain.effects import Effect
from runtime.domain.json import Json, JsonObject

if TYPE_CHECKING:
    from mcp.types import Tool as WireTool


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A tool as listed. ``wire`` is all of it, and what the digest covers."""

    name: str
    description: str
    parameters: JsonObject
    wire: JsonObject

    @property
    def digest(self) -> str:
        """Name this definition; one changed word gives another."""
        return digest(self.wire)

    def claimed_effect(self) -> Effect:
        """Give the effect its annotations claim: a hint, to be believed only if told so."""
        hints = self.wire.get("annotations")
        if not isinstance(hints, Mapping):
            return Effect.IRREVERSIBLE
        if hints.get("readOnlyHint") is True:
            return Effect.READ
        if hints.get("idempotentHint") is True:
            return Effect.WRITE
        return Effect.IRREVERSIBLE


def definition_of(tool: WireTool) -> Definition:
    """Take over what came over the wire."""
    wire = cast(
        "dict[str, Json]",
        tool.model_dump(mode="json", by_alias=True, exclude_none=True),
    )
    return Definition(
        name=tool.name,
        description=tool.description or "",
        parameters=cast("JsonObject", wire.get("inputSchema", {})),
        wire=wire,
    )
