"""What the write of a leaf tells about the world beside it, so that nobody asks for it again."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final

_FRESH_SECONDS: Final = 0.1
"""About as long as asking takes at its worst; a handler that did something longer asks anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """How things stood at one commit."""

    halted: bool
    """A halt stands; whether it covers what comes next is not said."""
    last_signal: str
    """The newest signal's id, which sorts by time; empty where the run has none."""
    heard_at: float = field(default_factory=time.monotonic)

    @property
    def fresh(self) -> bool:
        """Tell whether it is as good as asking now."""
        return time.monotonic() - self.heard_at < _FRESH_SECONDS

    def says_no_halt(self) -> bool:
        """Tell whether nothing at all was halted just now."""
        return self.fresh and not self.halted

    def says_nothing_after(self, signal: str) -> bool:
        """Tell whether nothing had been said after a signal just now."""
        return self.fresh and self.last_signal <= signal
