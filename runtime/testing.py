"""What tests put in the place of the outside: a clock that is set by hand, a bell that remembers.

Both keep what ``domain.ports`` promises, so that a test which passes with them means something.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


class SteppedClock:
    """Time that passes only when told to."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start

    def now(self) -> datetime:
        """Give the moment the clock was set to."""
        return self._now

    def step(self, seconds: float) -> datetime:
        """Let time pass; give the new moment."""
        self._now += timedelta(seconds=seconds)
        return self._now


class RememberingBell:
    """Keeps every ring until somebody takes it. Any thread may ring."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._steps: list[str] = []
        self._conversations: list[str] = []

    def ring(self, *, steps: Iterable[str] = (), conversations: Iterable[str] = ()) -> None:
        """Remember them."""
        with self._lock:
            self._steps += dict.fromkeys(steps)
            self._conversations += dict.fromkeys(conversations)

    def take_steps(self) -> list[str]:
        """Give the steps that were rung since the last call."""
        with self._lock:
            taken, self._steps = self._steps, []
        return taken

    def take_conversations(self) -> list[str]:
        """Give the conversations that were rung since the last call."""
        with self._lock:
            taken, self._conversations = self._conversations, []
        return taken
