"""Somebody's own chat with the bot, known from the first time they do anything in Slack.

It is where an approval goes that cannot be shown elsewhere any more, such as one that was asked
about in another chat. Nothing waits for it, and what fails is done with the next deed.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict

from bots.bridge import Bridge
from bots.door import Door
from bots.slack.address import own_chat
from bots.slack.api import CallError, SlackApi
from bots.slack.identity import Installation
from bots.slack.trouble import spell_trouble
from runtime.domain.conversation import Person, PersonKind

log = logging.getLogger(__name__)

_MOST_PEOPLE = 10_000
_MOST_AT_ONCE = 20


class Reachable:
    """Opens each person's chat once in the life of a process."""

    def __init__(self, api: SlackApi, runtime: Door, bridge: Bridge) -> None:
        self._api = api
        self._runtime = runtime
        self._bridge = bridge
        self._known: OrderedDict[str, None] = OrderedDict()
        self._opening: set[asyncio.Task[None]] = set()

    def note(self, person: Person, installation: Installation) -> None:
        """See to it, soon, that this person can be written to."""
        principal = person.principal
        if person.kind is not PersonKind.MEMBER or principal in self._known:
            return
        if len(self._opening) >= _MOST_AT_ONCE:
            return
        self._known[principal] = None
        if len(self._known) > _MOST_PEOPLE:
            self._known.popitem(last=False)
        task = asyncio.get_running_loop().create_task(self._open(person, installation))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def close(self) -> None:
        """Wait for what is being opened."""
        if self._opening:
            await asyncio.wait(self._opening, timeout=5)

    async def open(self, person: Person, installation: Installation) -> None:
        """See to it now; where Slack does not let, nobody is told."""
        await self._open(person, installation)

    async def _open(self, person: Person, installation: Installation) -> None:
        try:
            opened = await self._api.call("conversations.open", users=person.external_id)
            channel = opened.identifier("channel", "id")
            if channel:
                there = own_chat(installation, channel=channel, user=person.external_id)
                await self._bridge(self._runtime.keep_surface, person, there, own=True)
        except CallError as fault:
            self._known.pop(person.principal, None)
            log.info("somebody's own chat is opened later: %s", fault.code)
        except Exception as error:
            # Nothing was promised to anybody: it is tried again with their next deed.
            self._known.pop(person.principal, None)
            log.warning("somebody's own chat is not kept yet: %s", spell_trouble(error))
