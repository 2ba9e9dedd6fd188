"""Text as every database can keep it."""

from __future__ import annotations

_MARK = "\N{REPLACEMENT CHARACTER}"


def storable(text: str) -> str:
    """Give ``text`` with a mark in place of zero bytes and halves of surrogate pairs.

    JSON from outside may hold both; PostgreSQL keeps no zero byte, and UTF-8 has no half pairs.
    """
    if text.isascii():
        return text.replace("\0", _MARK)
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", _MARK)
