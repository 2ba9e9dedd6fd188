"""A vendor's JSON, read without trusting its shape."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

_ID = re.compile(r"[A-Za-z0-9_\-]{2,64}")
_TS = re.compile(r"[0-9]{1,16}(\.[0-9]{1,16})?")


@dataclass(frozen=True, slots=True)
class Payload:
    """One value of a payload; what is absent or of another type reads as empty."""

    value: object

    def at(self, *path: str) -> Payload:
        """Go down the path; an empty payload where it ends early."""
        value = self.value
        for name in path:
            if not isinstance(value, Mapping):
                return Payload(None)
            value = cast("Mapping[str, object]", value).get(name)
        return Payload(value)

    def text(self, *path: str) -> str:
        """Give the string at the path, or an empty one."""
        value = self.at(*path).value
        return value if isinstance(value, str) else ""

    def identifier(self, *path: str) -> str:
        """Give the id at the path, or an empty string where it is not shaped like one."""
        value = self.text(*path)
        return value if _ID.fullmatch(value) else ""

    def timestamp(self, *path: str) -> str:
        """Give the message timestamp at the path, or an empty string."""
        value = self.text(*path)
        return value if _TS.fullmatch(value) else ""

    def flag(self, *path: str) -> bool:
        """Say whether the path holds ``true``; slash commands spell it as a string."""
        return self.at(*path).value in (True, "true")

    def items(self, *path: str) -> tuple[Payload, ...]:
        """Give the entries of the list at the path."""
        value = self.at(*path).value
        if not isinstance(value, list):
            return ()
        return tuple(Payload(item) for item in cast("list[object]", value))

    @property
    def empty(self) -> bool:
        """Say whether there is nothing here."""
        return not self.value
