"""What the words of a stage stand for in one approval."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

GROUP: Final = "group:"
"""What an entry begins with that names a group of a chat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The people around one call, and the moment it is looked at."""

    requester: str
    thread_owner: str = ""
    kept_out: tuple[str, ...] = ()
    """Those who changed the arguments: somebody else must agree to that."""
    added: tuple[str, ...] = ()
    """Whom escalation has added; the same words as in a stage."""
    at: datetime | None = None
    """Decides who is on call; nobody is where it is not known."""
