"""Slack's agent view: what a newcomer may ask, and Slack's own Stop button."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from slack_bolt.async_app import AsyncAck, AsyncApp

from bots.slack.address import place
from bots.slack.api import CallError
from bots.slack.identity import Installation, identity_in_event
from bots.slack.listeners import NotTakenError
from bots.slack.manifest import PROMPTS
from bots.slack.payload import Payload
from bots.slack.people import Claim
from bots.slack.switchboard import Switchboard
from bots.slack.trouble import spell_trouble
from bots.slack.whisper import Ear
from runtime.domain.errors import BatonError, Upstream

log = logging.getLogger(__name__)


class AgentView:
    """Each takes one event and answers 200 once it is done with."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._board = switchboard

    def register(self, app: AsyncApp) -> None:
        """Hear what happens in the app's own view."""
        app.event("app_home_opened")(self.looked)
        app.event("agent_session_stopped")(self.stopped)

    async def looked(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Offer something to ask to whoever opens the conversation with the bot."""
        event = Payload(body).at("event")
        if event.text("tab") == "messages" and event.identifier("channel"):
            try:
                await self._board.api.call(
                    "assistant.threads.setSuggestedPrompts",
                    channel_id=event.identifier("channel"),
                    prompts=[{"title": title, "message": message} for title, message in PROMPTS],
                )
            except CallError as fault:
                # Nothing depends on it, and the next look comes with the next chance.
                log.info("no prompts were suggested: %s", fault.code)
        await ack()

    async def stopped(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Stop the run of a thread, if whoever pressed Slack's Stop may."""
        payload = Payload(body)
        event = payload.at("event")
        identity = identity_in_event(payload, self._board.whoami())
        if identity is None:
            raise NotTakenError("Slack has not said yet who Baton is")
        try:
            await self._stop(event, identity.installation)
        except Upstream as error:
            raise NotTakenError(error.public) from error
        except BatonError as error:
            self._board.whisper.say(_ear(event), error.public)
        except Exception as error:
            # Not committed: Slack delivers it again. Committed: it is ended already.
            raise NotTakenError(spell_trouble(error)) from error
        await ack()

    async def _stop(self, event: Payload, installation: Installation) -> None:
        claim = Claim(
            user_id=event.identifier("user"),
            team_id=event.identifier("user_team")
            or installation.team_id
            or installation.enterprise_id,
        )
        person = await self._board.decider(claim, installation)
        there = place(
            installation,
            channel=event.identifier("channel"),
            thread_ts=event.timestamp("thread_ts"),
        )
        runtime = self._board.runtime
        said = await self._board.bridge(runtime.thread, there)
        run_id = next((one.delivery.run_id for one in reversed(said) if one.delivery), None)
        if run_id is not None:
            await self._board.bridge(runtime.cancel, run_id, person)


def _ear(event: Payload) -> Ear:
    return Ear(
        user_id=event.identifier("user"),
        channel=event.identifier("channel"),
        thread_ts=event.timestamp("thread_ts"),
    )
