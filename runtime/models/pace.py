"""Hold back from a model that asked for a pause, and spread those who come back to it."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

_SPREAD_SECONDS = 0.2
_LONGEST_SPREAD_SECONDS = 10.0


class Pace:
    """Which models are not to be asked before when, within this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: dict[str, datetime] = {}
        self._held: dict[str, int] = {}

    def hold(self, model: str, *, now: datetime, seconds: float) -> None:
        """Ask ``model`` nothing for ``seconds``; the latest such wish counts."""
        with self._lock:
            until = now + timedelta(seconds=seconds)
            self._until[model] = max(until, self._until.get(model, until))

    def wait_seconds(self, model: str, *, now: datetime) -> float:
        """Say how long the caller should stay away, 0 to go on.

        Each caller that is sent away gets a little more than the one before: when the pause is
        over they return one after another and not all at once.
        """
        with self._lock:
            until = self._until.get(model)
            if until is None:
                return 0.0
            if now >= until:
                del self._until[model]
                self._held.pop(model, None)
                return 0.0
            held = self._held[model] = self._held.get(model, 0) + 1
            spread = min(held * _SPREAD_SECONDS, _LONGEST_SPREAD_SECONDS)
            return (until - now).total_seconds() + spread
