"""Slack's own Stop button, on the session of a run."""

from __future__ import annotations

from collections.abc import Mapping

from slack_bolt.async_app import AsyncAck, AsyncApp

from bots.slack.address import place
from bots.slack.identity import Installation, identity_in_event
from bots.slack.listeners import NotTakenError
from bots.slack.payload import Payload
from bots.slack.people import Claim
from bots.slack.switchboard import Switchboard
from bots.slack.trouble import spell_trouble
from bots.slack.whisper import Ear
from runtime.domain.errors import BatonError, Upstream


class StopButton:
    """Each takes one event and answers 200 once it is done with."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._board = switchboard

    def register(self, app: AsyncApp) -> None:
        """Hear of presses on it."""
        app.event("agent_session_stopped")(self.stopped)

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
