"""Carries what the runtime wants said into the channels, and never says it twice."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bots.as_json import digest_of
from bots.bridge import Bridge
from bots.builders import shown_for
from bots.channel import BeginsThreads, Channel, HasPages, TakesBack
from bots.door import Desk
from runtime.domain.conversation import Place
from runtime.domain.delivery import Delivery, DeliveryKind
from runtime.domain.errors import Refused, Unreachable, Upstream

log = logging.getLogger(__name__)

_LONGEST_WAIT_SECONDS = 300.0
_AT_ONCE = 8
_ROUND_SECONDS = 15.0
"""Half of a conversation's lease: one more message fits into what is left of it."""
_SOON_SECONDS = 0.1
_REDRAWING_SECONDS = 1.0
"""How long a round redraws cards at a channel's pace before what is new since goes first."""
_CHANGES_LATER = frozenset(
    {DeliveryKind.RUN_CARD, DeliveryKind.APPROVAL_CARD, DeliveryKind.QUESTION}
)


@dataclass(slots=True)
class _Round:
    """What the deliveries of one claim have taught about those after them."""

    ends_at: float
    """By the monotonic clock; a message begun later could meet another courier's."""
    hold_first_posts_seconds: float = 0.0
    hold_all_seconds: float = 0.0
    place: Place | None = None
    """Where the conversation has come to be in this round."""
    drawn: dict[str, str] = field(default_factory=dict[str, str])
    """Pages drawn in this round, and the channel's ids of them: whatever had changed before the
    claim is on them."""

    def hold(self, delivery: Delivery) -> float:
        first = self.hold_first_posts_seconds if delivery.external_id is None else 0.0
        return max(first, self.hold_all_seconds)


class _Overslept(Exception):
    """The round was over before the message was begun; it is another round's now."""


class Courier:
    """Drains the outbox, one conversation at a time, in the order things were said."""

    def __init__(
        self,
        runtime: Desk,
        bridge: Bridge,
        channels: Mapping[str, Channel],
        *,
        round_seconds: float = _ROUND_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runtime = runtime
        self._bridge = bridge
        self._channels = dict(channels)
        self._round_seconds = round_seconds
        self._monotonic = monotonic

    async def deliver(self, conversation_id: str) -> None:
        """Send what is due in one conversation. Quiet when another courier has it.

        A crash here leaves the claimed deliveries leased; after the lease they come back marked
        doubtful, and the channel is asked whether the message is there before it is sent again.
        A courier that was slow, or asleep, sends nothing more once another may have taken over.
        """
        began = self._monotonic()
        claimed = await self._bridge(self._runtime.claim_deliveries, conversation_id)
        if not claimed:
            return
        so_far = _Round(ends_at=began + self._round_seconds)
        for delivery in _posts_first(claimed):
            spent = self._monotonic() - began
            if spent >= self._round_seconds * 1.9:
                return
            if spent >= self._round_seconds:
                await self._postpone(delivery, _SOON_SECONDS, "waits for the next round")
            elif delivery.external_id is not None and spent > _REDRAWING_SECONDS:
                # Due at once: letting go of the conversation rings for the next round.
                await self._postpone(delivery, 0.0, "lets newer messages go first")
            else:
                await self._carry(delivery, so_far)
        await self._bridge(self._runtime.release, conversation_id)

    async def drain(self) -> int:
        """Deliver to every conversation that has something due; give how many there were."""
        due = await self._bridge(self._runtime.due_conversations)
        gate = asyncio.Semaphore(_AT_ONCE)

        async def one(conversation_id: str) -> None:
            async with gate:
                await self.deliver(conversation_id)

        ended = await asyncio.gather(*(one(each) for each in due), return_exceptions=True)
        for conversation_id, error in zip(due, ended, strict=True):
            if isinstance(error, Exception):
                # Its leases run out and the next drain finds it again; the others went on.
                log.error("delivery to %s was interrupted", conversation_id, exc_info=error)
        return len(due)

    async def _carry(self, delivery: Delivery, so_far: _Round) -> None:
        delivery = replace(delivery, place=so_far.place or delivery.place)
        held = so_far.hold(delivery)
        if held:
            await self._postpone(delivery, held, "waits for an earlier message")
            return
        channel = self._channels.get(delivery.place.channel)
        if channel is None:
            reason = f"no channel {delivery.place.channel!r} is connected in this process"
            await self._postpone(delivery, backoff_seconds(delivery), reason)
            return
        page = channel.page(delivery) if isinstance(channel, HasPages) else ""
        if page in so_far.drawn:
            await self._bridge(self._runtime.mark_sent, delivery, so_far.drawn[page])
            return
        try:
            sent, shown = await self._send(channel, delivery, so_far)
        except _Overslept:
            return
        except Upstream as error:
            wait = error.retry_after_seconds
            seconds = backoff_seconds(delivery) if wait is None else max(wait, 0.1)
            if delivery.external_id is None:
                so_far.hold_first_posts_seconds = seconds
            if wait is not None:
                so_far.hold_all_seconds = seconds
            await self._postpone(delivery, seconds, error.public, doubtful=error.ambiguous)
        except Refused as error:
            log.warning("delivery %s is given up: %s", delivery.id, error.public)
            dead = isinstance(error, Unreachable)
            await self._bridge(
                self._runtime.give_up, delivery, reason=error.public, place_is_dead=dead
            )
        except Exception:
            # A bug in a channel or a card: the message stays owed, the run is not touched, and
            # since nobody knows how far it got, it is looked for before it is sent again.
            log.exception("delivery %s failed unexpectedly", delivery.id)
            seconds = backoff_seconds(delivery)
            if delivery.external_id is None:
                so_far.hold_first_posts_seconds = seconds
            await self._postpone(delivery, seconds, "unexpected error, see log", doubtful=True)
        else:
            if page:
                so_far.drawn[page] = sent
            await self._settle(channel, delivery, sent, so_far)
            kept = await self._bridge(self._runtime.mark_sent, delivery, sent, shown=shown)
            if kept != sent:
                await self._take_back(channel, delivery, sent)
                await self._settle(channel, delivery, kept, so_far)

    async def _take_back(self, channel: Channel, delivery: Delivery, external_id: str) -> None:
        """Take back what was sent while somebody found that it had been there all along.

        A crash before this leaves a copy, which goes as soon as anybody looks at it.
        """
        if not isinstance(channel, TakesBack):
            return
        try:
            await channel.take_back(delivery, external_id)
        except (Refused, Upstream) as error:
            log.warning("a copy of delivery %s is still there: %s", delivery.id, error.public)

    async def _settle(
        self, channel: Channel, delivery: Delivery, external_id: str, so_far: _Round
    ) -> None:
        """Let a conversation go on in the thread that its first message has begun.

        A crash before this leaves a doubtful message, which is found again and leads here.
        """
        if not isinstance(channel, BeginsThreads):
            return
        begun = channel.begun(delivery, external_id)
        if begun is not None:
            await self._bridge(self._runtime.move, delivery.conversation_id, begun)
            so_far.place = begun

    async def _send(self, channel: Channel, delivery: Delivery, so_far: _Round) -> tuple[str, str]:
        """Send what is to be seen now; give the channel's id of it and the hash of what it is."""
        row = await self._bridge(self._runtime.show, delivery)
        shown = shown_for(delivery, row)
        if shown is None:
            raise Refused("there is nothing left to show")
        if delivery.external_id is None and delivery.doubtful:
            found = await channel.find(delivery)
            if found is not None:
                if delivery.kind not in _CHANGES_LATER:
                    return found, ""
                delivery = replace(delivery, external_id=found)
        if self._monotonic() > so_far.ends_at:
            raise _Overslept
        return await channel.send(delivery, shown), digest_of(shown)

    async def _postpone(
        self, delivery: Delivery, seconds: float, reason: str, *, doubtful: bool = False
    ) -> None:
        # An old doubt stays until the channel has answered; looking once too often is cheap.
        doubtful = delivery.external_id is None and (doubtful or delivery.doubtful)
        await self._bridge(
            self._runtime.postpone, delivery, seconds=seconds, reason=reason, doubtful=doubtful
        )


def _posts_first(claimed: Sequence[Delivery]) -> list[Delivery]:
    """Put new messages, in their order, before updates: people wait for an approval or an answer,
    and a channel's pace for redrawing cards must not hold these up."""
    return sorted(claimed, key=lambda delivery: delivery.external_id is not None)


def backoff_seconds(delivery: Delivery) -> float:
    """Give how long to wait after the attempt just made: 1 s, 2 s, 4 s … at most 5 minutes."""
    return min(_LONGEST_WAIT_SECONDS, 2.0 ** min(max(delivery.attempt - 1, 0), 9))
