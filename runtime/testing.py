"""What tests put in the place of the outside: a clock that is set by hand, a bell that remembers.

Both keep what ``domain.ports`` promises, so that a test which passes with them means something.
"""

from __future__ import annotations

import threading
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

    def ring_step(self, step_id: str) -> None:
        """Remember that a step is ready."""
        with self._lock:
            self._steps.append(step_id)

    def ring_conversation(self, conversation_id: str) -> None:
        """Remember that a conversation has deliveries due."""
        with self._lock:
            self._conversations.append(conversation_id)

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
