"""How long what is stored about runs and people is kept, class by class."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Part(StrEnum):
    """What is removed of a run that has ended, each in its own time; the run itself stays."""

    TRANSCRIPT = "transcript"
    """What its agents were given and gave back, step by step."""
    FILES = "files"
    WORDS = "words"
    """What people wrote, the answer, its steps, and what was asked and posted about it."""


class Kept(StrEnum):
    """How much is left of a part of a run; once ``GOING``, nothing relies on it any more."""

    KEPT = "kept"
    GOING = "going"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """How long each class is kept; None is until somebody says otherwise."""

    transcript: timedelta | None = None
    """Of runs, counted from their end; so are ``files`` and ``words``."""
    files: timedelta | None = None
    words: timedelta | None = None
    memories: timedelta | None = None
    """Counted from when a fact was last said."""
    events: timedelta | None = None
    """Counted from when an event came in."""

    def of(self, part: Part) -> timedelta | None:
        """Give the period of a part of a run."""
        return {Part.TRANSCRIPT: self.transcript, Part.FILES: self.files, Part.WORDS: self.words}[
            part
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """One class of data: how long it is kept, and what its time has come for."""

    name: str
    holds: str
    period: timedelta | None
    due: int
    """As many runs, facts or events go with the next sweeps."""
    next_at: datetime | None
    """When the oldest of what is left goes; None where nothing will."""
