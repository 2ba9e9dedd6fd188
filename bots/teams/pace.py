"""Teams' pace: how often one conversation, and one tenant, may be spoken to.

Per bot and thread 7 a second, 8 in two, 60 in thirty and 1,800 an hour; per tenant 50 a second:
https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit (read November 2026).
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable

_MOST_LINES = 2_000
_THREAD = ((1.0, 7), (2.0, 8), (30.0, 60), (3_600.0, 1_800))
_TENANT = ((1.0, 45),)


class Pace:
    """Lets calls through within every window. Of this process only: couriers that share a
    conversation are kept in bounds by Teams' own 429, after which the conversation rests.
    """

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lines: OrderedDict[str, deque[float]] = OrderedDict()
        self._closed_until: OrderedDict[str, float] = OrderedDict()

    def admit(self, *, tenant: str, conversation: str, patience_seconds: float) -> float:
        """Give how many seconds to wait before this call.

        A wait within ``patience_seconds`` is a place taken: wait and call. A longer one takes
        none: come back after it.
        """
        now = self._now()
        thread, everyone = self._line(f"thread {conversation}"), self._line(f"tenant {tenant}")
        wait = max(
            self._closed_until.get(conversation, now) - now,
            _wait(thread, _THREAD, now),
            _wait(everyone, _TENANT, now),
            0.0,
        )
        if wait <= patience_seconds:
            thread.append(now + wait)
            everyone.append(now + wait)
        return wait

    def close(self, conversation: str, *, seconds: float) -> None:
        """Let nothing through for a while: Teams has answered 429."""
        self._closed_until[conversation] = self._now() + seconds
        self._closed_until.move_to_end(conversation)
        if len(self._closed_until) > _MOST_LINES:
            self._closed_until.popitem(last=False)

    def _line(self, name: str) -> deque[float]:
        line = self._lines.setdefault(name, deque(maxlen=1_800))
        self._lines.move_to_end(name)
        if len(self._lines) > _MOST_LINES:
            self._lines.popitem(last=False)
        return line


def _wait(line: deque[float], windows: tuple[tuple[float, int], ...], now: float) -> float:
    """Give when the last call but ``most`` leaves its window."""
    return max(
        (line[-most] + seconds - now for seconds, most in windows if len(line) >= most),
        default=0.0,
    )
