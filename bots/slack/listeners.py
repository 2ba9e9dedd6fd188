"""What people write: mentions, direct messages, replies, and ``/baton``."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping

from slack_bolt.async_app import AsyncAck, AsyncApp

from bots.commands import CommandReply, run_command
from bots.slack.address import own_chat
from bots.slack.blocks import MESSAGE_CHARACTERS, preformatted, rich, size
from bots.slack.dialogs import chunks
from bots.slack.escape import mrkdwn
from bots.slack.identity import identity_in_event, installation_in_click
from bots.slack.inbound import Heard, Typed, read_command, read_event
from bots.slack.payload import Payload
from bots.slack.run_dialog import RunDialog
from bots.slack.switchboard import DOWN, OUTSIDER, Switchboard
from bots.slack.trouble import spell_trouble
from bots.slack.whisper import Ear
from bots.spelling import cut
from runtime.domain.conversation import Person, PersonKind
from runtime.domain.errors import BatonError, Refused
from runtime.domain.json import Json

log = logging.getLogger(__name__)

_ANYTHING = re.compile(r"^.*$", re.DOTALL)
_ABOUT_APPROVALS = frozenset({"approve", "reject", "resolve", "claim", "ask", "reassign"})
_HINT = "Say what you want done after my name, for example: compare the vendor offers in offers.csv"


class NotTakenError(Exception):
    """An event was understood and could not be kept; Slack must deliver it again."""


class Listeners:
    """Each takes one payload, makes one call into the runtime, and answers."""

    def __init__(self, switchboard: Switchboard, dialog: RunDialog) -> None:
        self._board = switchboard
        self._dialog = dialog

    def register(self, app: AsyncApp) -> None:
        """Hear what is said and typed."""
        # Whatever name the operator gave the command in the manifest.
        app.command(_ANYTHING)(self.typed)
        app.event("app_mention")(self.said)
        app.event("message")(self.said)

    async def said(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Hand a message to the runtime.

        The answer is given after the commit. What is raised becomes a 500, and Slack delivers the
        event again: a crash before the commit loses nothing, one after it is a known duplicate.
        """
        payload = Payload(body)
        identity = identity_in_event(payload, self._board.whoami())
        if identity is None:
            raise NotTakenError("Slack has not said yet who Baton is")
        heard = read_event(payload, identity)
        if heard is not None:
            try:
                await self._receive(heard)
            except Refused as refused:
                self._board.whisper.say(_ear(heard), refused.public)
            except Exception as error:
                # Nothing was committed, or it was and the next delivery is a known duplicate.
                raise NotTakenError(spell_trouble(error)) from error
        await ack()

    async def typed(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Answer a slash command in the reply to its own request, visible to its author only.

        What asks for more is asked in a dialog where Slack opens one; then there is no answer.
        """
        payload = Payload(body)
        typed = read_command(payload, installation_in_click(payload, self._board.whoami()))
        try:
            person = await self._board.decider(typed.claim, typed.installation)
            if typed.is_bare_run and await self._opened(typed, person):
                await ack()
                return
            if typed.verb in _ABOUT_APPROVALS:
                person = await self._board.with_groups(person)
            elif typed.verb == "answer":
                person = await self._board.with_groups_asked(person, typed.text)
            reply = await self._board.bridge(
                run_command,
                typed.text,
                runtime=self._board.runtime,
                person=person,
                place=typed.place,
                surface="slack",
                event_key=typed.event_key,
            )
            if reply.form is not None and await self._opened(typed, person, reply):
                await ack()
                return
            text = reply.text
        except BatonError as error:
            text = error.public
        except Exception as error:
            # Slack does not repeat slash commands, so the person must hear that nothing happened.
            log.error("a slash command failed: %s", spell_trouble(error))
            text = DOWN
        await ack(text=mrkdwn(text, limit=3_000), blocks=_drawn(text), response_type="ephemeral")

    async def _opened(
        self, typed: Typed, person: Person, reply: CommandReply | None = None
    ) -> bool:
        return await self._dialog.open_beside(
            typed.trigger_id,
            person,
            channel=typed.channel,
            form=reply.form if reply else None,
            wrong=reply.wrong if reply else None,
        )

    async def _receive(self, heard: Heard) -> None:
        person = await self._board.speaker(heard.claim, heard.installation)
        if person.kind is PersonKind.BOT:
            return
        if person.kind is PersonKind.EXTERNAL:
            if heard.addressed:
                self._board.whisper.say(_ear(heard), OUTSIDER)
            return
        if not heard.text:
            self._board.whisper.say(_ear(heard), _HINT)
            return
        if heard.direct:
            # Before the request: whoever is asked about it may be who wrote it.
            there = own_chat(heard.installation, channel=heard.channel, user=person.external_id)
            await self._board.bridge(self._board.runtime.keep_surface, person, there, own=True)
        await self._board.bridge(self._board.runtime.receive, heard.message(person))


def _ear(heard: Heard) -> Ear:
    return Ear(user_id=heard.claim.user_id, channel=heard.channel, thread_ts=heard.thread_ts)


def _drawn(text: str) -> list[dict[str, Json]]:
    for limit in (9_000, 2_800, 1_000, 300):
        blocks = [dict(rich(preformatted(chunk))) for chunk in chunks(cut(text, limit))]
        if size(blocks) <= MESSAGE_CHARACTERS:
            return blocks
    return []
