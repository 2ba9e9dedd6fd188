"""Who asks, where, and whom they ask."""

from __future__ import annotations

from dataclasses import dataclass

from bots.door import Door
from runtime.domain.conversation import Person, Place

_PREFIXES = {"slack": "/baton ", "terminal": "baton ", "console": "/"}
_OPERATOR_CHANNELS = frozenset({"console", "terminal"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The circumstances of one command."""

    runtime: Door
    person: Person
    place: Place
    surface: str
    event_key: str | None = None

    @property
    def workspace(self) -> str | None:
        """Limit what may be seen; None for the operator of this machine, who sees all."""
        local = self.person.channel in _OPERATOR_CHANNELS and self.person.workspace == "local"
        return None if local else self.person.workspace

    @property
    def prefix(self) -> str:
        """Give what stands before a verb on this surface, for hints that can be typed as shown."""
        return _PREFIXES.get(self.surface, "")
