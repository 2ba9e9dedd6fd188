"""The head of the audit's log: how long it is and what it holds, in one signed hash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeHead:
    """Whoever has one can tell whether a log that he is shown later still begins with this one."""

    size: int
    """How many records the log held."""
    root: str
    """Hash of the tree over them, 64 hexadecimal digits."""
    at: datetime
    key: str
    """The public key it is signed with, 64 hexadecimal digits."""
    signature: str
