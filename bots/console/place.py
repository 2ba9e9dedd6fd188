"""Who speaks in the console, and in which conversation."""

from __future__ import annotations

import re

from runtime.domain.conversation import Person, Place
from runtime.domain.errors import Refused

_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")

OPERATOR = Person(channel="console", workspace="local", external_id="operator", name="Operator")


def place_of(key: str) -> Place:
    """Give the conversation that a page names; pages choose their own keys.

    Raises:
        Refused: the key is not 1 to 64 letters, digits, ``_`` or ``-``.
    """
    if not _KEY.fullmatch(key):
        raise Refused(
            f"{key[:80]!r} is no conversation's key; use letters, digits, '-' and '_', at most 64"
        )
    return Place(channel="console", workspace="local", key=key, address={})
