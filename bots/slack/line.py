"""The courier's line to Slack: calls at Slack's pace, and looking back at what was said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

from bots.slack.address import Address
from bots.slack.api import CallError, SlackApi
from bots.slack.identity import read_identity
from bots.slack.payload import Payload
from bots.slack.rate import RateGate
from bots.slack.speaking import speaking_for
from runtime.domain.errors import Refused, Upstream
from runtime.domain.json import Json

_PATIENCE_SECONDS = 1.5
_PAGE = 200
_MOST_PAGES = 25


class Line:
    """One process's calls on behalf of deliveries."""

    def __init__(self, api: SlackApi, gate: RateGate) -> None:
        self.api = api
        self._gate = gate
        self._bot_ids: dict[str, str] = {}

    async def paced(
        self,
        method: str,
        address: Address,
        said: Mapping[str, Json],
        *,
        urgent: bool = True,
        patience_seconds: float = _PATIENCE_SECONDS,
    ) -> Payload:
        """Call a method when Slack's pace allows it.

        Raises:
            CallError: Slack refused, or nobody knows.
            Upstream: it would be too long a wait; nothing was called.
        """
        wait = self._gate.admit(
            method,
            team=address.team,
            channel=address.channel,
            patience_seconds=patience_seconds,
            urgent=urgent,
        )
        if wait > patience_seconds:
            raise Upstream(
                "Slack's pace is used up for the moment; it is sent a little later",
                retry_after_seconds=wait,
                ambiguous=False,
            )
        if wait > 0:
            await asyncio.sleep(wait)
        try:
            return await self.api.call(method, **said)
        except CallError as fault:
            if fault.retry_after_seconds is not None:
                self._gate.close(method, team=address.team, seconds=fault.retry_after_seconds)
            raise

    async def own_messages(self, address: Address) -> AsyncIterator[Payload]:
        """Give the bot's own messages in a thread, or of a channel from its newest back.

        Raises:
            CallError: Slack does not show them.
            Upstream: the thread is too long to be read to its end.
        """
        bot_id = await self._own_bot_id()
        cursor = ""
        for _ in range(_MOST_PAGES):
            page = await self._page(address, cursor)
            for message in page.items("messages"):
                if message.text("bot_id") == bot_id:
                    yield message
            cursor = page.text("response_metadata", "next_cursor")
            if not cursor:
                return
        if address.thread_ts:
            raise Upstream(
                "this Slack thread is too long to be searched for a message that may be there",
                ambiguous=True,
            )
        # A channel is read from its newest message back; what we posted was not that long ago.

    async def _page(self, address: Address, cursor: str) -> Payload:
        if address.thread_ts:
            return await self.api.call(
                "conversations.replies",
                channel=address.channel,
                ts=address.thread_ts,
                include_all_metadata=True,
                limit=_PAGE,
                cursor=cursor or None,
            )
        return await self.api.call(
            "conversations.history",
            channel=address.channel,
            include_all_metadata=True,
            limit=_PAGE,
            cursor=cursor or None,
        )

    async def _own_bot_id(self) -> str:
        workspace = speaking_for().workspace
        if workspace not in self._bot_ids:
            identity = read_identity(await self.api.call("auth.test"))
            if identity is None or not identity.bot_id:
                raise Refused("SLACK_BOT_TOKEN is not a bot's token: set the one with xoxb-")
            self._bot_ids[workspace] = identity.bot_id
        return self._bot_ids[workspace]
