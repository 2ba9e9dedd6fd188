"""Speaking in Slack: posts, updates, and finding what an interrupted post left behind."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from bots.slack.api import CallError, SlackApi
from bots.slack.credentials import SlackCredentials
from bots.slack.drawn import Drawn
from bots.slack.identity import read_identity
from bots.slack.payload import Payload
from bots.slack.rate import RateGate
from bots.slack.refusals import REPOST, TOO_LARGE, sorted_error
from bots.slack.rendering import METADATA_TYPE, draw, metadata
from bots.views import Shown
from runtime.domain.delivery import Delivery
from runtime.domain.errors import Refused, Upstream
from runtime.domain.json import Json

log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 1.5
_PAGE = 200
_MOST_PAGES = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class _Address:
    channel: str
    thread_ts: str
    team: str


class SlackChannel:
    """Implements ``bots.channel.Channel``. A message's id is its ``ts`` in the place's channel.

    Slack has no idempotency key for posts, so every message carries the delivery's id as metadata
    and ``find`` looks for it: https://github.com/slackapi/slack-api-specs/issues/10.
    """

    def __init__(
        self,
        credentials: SlackCredentials,
        *,
        api: SlackApi | None = None,
        gate: RateGate | None = None,
    ) -> None:
        credentials.require_posting()
        self._api = api or SlackApi(credentials)
        self._gate = gate or RateGate()
        self._bot_id = ""

    @property
    def name(self) -> str:
        """Give the name that places carry."""
        return "slack"

    async def send(self, delivery: Delivery, shown: Shown) -> str:
        """Post into the place's thread, or update the message that is there already."""
        address = _address(delivery)
        drawn = draw(shown)
        if not drawn.fits:
            drawn = _words_only(drawn)
        try:
            return await self._say(delivery, address, drawn)
        except CallError as fault:
            if fault.code not in TOO_LARGE:
                raise sorted_error(fault) from None
            # Nobody may wait for a card that Slack will never show: its words get through.
            log.error("Slack refused the card of delivery %s: %s", delivery.id, fault.code)
        try:
            return await self._say(delivery, address, _words_only(drawn))
        except CallError as fault:
            raise sorted_error(fault) from None

    async def find(self, delivery: Delivery) -> str | None:
        """Look through the thread for the bot's own message with this delivery's id."""
        address = _address(delivery)
        cursor = ""
        try:
            bot_id = await self._own_bot_id()
            for _ in range(_MOST_PAGES):
                page = await self._page(address, cursor)
                for message in page.items("messages"):
                    if _is_marked(message, bot_id=bot_id, delivery_id=delivery.id):
                        return message.timestamp("ts")
                cursor = page.text("response_metadata", "next_cursor")
                if not cursor:
                    return None
        except CallError as fault:
            if fault.code == "thread_not_found":
                return None
            raise sorted_error(fault) from None
        if not address.thread_ts:
            # A channel is read from its newest message back; what we posted was not that long ago.
            return None
        raise Upstream(
            "this Slack thread is too long to be searched for a message that may be there",
            ambiguous=True,
        )

    async def close(self) -> None:
        """Close the connections to Slack."""
        await self._api.close()

    async def _say(self, delivery: Delivery, address: _Address, drawn: Drawn) -> str:
        said: dict[str, Json] = {
            "channel": address.channel,
            "text": drawn.text,
            "blocks": drawn.blocks,
            "metadata": metadata(delivery),
        }
        if delivery.external_id is not None:
            try:
                answer = await self._paced(
                    "chat.update", address, {**said, "ts": delivery.external_id}
                )
            except CallError as fault:
                if fault.code not in REPOST:
                    raise
                log.info("delivery %s is posted anew: %s", delivery.id, fault.code)
            else:
                return answer.timestamp("ts") or delivery.external_id
        answer = await self._paced(
            "chat.postMessage",
            address,
            {
                **said,
                "thread_ts": address.thread_ts or None,
                "unfurl_links": False,
                "unfurl_media": False,
            },
        )
        ts = answer.timestamp("ts")
        if not ts:
            raise CallError("no_timestamp_in_answer", ambiguous=True)
        return ts

    async def _paced(self, method: str, address: _Address, said: dict[str, Json]) -> Payload:
        wait = self._gate.admit(
            method,
            team=address.team,
            channel=address.channel,
            patience_seconds=_PATIENCE_SECONDS,
        )
        if wait > _PATIENCE_SECONDS:
            raise Upstream(
                "Slack's pace is used up for the moment; it is sent a little later",
                retry_after_seconds=wait,
                ambiguous=False,
            )
        if wait > 0:
            await asyncio.sleep(wait)
        try:
            return await self._api.call(method, **said)
        except CallError as fault:
            if fault.retry_after_seconds is not None:
                self._gate.close(method, team=address.team, seconds=fault.retry_after_seconds)
            raise

    async def _page(self, address: _Address, cursor: str) -> Payload:
        if address.thread_ts:
            return await self._api.call(
                "conversations.replies",
                channel=address.channel,
                ts=address.thread_ts,
                include_all_metadata=True,
                limit=_PAGE,
                cursor=cursor or None,
            )
        return await self._api.call(
            "conversations.history",
            channel=address.channel,
            include_all_metadata=True,
            limit=_PAGE,
            cursor=cursor or None,
        )

    async def _own_bot_id(self) -> str:
        if not self._bot_id:
            identity = read_identity(await self._api.call("auth.test"))
            if identity is None or not identity.bot_id:
                raise Refused("SLACK_BOT_TOKEN is not a bot's token: set the one with xoxb-")
            self._bot_id = identity.bot_id
        return self._bot_id


def _address(delivery: Delivery) -> _Address:
    address = Payload(delivery.place.address)
    channel = address.identifier("channel")
    if not channel:
        raise Refused(f"delivery {delivery.id!r} names no Slack channel; it cannot be sent")
    return _Address(
        channel=channel,
        thread_ts=address.timestamp("thread_ts"),
        team=address.identifier("team"),
    )


def _is_marked(message: Payload, *, bot_id: str, delivery_id: str) -> bool:
    return (
        message.text("bot_id") == bot_id
        and message.text("metadata", "event_type") == METADATA_TYPE
        and message.text("metadata", "event_payload", "k") == delivery_id
    )


def _words_only(drawn: Drawn) -> Drawn:
    """Keep what notifications say, which ends with what to do; no blocks at all."""
    hint = "This could not be drawn as a card; /baton runs and /baton approvals show all of it."
    return Drawn(text=f"{drawn.text}\n{hint}", blocks=())
