"""One agent as a run pins it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import cast

from runtime.domain.json import Json, JsonObject


class Role(StrEnum):
    """What an agent is for; a validator never checks its own work, a planner never does any."""

    PLANNER = "planner"
    WORKER = "worker"
    VALIDATOR = "validator"


DEFAULT_TIER: Mapping[Role, str] = {
    Role.PLANNER: "planner",
    Role.WORKER: "light",
    Role.VALIDATOR: "strong",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """An agent of one version; equal versions behave alike."""

    name: str
    version: str
    """First 12 hexadecimal digits of a digest over everything in its folder."""
    role: Role
    description: str
    """What it does, for the planner and for people."""
    capabilities: tuple[str, ...] = ()
    tier: str
    """Entry of ``models.yaml`` that answers for it."""
    tools: tuple[str, ...] = ()
    """Grants: ``name``, ``server.tool`` or ``server.*``; what is not granted it never sees."""
    max_turns: int = 12
    max_usd: float | None = None
    """Cap on what one piece of its work may cost; None leaves it to the run's budget."""
    input_schema: JsonObject | None = None
    """JSON schema of the ``inputs`` it accepts, checked before any model is called."""
    output_schema: JsonObject | None = None
    """JSON schema of its answer; None where the answer is text."""
    hand_off_to: tuple[str, ...] = ()
    prompt: str
    tools_source: str | None = None
    """Text of its ``tools.py``."""
    dialogue_source: str | None = None
    """Text of its ``dialogue.yaml``."""

    @property
    def actor(self) -> str:
        """Name it where something was done: ``analyst@3f2a91``."""
        return f"{self.name}@{self.version[:6]}"

    @property
    def tools_file(self) -> str:
        """Name the file of its own tools, however far from a disk the text is compiled."""
        return f"agents/{self.name}/tools.py"

    @property
    def dialogue_file(self) -> str:
        """Name the file of its worked examples."""
        return f"agents/{self.name}/dialogue.yaml"

    def may_use(self, tool: str) -> bool:
        """Say whether a grant covers ``tool``, given as ``name`` or ``server.name``."""
        return granted(self.tools, tool)

    def to_json(self) -> JsonObject:
        """Give everything as JSON; ``from_json`` gives an equal agent back."""
        return {
            "name": self.name,
            "version": self.version,
            "role": self.role.value,
            "description": self.description,
            "capabilities": list(self.capabilities),
            "tier": self.tier,
            "tools": list(self.tools),
            "max_turns": self.max_turns,
            "max_usd": self.max_usd,
            "input_schema": self.input_schema,
            "output_schema": self.output_schema,
            "hand_off_to": list(self.hand_off_to),
            "prompt": self.prompt,
            "tools_source": self.tools_source,
            "dialogue_source": self.dialogue_source,
        }

    @classmethod
    def from_json(cls, value: JsonObject) -> Agent:
        """Take back what ``to_json`` gave."""
        return cls(
            name=str(value["name"]),
            version=str(value["version"]),
            role=Role(str(value["role"])),
            description=str(value["description"]),
            capabilities=_words(value["capabilities"]),
            tier=str(value["tier"]),
            tools=_words(value["tools"]),
            max_turns=cast("int", value["max_turns"]),
            max_usd=cast("float | None", value["max_usd"]),
            input_schema=cast("JsonObject | None", value["input_schema"]),
            output_schema=cast("JsonObject | None", value["output_schema"]),
            hand_off_to=_words(value["hand_off_to"]),
            prompt=str(value["prompt"]),
            tools_source=cast("str | None", value["tools_source"]),
            dialogue_source=cast("str | None", value["dialogue_source"]),
        )

    def describe(self) -> JsonObject:
        """Give what a planner needs to know in order to choose it."""
        return {
            "name": self.name,
            "role": self.role.value,
            "description": self.description,
            "capabilities": list(self.capabilities),
            "tools": list(self.tools),
            "input_schema": self.input_schema,
            "output_schema": self.output_schema,
        }


def granted(grants: tuple[str, ...], tool: str) -> bool:
    """Say whether one of ``grants`` covers ``tool``; only ``server.*`` covers more than a name."""
    return any(
        fnmatchcase(tool, grant) if grant.endswith(".*") else tool == grant for grant in grants
    )


def _words(value: Json) -> tuple[str, ...]:
    return tuple(str(word) for word in cast("list[Json]", value))
