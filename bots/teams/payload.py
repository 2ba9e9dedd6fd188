"""An activity's JSON, read without trusting its shape.

The SDK's models lose what matters here (the tenant, unknown entity fields), so everything that
decides who may do what is read from the body as it arrived.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

# GUIDs in truth; local playgrounds make up others. Nothing a principal or a pattern is made of.
_DIRECTORY_ID = re.compile(r"[0-9a-zA-Z-]{1,64}")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_LONGEST_ID = 1_000


@dataclass(frozen=True, slots=True)
class Payload:
    """One value of a payload; what is absent or of another type reads as empty."""

    value: object

    def at(self, *path: str) -> Payload:
        """Go down the path; an empty payload where it ends early."""
        return Payload(self._value(path))

    def text(self, *path: str) -> str:
        """Give the string at the path, or an empty one; what no database stores is replaced."""
        value = self._value(path)
        return _UNSTORABLE.sub("\ufffd", value) if isinstance(value, str) else ""

    def identifier(self, *path: str) -> str:
        """Give the id at the path, or an empty string where it is not fit to be one.

        Teams' ids hold nearly any printable character: ``19:abc@thread.tacv2;messageid=17``.
        """
        value = self.text(*path)
        fit = len(value) <= _LONGEST_ID and value.isascii() and value.isprintable()
        # The one blank that is ASCII and printable.
        return value if fit and " " not in value else ""

    def directory_id(self, *path: str) -> str:
        """Give the id of a person or a tenant in Entra, in lower case, or an empty string."""
        value = self.text(*path)
        return value.lower() if _DIRECTORY_ID.fullmatch(value) else ""

    def whole(self, *path: str) -> int | None:
        """Give the whole number at the path, or None; ``true`` is none."""
        value = self.at(*path).value
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def items(self, *path: str) -> tuple[Payload, ...]:
        """Give the entries of the list at the path."""
        value = self.at(*path).value
        if not isinstance(value, list):
            return ()
        return tuple(Payload(item) for item in cast("list[object]", value))

    def _value(self, path: tuple[str, ...]) -> object:
        value = self.value
        for name in path:
            # Not any mapping: JSON has one kind, and this is asked fifty times an activity.
            if not isinstance(value, dict):
                return None
            value = cast("dict[str, object]", value).get(name)
        return value

    @property
    def empty(self) -> bool:
        """Say whether there is nothing here."""
        return not self.value
