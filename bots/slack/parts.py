"""A long text, cut into parts that each fit one message, at places where a reader would pause."""

from __future__ import annotations

from bots.slack.blocks import markdown_block, size
from bots.slack.escape import UNLIMITED, markdown

MARKDOWN_LIMIT = 9_600
"""Characters a ``markdown`` block may hold, of the 12,000 of its message."""

_ROOM = 9_500
"""What such a block may measure, so that files, small print and buttons fit beneath it."""

_SIZES = (9_000, 6_000, 3_000, 1_500, 700, 300)
_PAUSES = ("\n\n", "\n", ". ", " ")
_FENCE = "```"


def split(text: str, *, most: int) -> list[str] | None:
    """Cut a text into at most ``most`` parts; None where it needs more.

    A code block that is cut is closed in one part and opened again in the next.
    """
    parts: list[str] = []
    rest = text
    while rest:
        if len(parts) == most:
            return None
        part = _first(rest)
        rest = rest[len(part) :].lstrip("\n")
        if part.count(_FENCE) % 2 and rest:
            part, rest = f"{part.rstrip()}\n{_FENCE}", f"{_FENCE}\n{rest}"
        parts.append(part)
    return parts or [text]


def _first(text: str) -> str:
    if _fits(text):
        return text
    # Escaping makes hostile text many times longer: the room is found by trying.
    limit = next((one for one in _SIZES if _fits(text[:one])), _SIZES[-1])
    for pause in _PAUSES:
        at = text.rfind(pause, limit // 2, limit)
        if at > 0:
            return text[: at + len(pause)]
    return text[:limit]


def _fits(text: str) -> bool:
    escaped = len(markdown(text, limit=UNLIMITED))
    return escaped <= MARKDOWN_LIMIT and size([markdown_block(text, limit=MARKDOWN_LIMIT)]) <= _ROOM
