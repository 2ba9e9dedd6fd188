"""One finding of the doctor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from runtime.domain.json import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What was looked at and how it was found; ``todo`` says what to do where it is not fine."""

    name: str
    ok: bool
    detail: str
    todo: str = ""

    def line(self) -> str:
        """Spell it for a terminal: a hint on a sound thing stands on a line of its own."""
        sign = "✗" if not self.ok else "·" if self.todo else "✓"
        line = f"{sign} {self.name:<10} {self.detail}"
        return f"{line}\n{'':13}→ {self.todo}" if self.todo else line

    def to_json(self) -> JsonObject:
        """Give it for scripts."""
        return {"name": self.name, "ok": self.ok, "detail": self.detail, "todo": self.todo or None}


Examination = tuple[str, Callable[[], list[Check]]]
"""A name, and the look that may also raise: that is a finding too."""


def fine(name: str, detail: str, *, hint: str = "") -> list[Check]:
    """Give a sound finding; ``hint`` says what more is possible."""
    return [Check(name=name, ok=True, detail=detail, todo=hint)]


def wrong(name: str, detail: str, *, todo: str) -> list[Check]:
    """Give a finding that keeps Baton from working as it should."""
    return [Check(name=name, ok=False, detail=detail, todo=todo)]
