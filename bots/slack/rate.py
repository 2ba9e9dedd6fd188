"""Slack's pace: how often a channel, and a workspace, may be spoken to.

Slack allows about one post a second in a channel and 50 ``chat.update`` a minute in a workspace
(https://docs.slack.dev/apis/web-api/rate-limits); the second is what binds, for all runs
together.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

_MOST_LINES = 10_000
_LONGEST_PROMISE_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """One call an ``interval_seconds``, and ``burst`` at once after a rest."""

    interval_seconds: float
    burst: int


CHANNEL_PACE = {
    # Slack lets short bursts of posts pass: a card, an approval and an answer come together.
    "chat.postMessage": Pace(interval_seconds=1.0, burst=5),
    "chat.update": Pace(interval_seconds=1.2, burst=2),
    # Of one person's Home tab, which shows all that is theirs: what changes in between is drawn
    # together.
    "views.publish": Pace(interval_seconds=3.0, burst=2),
}
TEAM_PACE = {
    # Of 20 a minute. As many are ended, and some more where one broke off; what is appended in
    # between stays below its own 100 a minute by itself.
    "chat.startStream": Pace(interval_seconds=60 / 15, burst=3),
    "views.publish": Pace(interval_seconds=60 / 90, burst=10),
    "chat.update": Pace(interval_seconds=60 / 45, burst=5),
    "agents.sessions.setStatus": Pace(interval_seconds=60 / 45, burst=5),
}


class RateGate:
    """Lets calls through at Slack's pace; keeps one number for every line it watches.

    Of this process only: a workspace that several couriers serve is kept in bounds by Slack's own
    429, after which the whole method rests.
    """

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lines: OrderedDict[tuple[str, ...], float] = OrderedDict()
        """When each line will be at rest again, after the calls it has let through."""
        self._closed_until: dict[tuple[str, str], float] = {}
        self._promised: dict[tuple[str, str], float] = {}
        """Until when places are spoken for by those who were told to come back."""

    def admit(
        self,
        method: str,
        *,
        team: str,
        channel: str,
        patience_seconds: float,
        urgent: bool = True,
    ) -> float:
        """Give how many seconds to wait before this call.

        A wait within ``patience_seconds`` is a place taken: wait and call. A longer one takes
        none: come back after it. Who is not urgent is told a time of their own, one after another,
        so that hundreds do not come back at once; who is urgent comes back as soon as one may.
        """
        now = self._now()
        closed = self._closed_until.get((team, method), 0.0) - now
        paces: list[tuple[tuple[str, ...], Pace]] = []
        if method in CHANNEL_PACE:
            paces.append(((team, channel, method), CHANNEL_PACE[method]))
        if method in TEAM_PACE:
            paces.append(((team, "", method), TEAM_PACE[method]))
        wait = max([closed, 0.0, *(self._wait(line, pace, now) for line, pace in paces)])
        if wait <= patience_seconds:
            for line, pace in paces:
                self._take(line, pace, now)
        elif not urgent and paces:
            # The workspace's where it has one: places of one workspace wait for nothing else of it.
            interval = paces[-1][1].interval_seconds
            at = max(self._promised.get((team, method), 0.0) + interval, now + wait)
            self._promised[(team, method)] = at
            wait = min(at - now, _LONGEST_PROMISE_SECONDS)
        return wait

    def close(self, method: str, *, team: str, seconds: float) -> None:
        """Let nothing of this method through for a while: Slack has answered 429."""
        self._closed_until[(team, method)] = self._now() + seconds

    def _wait(self, line: tuple[str, ...], pace: Pace, now: float) -> float:
        at_rest = max(self._lines.get(line, now), now)
        return at_rest - now - (pace.burst - 1) * pace.interval_seconds

    def _take(self, line: tuple[str, ...], pace: Pace, now: float) -> None:
        self._lines[line] = max(self._lines.get(line, now), now) + pace.interval_seconds
        self._lines.move_to_end(line)
        if len(self._lines) > _MOST_LINES:
            self._lines.popitem(last=False)
