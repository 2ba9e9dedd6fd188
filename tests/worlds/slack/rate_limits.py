"""Slack's published rate limits, for tests that ask for them."""

from __future__ import annotations

import math
from collections import deque

from tests.worlds.slack.clock import WorldClock

_PER_MINUTE = {"t1": 1, "t2": 20, "t3": 50, "t4": 100}
_POST_GAP_SECONDS = 1.0
_POST_BURST = 3
"""Slack allows short bursts above one post a second and channel."""


class RateLimits:
    """Sliding windows by method and workspace; posts by channel too."""

    def __init__(self, clock: WorldClock) -> None:
        self._clock = clock
        self._seen: dict[tuple[str, str], deque[float]] = {}

    def seconds_to_wait(self, *, team: str, method: str, tier: str, channel: str) -> int:
        """Count a call; give 0 where it may go on, else what ``Retry-After`` says."""
        if method == "chat.postMessage":
            return self._count(
                (team, f"{method}:{channel}"), _POST_BURST, _POST_GAP_SECONDS * _POST_BURST
            )
        most = _PER_MINUTE.get(tier)
        return self._count((team, method), most, 60.0) if most else 0

    def _count(self, key: tuple[str, str], most: int, window_seconds: float) -> int:
        now = self._clock.expiry_now()
        seen = self._seen.setdefault(key, deque())
        while seen and now - seen[0] >= window_seconds:
            seen.popleft()
        if len(seen) >= most:
            return max(1, math.ceil(window_seconds - (now - seen[0])))
        seen.append(now)
        return 0
