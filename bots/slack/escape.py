"""Untrusted text, made harmless for each of Slack's text formats.

A text passes three gates in this order: ``prose`` (nothing hidden), the format's own escaping,
and a clip that never cuts an entity.
"""

from __future__ import annotations

import re

from bots.spelling import cut, prose

UNLIMITED = 2**31
_CUT = "…"
_ENTITY_TAIL = re.compile(r"&(?:a|am|amp|l|lt|g|gt)?$")
_LIVE = re.compile(r"(?<=<)(?=[@!#]|[A-Za-z][A-Za-z0-9+.\-]*:)")
_ANGLES = str.maketrans({"<": "‹", ">": "›"})


def mrkdwn(text: str, *, limit: int) -> str:
    """Escape for mrkdwn and for the top-level ``text``; 1 to ``limit`` characters."""
    escaped = prose(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _clip_escaped(escaped, limit) or "–"


def markdown(text: str, *, limit: int) -> str:
    """Escape for a ``markdown`` block; at most ``limit`` characters.

    ``&`` stays, since an entity there would break the query of a link; Slack reads ``<…>`` tokens
    in these blocks, and does not read them out of entities.
    """
    return _clip_escaped(prose(text).replace("<", "&lt;").replace(">", "&gt;"), limit) or "–"


def plain(text: str, *, limit: int) -> str:
    """Fit one line of ``plain_text``: no line ends, no angle brackets, at most ``limit``."""
    one_line = " ".join(prose(text).split())
    return cut(one_line.translate(_ANGLES), limit) or "–"


def leaves(text: str) -> list[str]:
    """Cut text for neighbouring ``rich_text`` leaves, which together read exactly as ``text``.

    Slack parses nothing inside a leaf. The cut behind the bracket of ``<@…`` keeps every single
    string free of tokens as well, whatever reads the blocks next.
    """
    return [part for part in _LIVE.split(prose(text)) if part]


def _clip_escaped(escaped: str, limit: int) -> str:
    if len(escaped) <= limit:
        return escaped
    return _ENTITY_TAIL.sub("", escaped[: max(limit - 1, 0)]) + _CUT
