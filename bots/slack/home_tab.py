"""The app's Home tab: shown when it is opened, and again whenever something on it changes."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from slack_bolt.async_app import AsyncAck, AsyncApp

from bots.slack.address import home, own_chat
from bots.slack.api import CallError
from bots.slack.hand import Hand
from bots.slack.home import NUDGES, draw_home
from bots.slack.identity import Installation, identity_in_event
from bots.slack.manifest import PROMPTS
from bots.slack.payload import Payload
from bots.slack.people import Claim
from bots.slack.trouble import spell_trouble
from runtime.domain.conversation import Person, PersonKind
from runtime.domain.delivery import DeliveryKind
from runtime.domain.errors import BatonError

log = logging.getLogger(__name__)

_MOST_FOLLOWED = 16


class HomeTab:
    """Each takes one payload, and publishes or stores one thing."""

    def __init__(self, hand: Hand) -> None:
        self._hand = hand
        self._board = hand.board

    def register(self, app: AsyncApp) -> None:
        """Hear of whoever opens the app, and take the one switch on its page."""
        app.event("app_home_opened")(self.opened)
        app.action(NUDGES)(self.switched)

    async def opened(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Show somebody where they stand, or offer them something to ask.

        Nothing depends on it: where it fails, the next look comes with the next opening.
        """
        payload = Payload(body)
        event = payload.at("event")
        identity = identity_in_event(payload, self._board.whoami())
        if identity is not None and event.identifier("user"):
            try:
                await self._open(event, identity.installation)
            except (BatonError, CallError) as error:
                log.info("the app's pages are shown as they were: %s", type(error).__name__)
            except Exception as error:
                # Read only: nothing of what people asked for is touched.
                log.error("the app's pages could not be shown: %s", spell_trouble(error))
        await ack()

    async def switched(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Write to somebody, or leave them alone, when something waits for them."""
        click = self._hand.read(body)
        value = next(iter(Payload(body).items("actions")), Payload(None)).text("value")

        async def switch(person: Person) -> str:
            runtime = self._board.runtime
            await self._board.bridge(runtime.wish, person, nudges=value == "on")
            await self._publish(await self._with_groups(person))
            return ""

        await self._hand.do(click, switch)
        await ack()

    async def _open(self, event: Payload, installation: Installation) -> None:
        claim = Claim(
            user_id=event.identifier("user"),
            team_id=event.identifier("user_team")
            or installation.team_id
            or installation.enterprise_id,
        )
        person = await self._board.speaker(claim, installation)
        if person.kind is not PersonKind.MEMBER:
            return
        channel = event.identifier("channel")
        if channel:
            there = own_chat(installation, channel=channel, user=person.external_id)
            await self._board.bridge(self._board.runtime.keep_surface, person, there, own=True)
        if event.text("tab") == "messages" and channel:
            await self._board.api.call(
                "assistant.threads.setSuggestedPrompts",
                channel_id=channel,
                prompts=[{"title": title, "message": message} for title, message in PROMPTS],
            )
        elif event.text("tab") == "home":
            person = await self._with_groups(person)
            # First: a run that begins in between owes the page a newer state by itself.
            await self._board.bridge(self._board.runtime.opened_home, person)
            await self._publish(person)
            await self._follow(person, installation)

    async def _with_groups(self, person: Person) -> Person:
        try:
            return await self._board.with_groups(person)
        except BatonError as error:
            log.info("Home is shown without what waits for groups: %s", error.code)
            return person

    async def _publish(self, person: Person) -> None:
        mine = await self._board.bridge(self._board.runtime.mine, person)
        await self._board.api.call(
            "views.publish", user_id=person.external_id, view=draw_home(mine)
        )

    async def _follow(self, person: Person, installation: Installation) -> None:
        """Owe the page a newer state whenever what stands on it moves on or is decided."""
        runtime = self._board.runtime
        mine = await self._board.bridge(runtime.mine, person)
        followed = [
            *((DeliveryKind.APPROVAL_CARD, one.id, one.run_id) for one in mine.waiting),
            *((DeliveryKind.RUN_CARD, one.id, one.id) for one in mine.running),
        ]
        for kind, subject, run in followed[:_MOST_FOLLOWED]:
            await self._board.bridge(
                runtime.copy,
                home(installation, user=person.external_id),
                kind=kind,
                subject_id=subject,
                run_id=run,
            )
