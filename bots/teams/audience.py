"""Who is in a conversation, so that a card can name whose clients are to ask for their own view.

Teams lets at most sixty people have a view of their own, and has to be told who they are where
there are more. So those who may decide come first, and whoever is left over sees the card as it
was posted: what they press is judged when they press it, as everybody's is.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bots.teams.connector import CallError, Connector
from bots.teams.people import read_profile
from bots.teams.reference import Reference
from runtime.domain.errors import Upstream

log = logging.getLogger(__name__)

_FRESH_SECONDS = 600.0
_MOST_ROSTERS = 200
_MOST_PAGES = 4
_PATIENCE_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class _Roster:
    people: Mapping[str, str]
    """The connector's id by principal."""
    at: float


class Audience:
    """Reads each roster once in ten minutes, its first two thousand people."""

    def __init__(self, connector: Connector, *, now: Callable[[], float] = time.monotonic) -> None:
        self._connector = connector
        self._now = now
        self._rosters: OrderedDict[str, _Roster] = OrderedDict()

    async def of(self, there: Reference, deciders: frozenset[str]) -> tuple[str, ...]:
        """Give the ids of the people here, those who may decide first.

        Empty where Teams does not tell: then its clients go by their own rule.
        """
        people = await self._people(there)
        return tuple(sorted(people.values(), key=_first(people, deciders)))

    async def _people(self, there: Reference) -> Mapping[str, str]:
        known = self._rosters.get(there.roster)
        if known is not None and self._now() - known.at <= _FRESH_SECONDS:
            return known.people
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                people = await self._read(there)
        except (CallError, Upstream, TimeoutError) as fault:
            # A card is not held up for a list of names.
            log.info("Teams does not tell who is in a conversation: %s", fault)
            return {}
        self._rosters[there.roster] = _Roster(people, self._now())
        self._rosters.move_to_end(there.roster)
        if len(self._rosters) > _MOST_ROSTERS:
            self._rosters.popitem(last=False)
        return people

    async def _read(self, there: Reference) -> Mapping[str, str]:
        people: dict[str, str] = {}
        after = ""
        for _ in range(_MOST_PAGES):
            page = await self._connector.members(there, after=after)
            for one in page.items("members"):
                profile, user_id = read_profile(one), one.identifier("id")
                if profile.object_id and user_id:
                    tenant = profile.tenant or there.tenant
                    people[f"teams:{tenant}/{profile.object_id}"] = user_id
            after = page.text("continuationToken")
            if not after:
                break
        return people


def _first(people: Mapping[str, str], deciders: frozenset[str]) -> Callable[[str], bool]:
    here = {people[one] for one in deciders if one in people}
    return lambda user_id: user_id not in here
