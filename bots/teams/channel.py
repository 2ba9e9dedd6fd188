"""Speaking in Teams: posts, updates, and what is done where nobody knows whether a post arrived.

**A post in doubt is looked for by its readers.** A bot cannot read a conversation, and posts carry
no key that Teams would compare. But every card asks for its present state whenever a client shows
it, and says so with the id of the message it stands in (see ``sighting``). So after a lost answer:

- for some fifteen seconds the courier waits for a client to show the message. Where one does, it is
  adopted, and there is one message;
- else it is posted again, since an approval that never arrived would be waited for until it
  expires. Should the first one be there after all, it is taken back as soon as anybody looks at it;
  where somebody looks while it is posted again, the first one stays and the second is taken back.

A short answer in a personal chat is the exception: it ends a stream, which Teams takes once, so
it can be said again at once (see ``stream``).

What remains: a copy that nobody has looked at yet, and one shown by a client too old to ask, whose
buttons still decide at most once. To be reversed when the connector takes an idempotency key.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from functools import partial

from bots.teams.answer_card import draw_copy
from bots.teams.approval_card import viewed_by
from bots.teams.audience import Audience
from bots.teams.connector import CallError, Connector
from bots.teams.credentials import TeamsCredentials
from bots.teams.drawn import Drawn, plain
from bots.teams.pace import Pace
from bots.teams.reference import CHANNEL, Reference
from bots.teams.refusals import GONE, TOO_LARGE, sorted_error
from bots.teams.rendering import draw
from bots.teams.sighting import marked
from bots.teams.stream import ends_a_stream, say_once
from bots.teams.tokens_out import tokens_for
from bots.views import ApprovalCard, Shown
from runtime.domain.conversation import Place
from runtime.domain.delivery import Delivery
from runtime.domain.errors import Refused, Upstream
from runtime.domain.json import JsonObject

log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 1.5
_LOOKS = 5
"""The attempt that posts again; before it the courier has waited 1 + 2 + 4 + 8 seconds."""
_HINT = "This could not be drawn as a card; write runs or approvals to see all of it."


class TeamsChannel:
    """Implements ``bots.channel.Channel``. A message's id is the connector's activity id."""

    def __init__(
        self,
        credentials: TeamsCredentials,
        *,
        connector: Connector | None = None,
        pace: Pace | None = None,
    ) -> None:
        credentials.require()
        self._connector = connector or Connector(
            tokens=tokens_for(credentials), service_urls=credentials.service_urls
        )
        self._pace = pace or Pace()
        self._audience = Audience(self._connector)

    @property
    def name(self) -> str:
        """Give the name that places carry."""
        return "teams"

    async def send(self, delivery: Delivery, shown: Shown) -> str:
        """Post into the place's conversation, or update the message that is there already."""
        there = Reference.of(delivery.place.address)
        if there is None:
            raise Refused(f"delivery {delivery.id!r} names no Teams conversation; nothing was sent")
        drawn = _drawn(shown, delivery, viewers=await self._viewers(shown, there))
        once = drawn.fits and ends_a_stream(delivery, shown, there)
        words: JsonObject = {
            "type": "message",
            "textFormat": "plain",
            "text": f"{plain(drawn.summary, 1_000)}\n\n{_HINT}",
        }
        try:
            said = await self._say_once(there, drawn.activity) if once else None
            if said is not None:
                return said
            return await self._say(delivery, there, drawn.activity if drawn.fits else words)
        except CallError as fault:
            if fault.status not in TOO_LARGE:
                raise sorted_error(fault) from None
            # Nobody may wait for a card that Teams will never show: its words get through.
            log.error("Teams refused the card of delivery %s: %s", delivery.id, fault.code)
        try:
            return await self._say(delivery, there, words)
        except CallError as fault:
            raise sorted_error(fault) from None

    async def find(self, delivery: Delivery) -> str | None:
        """Wait for a client to show it, then give None; see above for why that is right.

        A message that was shown meanwhile is on record, and nobody asks for it here any more.
        """
        if delivery.attempt < _LOOKS:
            raise Upstream("its first answer was lost; a client may show whether it is there")
        log.warning("delivery %s may be there twice: nobody has shown the first", delivery.id)
        return None

    def begun(self, delivery: Delivery, external_id: str) -> Place | None:
        """Give the thread that a message has begun in a channel; None where it began none."""
        there = Reference.of(delivery.place.address)
        if there is None or not (there.begins or _is_apart(delivery.place, there)):
            return None
        return there.in_thread(external_id).place

    async def take_back(self, delivery: Delivery, external_id: str) -> None:
        """Take back a copy of a message; where that cannot be, let it say that it is one."""
        there = Reference.of((self.begun(delivery, external_id) or delivery.place).address)
        if there is None:
            return
        try:
            await self._take_place(there)
            await self._connector.delete(there, external_id)
        except CallError as fault:
            self._learn(fault, there)
            if fault.status == GONE:
                return
            log.info("a copy of a message could not be taken back: %s", fault.code)
        else:
            return
        try:
            await self._take_place(there)
            await self._connector.put(there, external_id, draw_copy().activity)
        except CallError as fault:
            self._learn(fault, there)
            raise sorted_error(fault) from None

    async def close(self) -> None:
        """Close the connections to Teams."""
        await self._connector.close()

    async def _viewers(self, shown: Shown, there: Reference) -> tuple[str, ...]:
        if not isinstance(shown, ApprovalCard) or not shown.verdicts:
            return ()
        return await self._audience.of(there, frozenset(shown.deciders))

    async def _say_once(self, there: Reference, activity: JsonObject) -> str | None:
        try:
            return await say_once(
                self._connector, there, activity, take_place=partial(self._take_place, there)
            )
        except CallError as fault:
            self._learn(fault, there)
            raise

    async def _say(self, delivery: Delivery, there: Reference, activity: JsonObject) -> str:
        if delivery.external_id is not None:
            try:
                await self._take_place(there)
                await self._connector.put(there, delivery.external_id, activity)
            except CallError as fault:
                self._learn(fault, there)
                if fault.status != GONE:
                    raise
                log.info("delivery %s is posted anew: %s", delivery.id, fault.code)
            else:
                return delivery.external_id
        await self._take_place(there)
        try:
            return await self._connector.post(there, activity)
        except CallError as fault:
            self._learn(fault, there)
            raise

    async def _take_place(self, there: Reference) -> None:
        wait = self._pace.admit(
            tenant=there.tenant,
            conversation=there.conversation,
            patience_seconds=_PATIENCE_SECONDS,
        )
        if wait > _PATIENCE_SECONDS:
            raise Upstream(
                "Teams' pace is used up for the moment; it is sent a little later",
                retry_after_seconds=wait,
                ambiguous=False,
            )
        if wait > 0:
            await asyncio.sleep(wait)

    def _learn(self, fault: CallError, there: Reference) -> None:
        if fault.retry_after_seconds is not None:
            self._pace.close(there.conversation, seconds=fault.retry_after_seconds)


def _is_apart(place: Place, there: Reference) -> bool:
    """Tell whether a conversation of its own is held in a channel, where a thread can hold it."""
    return there.kind == CHANNEL and not there.thread and place.key != place.room


def _drawn(shown: Shown, delivery: Delivery, *, viewers: tuple[str, ...]) -> Drawn:
    drawn = draw(shown)
    return replace(drawn, card=marked(viewed_by(drawn.card, viewers), delivery))
