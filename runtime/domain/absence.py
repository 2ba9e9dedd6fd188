"""Somebody is away, or has handed their decisions to somebody else for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """What one person said about their own decisions."""

    id: str
    principal: str
    name: str
    delegate: str | None
    """Who decides for them; what that person may not decide for other reasons stays so."""
    away: bool
    """They are not to be asked or counted on meanwhile; they may still decide."""
    begins_at: datetime
    until_at: datetime | None
    """Until they say otherwise where it is None."""
