"""Leave given in advance: a bounded set of calls of one run that need not be asked about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from runtime.domain.json import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What an argument must be: ``equals``, ``at_most`` or ``at_least`` a value."""

    path: str
    test: str
    value: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One grant. It lets through only what its giver could approve alone at that moment."""

    id: str
    number: int
    run_id: str
    run_number: int
    tool: str
    where: tuple[Bound, ...]
    uses: int
    used: int
    sum_path: str
    """The argument whose values are added up; empty where nothing is."""
    sum_limit: float
    sum_used: float
    given_by: str
    given_by_name: str
    given_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    revoked_by_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A grant as a person asks for it."""

    run: str
    tool: str
    uses: int
    where: tuple[Bound, ...] = ()
    sum_path: str = ""
    sum_limit: float = 0.0
    until: datetime | None = None
