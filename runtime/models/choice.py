"""Which models ``auto`` means: the one table to edit when a provider brings out new ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DEMONSTRATION = "demo/baton"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider that is used when ``variable`` is set; ``models`` are by tier."""

    variable: str
    models: Mapping[str, str]
    otherwise: str
    """The model of a tier that ``models`` does not name."""

    def model_for(self, tier: str) -> str:
        return self.models.get(tier, self.otherwise)


PROVIDERS: tuple[Provider, ...] = (
    Provider(
        variable="OPENAI_API_KEY",
        models={
            "planner": "openai/gpt-6.1-sol",
            "light": "openai/gpt-6-luna",
            "strong": "openai/gpt-6-astra",
        },
        otherwise="openai/gpt-6.1-sol",
    ),
    Provider(
        variable="ANTHROPIC_API_KEY",
        models={
            "planner": "anthropic/claude-sonnet-5-5",
            "light": "anthropic/claude-haiku-5-5",
            "strong": "anthropic/claude-opus-5-5",
        },
        otherwise="anthropic/claude-sonnet-5-5",
    ),
    Provider(
        variable="GEMINI_API_KEY",
        models={
            "planner": "gemini/gemini-3.8-flash",
            "light": "gemini/gemini-3.5-flash-lite",
            "strong": "gemini/gemini-4-argon",
        },
        otherwise="gemini/gemini-3.8-flash",
    ),
    Provider(variable="OLLAMA_API_BASE", models={}, otherwise="ollama_chat/qwen3"),
)
"""In order of preference: the first whose variable is set provides every ``auto`` tier."""


def automatic(tier: str, *, environment: Mapping[str, str]) -> str:
    """Give the model of ``tier`` for what is configured; without anything, the demonstration."""
    for provider in PROVIDERS:
        if environment.get(provider.variable, "").strip():
            return provider.model_for(tier)
    return DEMONSTRATION


def is_demonstration(model: str) -> bool:
    """Tell whether ``model`` is the demonstration model, which never stands in for a real one."""
    return model.startswith("demo/")
