"""Words of the moment: replies to commands, and what only one person is told."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from functools import partial

from bots.teams.answer_card import draw_copy, draw_reply, draw_welcome
from bots.teams.connector import CallError, Connector
from bots.teams.pace import Pace
from bots.teams.reference import PERSONAL, Reference
from bots.teams.refusals import GONE
from runtime.domain.errors import Upstream
from runtime.domain.json import JsonObject

log = logging.getLogger(__name__)

_MOST_AT_ONCE = 200
_MOST_CHATS = 10_000
_TURNED_AWAY = frozenset({412, 429, 503})
_PATIENCE_SECONDS = 15.0
"""What comes later than this answers nobody any more."""


class Whisper:
    """Says things after the request is answered, so that no answer waits for Teams.

    What is lost with the process is lost: nothing said here changes anything. It keeps to Teams'
    pace: where somebody asks faster than a bot may answer, answers wait, and the last are not said.
    """

    def __init__(self, connector: Connector, *, pace: Pace | None = None) -> None:
        self._connector = connector
        self._pace = pace or Pace()
        self._saying: set[asyncio.Task[None]] = set()
        self._chats: OrderedDict[tuple[str, str], str] = OrderedDict()

    def reply(self, there: Reference, text: str) -> None:
        """Say something where it was asked."""
        self.soon(self._reply(there, text))

    def show(self, there: Reference, activity: JsonObject) -> None:
        """Show a card where it was asked for."""
        self.soon(self._say(there, activity))

    def aside(self, user_id: str, there: Reference, text: str) -> None:
        """Say something where it was asked, to one person alone."""
        self.soon(self._aside(user_id, there, draw_reply(text).activity, text))

    def show_aside(self, user_id: str, there: Reference, activity: JsonObject, text: str) -> None:
        """Show a card where it was asked for, to one person alone; ``text`` where it cannot be."""
        self.soon(self._aside(user_id, there, activity, text))

    def welcome(self, there: Reference) -> None:
        """Say what Baton is, where it was added."""
        self.soon(self._say(there, draw_welcome().activity))

    def tell(self, user_id: str, there: Reference, text: str) -> None:
        """Tell one person something in their own chat with the bot."""
        self.soon(self._tell(user_id, there, text))

    def put(self, there: Reference, message_id: str, activity: JsonObject) -> None:
        """Put the present card into a message whose id a click has just told."""
        self.soon(self._paced(there, partial(self._connector.put, there, message_id, activity)))

    def put_aside(self, there: Reference, message_id: str, activity: JsonObject) -> None:
        """Put the present card into a message that one person alone sees."""
        self.soon(self._paced(there, partial(self._connector.put_to, there, message_id, activity)))

    def remove(self, there: Reference, message_id: str) -> None:
        """Take back a question that was answered."""
        self.soon(self._paced(there, partial(self._connector.delete, there, message_id)))

    def withdraw(self, there: Reference, message_id: str) -> None:
        """Take back a copy of a message; where that cannot be, let it say that it is one."""
        self.soon(self._withdraw(there, message_id))

    async def close(self) -> None:
        """Wait for what is being said."""
        if self._saying:
            await asyncio.wait(self._saying, timeout=5)

    def soon(self, saying: Coroutine[None, None, object]) -> None:
        """Do something after the request is answered."""
        if len(self._saying) >= _MOST_AT_ONCE:
            saying.close()
            log.warning("a reply was dropped: Teams is too slow")
            return
        task = asyncio.get_running_loop().create_task(_quietly(saying))
        self._saying.add(task)
        task.add_done_callback(self._saying.discard)

    async def _paced(self, there: Reference, say: Callable[[], Awaitable[object]]) -> None:
        """Say something in its turn, and again where Teams has certainly not taken it."""
        await self._take_place(there)
        try:
            await say()
        except CallError as fault:
            if fault.status not in _TURNED_AWAY:
                raise
            self._pace.close(there.conversation, seconds=fault.retry_after_seconds or 1.0)
            await self._take_place(there)
            await say()

    async def _take_place(self, there: Reference) -> None:
        wait = self._pace.admit(
            tenant=there.tenant,
            conversation=there.conversation,
            patience_seconds=_PATIENCE_SECONDS,
        )
        if wait > _PATIENCE_SECONDS:
            raise CallError("pace_used_up", retry_after_seconds=wait)
        await asyncio.sleep(wait)

    async def _reply(self, there: Reference, text: str) -> None:
        await self._say(there, draw_reply(text).activity)

    async def _say(self, there: Reference, activity: JsonObject) -> None:
        await self._paced(there, partial(self._connector.post, there, activity))

    async def _aside(self, user_id: str, there: Reference, activity: JsonObject, text: str) -> None:
        try:
            await self._paced(there, partial(self._connector.post_to, there, user_id, activity))
        except CallError as fault:
            if fault.ambiguous or fault.retry_after_seconds is not None:
                raise
            # Not every client and conversation takes messages for one of many.
            log.info("a private reply goes into the own chat: %s", fault.code)
            await self._tell(user_id, there, text)

    async def _withdraw(self, there: Reference, message_id: str) -> None:
        try:
            await self._paced(there, partial(self._connector.delete, there, message_id))
        except CallError as fault:
            if fault.status == GONE:
                return
            log.info("a copy of a message could not be taken back: %s", fault.code)
            copy = draw_copy().activity
            await self._paced(there, partial(self._connector.put, there, message_id, copy))

    async def _tell(self, user_id: str, there: Reference, text: str) -> None:
        if not there.personal:
            there = replace(there, conversation=await self._chat(user_id, there), kind=PERSONAL)
        await self._reply(there, text)

    async def _chat(self, user_id: str, there: Reference) -> str:
        key = (there.tenant, user_id)
        if key not in self._chats:
            self._chats[key] = await self._connector.open_personal(there, user_id)
            if len(self._chats) > _MOST_CHATS:
                self._chats.popitem(last=False)
        return self._chats[key]


async def _quietly(saying: Coroutine[None, None, object]) -> None:
    try:
        await saying
    except (CallError, Upstream) as fault:
        log.info("a reply was lost: %s", fault)
