"""A time of the week: ``{days: mon-fri, from: "08:00", until: "18:00", zone: Europe/Berlin}``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from runtime.domain.json import Json
from runtime.policy.located import Located

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Days and hours in one time zone. ``until`` before ``begins`` reaches past midnight."""

    days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    begins: time = time(0, 0)
    until: time = time(0, 0)
    """Not in it any more; equal to ``begins`` means the whole day."""
    zone: str = "UTC"
    inverted: bool = False
    """Every time but this."""

    def holds(self, moment: datetime) -> bool:
        """Tell whether a moment lies in it."""
        return self._within(moment.astimezone(ZoneInfo(self.zone))) is not self.inverted

    def _within(self, local: datetime) -> bool:
        clock, day = local.time(), local.weekday()
        if self.begins == self.until:
            return day in self.days
        if self.begins < self.until:
            return day in self.days and self.begins <= clock < self.until
        if clock >= self.begins:
            return day in self.days
        return clock < self.until and (day - 1) % 7 in self.days

    def spelled(self) -> Json:
        """Spell it, for the policy's digest."""
        return [
            list(self.days),
            self.begins.isoformat(),
            self.until.isoformat(),
            self.zone,
            self.inverted,
        ]


def read_window(place: Located) -> Window:
    """Read one entry of a rule's ``times``."""
    fields = place.fields(("days", "from", "until", "zone", "not"))
    if not fields:
        place.wrong("say when, such as {days: mon-fri, from: '08:00', until: '18:00'}")
    zone = fields["zone"].text() if "zone" in fields else "UTC"
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        fields["zone"].wrong(f"{zone!r} is no time zone; write one such as 'Europe/Berlin'")
    inverted = fields["not"].scalar() if "not" in fields else False
    if not isinstance(inverted, bool):
        fields["not"].wrong("write `not: true` for every time but this")
    return Window(
        days=_days(fields["days"]) if "days" in fields else tuple(range(7)),
        begins=_clock(fields["from"]) if "from" in fields else time(0, 0),
        until=_clock(fields["until"]) if "until" in fields else time(0, 0),
        zone=zone,
        inverted=inverted,
    )


def _days(place: Located) -> tuple[int, ...]:
    found: list[int] = []
    for word in place.texts():
        ends = [one.strip().lower()[:3] for one in word.split("-")]
        if len(ends) > 2 or any(end not in _DAYS for end in ends):
            place.wrong(f"{word!r} are no days; write mon, or mon-fri, or [sat, sun]")
        first, last = _DAYS.index(ends[0]), _DAYS.index(ends[-1])
        found += [(first + step) % 7 for step in range((last - first) % 7 + 1)]
    return tuple(sorted(set(found)))


def _clock(place: Located) -> time:
    raw = place.node.value if isinstance(place.node.value, str) else ""
    if re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", raw) is None:
        place.wrong("write a time of day as '08:00'")
    hours, minutes = raw.split(":")
    return time(int(hours), int(minutes))
