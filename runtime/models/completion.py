"""What is asked of a model and what it says, in our own types."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from runtime.domain.json import JsonObject
from runtime.domain.step import Cost


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A call the model wants made. ``arguments`` is the model's own text, not yet parsed."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One entry of the conversation with a model."""

    role: Literal["system", "user", "assistant", "tool"]
    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    """With role ``tool``: the call this answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec:
    """A tool as a model sees it."""

    name: str
    description: str
    parameters: JsonObject
    """JSON schema of the arguments, always an object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One request to a model."""

    tier: str
    """A tier of ``models.yaml``: ``planner``, ``light``, ``strong``."""
    turns: tuple[Turn, ...]
    tools: tuple[ToolSpec, ...] = ()
    schema: JsonObject | None = None
    """The answer must be JSON of this schema; asked for, and then checked by the caller."""
    schema_name: str = "answer"
    max_tokens: int = 4096
    labels: dict[str, str] = field(default_factory=dict[str, str])
    """Run, step and agent, for the provider's logs and the demonstration model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A model's answer, with what it cost. Journalled as JSON, so it can be replayed."""

    text: str
    tool_calls: tuple[ToolCall, ...]
    model: str
    cost: Cost
    finish: str
    """``stop``, ``tool_calls``, ``length``, or the provider's own word."""
    demonstration: bool = False


class Models(Protocol):
    """Answer prompts.

    Raises ``Upstream`` (with ``retry_after_seconds`` where the provider gave one) for everything
    that may pass, ``Misconfigured`` for a wrong key, model or tier. Never lets a secret into an
    error text.
    """

    def complete(self, prompt: Prompt) -> Completion:
        """Ask the prompt's tier, falling back to the tier's other models in order."""
        ...
