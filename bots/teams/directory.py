"""Teams' rosters: what kind of account somebody has, remembered for minutes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bots.teams.connector import CallError, Connector
from bots.teams.people import Claim, Profile, person, read_profile
from bots.teams.reference import Reference
from bots.teams.refusals import sorted_error
from runtime.domain.conversation import Person, PersonKind
from runtime.domain.errors import Refused, Upstream

log = logging.getLogger(__name__)

OUTSIDER = (
    "Baton works for members of the organisation that installed it. Ask a member to do this for "
    "you."
)
_MOST_PROFILES = 10_000
_PATIENCE_SECONDS = 4.0
"""Teams waits some five seconds for the answer to a press."""
TO_SPEAK_SECONDS = 600.0
TO_DECIDE_SECONDS = 60.0
"""A guest, or somebody who has left, decides nothing a minute after Teams knows it."""


Vouch = Callable[[Person, str], Awaitable[None]]


@dataclass(slots=True)
class _Known:
    profile: Profile
    at: float
    told: bool = False
    """The runtime has heard of this address."""


class Directory:
    """Asks the roster once per person, place and period."""

    def __init__(
        self,
        connector: Connector,
        *,
        loopback: bool,
        vouch: Vouch | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """``vouch`` is told a member's address whenever the roster has been asked."""
        self._vouch = vouch
        self._connector = connector
        self._loopback = loopback
        self._now = now
        self._known: OrderedDict[tuple[str, str], _Known] = OrderedDict()

    async def speaker(self, claim: Claim, there: Reference) -> Person:
        """Give who says something; what Teams said last counts while it cannot be asked.

        Raises:
            Upstream: Teams cannot be asked now, and never was; the activity comes again.
            Refused: a bot, a guest, an outsider, or somebody whom the roster does not know.
        """
        try:
            profile = await self._profile(claim, there, max_age_seconds=TO_SPEAK_SECONDS)
        except Upstream:
            known = self._known.get((there.roster, claim.user_id))
            if known is None:
                raise
            profile = known.profile
        return await self._found(claim, profile, there)

    async def decider(self, claim: Claim, there: Reference) -> Person:
        """Give who decides or commands something, checked with Teams.

        Raises:
            Upstream: Teams cannot be asked now; nothing may be decided on a guess.
            Refused: as above.
        """
        profile = await self._profile(claim, there, max_age_seconds=TO_DECIDE_SECONDS)
        return await self._found(claim, profile, there)

    async def _found(self, claim: Claim, profile: Profile | None, there: Reference) -> Person:
        found = _member(claim, profile, there)
        known = self._known.get((there.roster, claim.user_id))
        if self._vouch is not None and known is not None and not known.told:
            await self._vouch(found, known.profile.email)
            known.told = True
        return found

    async def _profile(
        self, claim: Claim, there: Reference, *, max_age_seconds: float
    ) -> Profile | None:
        # Refused by what the envelope says alone: Teams need not be asked about them.
        _member(claim, None, there)
        key = (there.roster, claim.user_id)
        known = self._known.get(key)
        if known is not None and self._now() - known.at <= max_age_seconds:
            return known.profile
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                profile = read_profile(await self._connector.member(there, claim.user_id))
        except (CallError, Upstream, TimeoutError) as fault:
            if self._loopback:
                # Whoever reaches this door sits at this machine and may write what they like; a
                # playground without rosters is enough for them.
                log.info("the local connector tells nothing about people: %s", fault)
                return None
            raise _unknown(fault) from None
        self._known[key] = _Known(profile, self._now())
        self._known.move_to_end(key)
        if len(self._known) > _MOST_PROFILES:
            self._known.popitem(last=False)
        return profile


def _member(claim: Claim, profile: Profile | None, there: Reference) -> Person:
    found = person(claim, profile, home=there.tenant)
    match found.kind:
        case PersonKind.BOT:
            raise Refused("Baton works for people only")
        case PersonKind.EXTERNAL:
            raise Refused(OUTSIDER)
        case PersonKind.GUEST:
            raise Refused("guest accounts may not use Baton here; ask a member of the organisation")
        case PersonKind.MEMBER:
            return found


def _unknown(fault: CallError | Upstream | TimeoutError) -> Refused | Upstream:
    if isinstance(fault, TimeoutError):
        return Upstream("Teams does not say who you are at this moment; try again", ambiguous=False)
    if isinstance(fault, Upstream):
        return fault
    if fault.status in (403, 404):
        return Refused("Teams does not know you as a member of this conversation; nothing was done")
    error = sorted_error(fault)
    return error if isinstance(error, Upstream) else Upstream(error.public, ambiguous=False)
