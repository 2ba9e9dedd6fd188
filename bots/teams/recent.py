"""What was taken a moment ago, so that a second delivery is not answered a second time."""

from __future__ import annotations

from collections import OrderedDict

_MOST = 10_000


class Recent:
    """Of this process, and only for words: what changes anything is kept once by the database."""

    def __init__(self) -> None:
        self._keys: OrderedDict[str, None] = OrderedDict()

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def add(self, key: str) -> None:
        """Remember a key that took effect."""
        self._keys[key] = None
        if len(self._keys) > _MOST:
            self._keys.popitem(last=False)
