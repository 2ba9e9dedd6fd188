"""Times as people type them: ``for 3d``, ``until 2026-12-24``, ``until 2026-12-24 18:00``."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from bots.commands.usage import NotUnderstood
from runtime.policy.duration import seconds_of

_FOR = re.compile(r"\bfor\s+(\S+)", re.IGNORECASE)
_UNTIL = re.compile(r"\buntil\s+(\d{4}-\d{2}-\d{2}(?:[T ]\d{1,2}:\d{2}Z?)?|\S+)", re.IGNORECASE)


def take_moment(text: str, *, now: datetime) -> tuple[datetime | None, str]:
    """Take the time out of a line; give it in UTC, None where none is said, and what is left.

    A day alone means its end.
    """
    if match := _UNTIL.search(text):
        return _until(match.group(1)), _without(text, match)
    if match := _FOR.search(text):
        seconds = seconds_of(match.group(1).lower())
        if seconds is None:
            raise NotUnderstood(f"{match.group(1)!r} is no duration; write one such as 12h or 3d")
        return now + timedelta(seconds=seconds), _without(text, match)
    return None, text.strip()


def _until(word: str) -> datetime:
    try:
        moment = datetime.fromisoformat(word.replace(" ", "T").removesuffix("Z"))
    except ValueError:
        raise NotUnderstood(
            f"{word!r} is no time; write until 2026-12-24, or until 2026-12-24T18:00 in UTC"
        ) from None
    if len(word) == len("2026-12-24"):
        moment += timedelta(days=1)
    return moment.replace(tzinfo=UTC)


def _without(text: str, match: re.Match[str]) -> str:
    return f"{text[: match.start()]} {text[match.end() :]}".strip()
