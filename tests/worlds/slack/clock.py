"""The world's time: unique timestamps, and expiries that a test can bring forward."""

from __future__ import annotations

import time


class WorldClock:
    """Wall-clock time for what the app compares, and a movable one for what expires."""

    def __init__(self) -> None:
        self._last_micros = 0
        self._ahead_seconds = 0.0

    def now(self) -> float:
        """Give seconds since the epoch."""
        return time.time()

    def next_ts(self) -> str:
        """Give a message timestamp later than every one before it."""
        self._last_micros = max(int(self.now() * 1_000_000), self._last_micros + 1)
        return f"{self._last_micros // 1_000_000}.{self._last_micros % 1_000_000:06d}"

    def expiry_now(self) -> float:
        """Give the time that trigger ids, response URLs, streams and statuses age by."""
        return time.monotonic() + self._ahead_seconds

    def pass_time(self, seconds: float) -> None:
        """Let everything that expires grow older at once."""
        self._ahead_seconds += seconds
