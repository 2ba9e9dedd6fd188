"""What the policy would do about a call, and why."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.domain.effects import Effect
from runtime.domain.json import JsonObject
from runtime.policy.decision import Decision, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """A call that somebody wonders about."""

    tool: str
    arguments: JsonObject
    person: str
    """The principal for whom it would be made."""
    agent: str = ""
    effect: Effect | None = None
    """None for what the tool declares."""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One rule that speaks of the tool, and why it applies or does not."""

    rule: str
    outcome: Outcome
    applies: bool
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What would happen, by which rule, and who would be asked."""

    decision: Decision
    asked: tuple[tuple[str, ...], ...]
    """For each stage, the principals and globs behind its words now."""
    heard: tuple[Heard, ...]
    effect: Effect
    """What a call of the tool was taken to do."""
    effect_from: str
    """Where that is said."""
    problem: str | None
    """Why nobody could ever agree, where that is so."""
