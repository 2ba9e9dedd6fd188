"""How values are spelled for people: nothing hidden, nothing ambiguous, nothing as markup."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime

from runtime.domain.json import Json
from runtime.policy.eligibility import all_in_words

ARGUMENT_LIMIT = 1_500
"""Characters of one argument on a card; what is longer must be opened before it is approved."""

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters and marks by category, yet drawn as nothing at all.
_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
# Emoji are joined and coloured by these; in prose they deceive nobody.
_HARMLESS_IN_PROSE = frozenset("\u200d\ufe0e\ufe0f\xad\ufeff\u200b")


def exact(text: str) -> str:
    """Make every character visible that a reader could miss or be misled by: ``\\u202e``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(char) if _deceives(char) else char for char in text)


def prose(text: str) -> str:
    """Make readable text safe: controls and direction marks become visible, emoji stay whole."""
    text = text.replace("\r\n", "\n")
    # What Python calls printable is in none of the hidden categories, and is told much faster.
    if text.replace("\n", " ").replace("\t", " ").isprintable():
        return text
    return "".join(
        _escape(char)
        if unicodedata.category(char) in _HIDDEN_CATEGORIES
        and char not in "\n\t"
        and char not in _HARMLESS_IN_PROSE
        else char
        for char in text
    )


def spell(value: Json) -> str:
    """Spell one argument so that different values never look alike.

    Ordinary text stands as it is. Text that could be taken for another JSON value, holds a
    backslash, or begins or ends with space is quoted, so a backslash outside quotes is always
    ours.
    """
    if isinstance(value, str):
        return exact(value) if _is_ordinary(value) else exact(_dump(value))
    flat = _dump(value)
    if len(flat) <= 80:
        return exact(flat)
    return exact(json.dumps(value, sort_keys=True, ensure_ascii=False, indent=2))


def cut(text: str, limit: int) -> str:
    """Shorten to ``limit`` characters, the last one an ellipsis where something is missing."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def one_line(text: str, limit: int = 120) -> str:
    """Give text as one short line, for lists."""
    return cut(" ".join(prose(text).split()), limit)


def deciders(eligible: Sequence[str]) -> str:
    """Say whom a stage of the policy lets decide; empty where it names nobody."""
    named = all_in_words(eligible)
    left_out = all_in_words([one[1:] for one in eligible if one.startswith("!")])
    return f"{named}, but not {left_out}" if named and left_out else named


def duration(seconds: float) -> str:
    """Spell a time span in its two largest units: ``2 min 3 s``; ``<1 s`` for a moment."""
    whole = max(0, int(seconds))
    if 0 < seconds < 1:
        return "<1 s"
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def money(usd: float) -> str:
    """Spell dollars; small amounts keep four decimals because model calls are cheap."""
    return f"${usd:.2f}" if usd == 0 or usd >= 1 else f"${usd:.4f}"


def clock(moment: datetime) -> str:
    """Spell the time of day in UTC: ``14:02 UTC``."""
    return moment.astimezone(UTC).strftime("%H:%M UTC")


def plural(count: int, noun: str) -> str:
    """Spell a count: ``1 step``, ``3 steps``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _dump(value: Json) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _is_ordinary(text: str) -> bool:
    if not text or text != text.strip() or "\\" in text:
        return False
    try:
        json.loads(text)
    except ValueError:
        return True
    return False


def _deceives(char: str) -> bool:
    if char in " \n\t":
        return False
    category = unicodedata.category(char)
    return (
        category in _HIDDEN_CATEGORIES
        or category == "Zs"
        or char in _BLANKS
        or 0xFE00 <= ord(char) <= 0xFE0F
        or 0xE0100 <= ord(char) <= 0xE01EF
    )


def _escape(char: str) -> str:
    point = ord(char)
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"
