"""What concerns one person: the page they open to see where they stand."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.domain.approval import Approval
from runtime.domain.run import RunLine
from runtime.domain.step import Cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Mine:
    """Read in one go, newest first in every part."""

    waiting: tuple[Approval, ...]
    """What this person may decide now, oldest first: whoever waits longest comes first."""
    decided: tuple[Approval, ...]
    """What they decided last."""
    running: tuple[RunLine, ...]
    """Their runs that have not ended."""
    finished: tuple[RunLine, ...]
    spent_this_week: Cost
    """By their runs of the last seven days."""
    hidden: str
    """Which grant they lack to be shown their runs, in words for them; empty with it."""
    nudges: bool
    """They want to be written to directly when something waits for them."""
