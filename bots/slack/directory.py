"""Slack's profiles of people, remembered for minutes."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from bots.slack.api import CallError, SlackApi
from bots.slack.people import Profile, read_profile
from bots.slack.refusals import sorted_error
from bots.slack.speaking import speaking_for
from runtime.domain.errors import Refused

_MOST_PROFILES = 10_000
_GONE = frozenset({"user_not_found", "user_not_visible"})
_STRANGER = Profile(
    team_id="",
    enterprise_id="",
    name="",
    is_bot=False,
    is_guest=False,
    is_stranger=True,
    is_deleted=False,
)
TO_SPEAK_SECONDS = 600.0
TO_DECIDE_SECONDS = 60.0
"""A guest, or somebody who has left, decides nothing a minute after Slack knows it."""


@dataclass(slots=True)
class _Known:
    profile: Profile
    at: float
    told: bool = False
    """The runtime has heard of this address."""


class Directory:
    """Asks ``users.info`` once per person and period."""

    def __init__(self, api: SlackApi, *, now: Callable[[], float] = time.monotonic) -> None:
        self._api = api
        self._now = now
        self._known: OrderedDict[tuple[str, str], _Known] = OrderedDict()

    def remembered(self, user_id: str) -> Profile | None:
        """Give the last known profile, however old; enough to speak, never to decide."""
        known = self._known.get(_key(user_id))
        return known.profile if known is not None else None

    def untold(self, user_id: str) -> Profile | None:
        """Give a profile whose address the runtime has not heard of; None where it has."""
        known = self._known.get(_key(user_id))
        return known.profile if known is not None and not known.told else None

    def told(self, user_id: str) -> None:
        """Remember that the runtime has heard of this account's address."""
        known = self._known.get(_key(user_id))
        if known is not None:
            known.told = True

    async def profile(self, user_id: str, *, max_age_seconds: float) -> Profile:
        """Give a profile that is not older than asked for.

        Raises:
            Upstream: Slack cannot be asked now.
            Refused: Slack will not tell, so nobody knows what this account is.
        """
        known = self._known.get(_key(user_id))
        if known is not None and self._now() - known.at <= max_age_seconds:
            return known.profile
        try:
            profile = read_profile(await self._api.call("users.info", user=user_id))
        except CallError as fault:
            if fault.code not in _GONE:
                raise _unknown(fault) from None
            profile = _STRANGER
        self._known[_key(user_id)] = _Known(profile, self._now())
        self._known.move_to_end(_key(user_id))
        if len(self._known) > _MOST_PROFILES:
            self._known.popitem(last=False)
        return profile


def _key(user_id: str) -> tuple[str, str]:
    # Two installations may be told different things about one account.
    return speaking_for().workspace, user_id


def _unknown(fault: CallError) -> Exception:
    if fault.ambiguous or fault.retry_after_seconds is not None or fault.code == "unreachable":
        return sorted_error(fault)
    return Refused(
        f"Slack does not tell Baton who you are ({fault.code!r}), so nothing was done: an operator "
        "must give the app the scope users:read and install it again"
    )
