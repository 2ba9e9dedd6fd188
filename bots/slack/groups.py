"""Who is in a user group: asked of Slack, remembered for a minute, never guessed.

``usergroups.users.list`` may be asked twenty times a minute, so one answer serves everybody who
clicks meanwhile. https://docs.slack.dev/reference/methods/usergroups.users.list
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import replace

from bots.slack.api import CallError, SlackApi
from bots.slack.refusals import sorted_error
from bots.slack.speaking import speaking_for
from runtime.domain.approval import Approval
from runtime.domain.conversation import Person
from runtime.domain.errors import Refused
from runtime.domain.run import OpenQuestion

log = logging.getLogger(__name__)

_FRESH_SECONDS = 60.0
"""As long as a profile counts for a decision: who has left a group decides nothing after it."""
_MOST_GROUPS = 1_000
_GONE = "no_such_subteam"


class Groups:
    """Asks once per group and minute."""

    def __init__(self, api: SlackApi, *, now: Callable[[], float] = time.monotonic) -> None:
        self._api = api
        self._now = now
        self._asking = asyncio.Lock()
        self._known: OrderedDict[tuple[str, str], tuple[float, frozenset[str]]] = OrderedDict()

    async def with_groups(
        self, person: Person, asking: Iterable[Approval | OpenQuestion]
    ) -> Person:
        """Give a person with those groups that these ask for and the person is in.

        Who may decide by name is not looked up: Slack need not answer for them.

        Raises:
            Upstream: Slack cannot be asked; nobody is taken for a member on a guess.
            Refused: Slack will not tell.
        """
        wanted = {
            group
            for one in asking
            if not set(person.principals) & set(one.eligible_people)
            for group in one.eligible_groups
        }
        return await self.in_groups(person, wanted)

    async def in_groups(self, person: Person, groups: Iterable[str]) -> Person:
        """Give a person with those of some groups that they are in. Raises as ``with_groups``."""
        ours = f"{person.channel}:{person.workspace}/"
        theirs = [
            group
            for group in sorted(groups)
            if group.startswith(ours)
            and person.external_id in await self.members(group.removeprefix(ours))
        ]
        return replace(person, groups=tuple(theirs)) if theirs else person

    async def members(self, group: str) -> frozenset[str]:
        """Give the accounts in a group; none where it is gone. Raises as ``with_groups``."""
        async with self._asking:
            known = self._known.get(_key(group))
            if known is not None and self._now() - known[0] <= _FRESH_SECONDS:
                return known[1]
            members = await self._ask(group)
            self._known[_key(group)] = (self._now(), members)
            self._known.move_to_end(_key(group))
            if len(self._known) > _MOST_GROUPS:
                self._known.popitem(last=False)
            return members

    async def _ask(self, group: str) -> frozenset[str]:
        there = speaking_for()
        # Only the token of a whole organisation needs to be told which workspace is meant.
        team = there.team_id if there.enterprise_id else ""
        try:
            answer = await self._api.call(
                "usergroups.users.list", usergroup=group, team_id=team or None
            )
        except CallError as fault:
            if fault.code == _GONE:
                return frozenset()
            log.warning("Slack did not say who is in a user group: %s", fault.code)
            if fault.ambiguous or fault.retry_after_seconds is not None:
                raise sorted_error(fault) from None
            raise Refused(
                f"Slack does not tell Baton who is in the group that may decide this "
                f"({fault.code!r}), so nothing was done: an operator must give the app the scope "
                "usergroups:read and install it again"
            ) from None
        return frozenset(one.value for one in answer.items("users") if isinstance(one.value, str))


def _key(group: str) -> tuple[str, str]:
    return speaking_for().workspace, group
