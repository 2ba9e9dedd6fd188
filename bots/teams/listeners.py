"""What people write: requests, replies to a run at work, and commands as text."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from bots.bridge import Bridge
from bots.commands import CommandReply, run_command
from bots.door import Door
from bots.teams.directory import Directory
from bots.teams.handed import closing, form, read_handed
from bots.teams.inbound import Heard, read_message, reference_in
from bots.teams.payload import Payload
from bots.teams.people import claim_of
from bots.teams.recent import Recent
from bots.teams.reference import CHANNEL
from bots.teams.said import begins_runs, command_line
from bots.teams.start_form import asked_for
from bots.teams.trouble import spell_trouble
from bots.teams.whisper import Whisper
from runtime.domain.errors import BatonError, Refused, Upstream
from runtime.domain.json import JsonObject

log = logging.getLogger(__name__)

DOWN = (
    "Baton cannot reach its database at this moment, and nothing was done. "
    "Try again in a minute; if it stays so, tell whoever runs Baton."
)
_UNKNOWN_ACTION = "Baton knows no such action; an operator should install the newest app."
_IN_THE_OPEN = (
    "Only you see this. What Baton works on is seen by everybody here: to begin a run, mention me "
    "in a message. All commands: help"
)
_HINT = "Say what you want done, for example: compare the vendor offers in offers.csv. Or: help"


class NotTakenError(Exception):
    """An activity was understood and could not be kept; Teams must deliver it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listeners:
    """Each takes one activity and makes one call into the runtime."""

    runtime: Door
    bridge: Bridge
    directory: Directory
    whisper: Whisper
    answered: Recent

    async def said(self, body: Payload) -> None:
        """Hand a message on; returns after the commit.

        Raises:
            NotTakenError: a crash before the commit loses nothing, since Teams comes again; after
                it, the next delivery is a known duplicate.
        """
        heard = read_message(body)
        if heard is None or heard.event_key in self.answered:
            return
        try:
            reply = await self._take(heard)
        except Refused as refused:
            # Never where others read, also where a slash command was refused.
            self.whisper.tell(heard.claim.user_id, heard.reference, refused.public)
        except Exception as error:
            raise NotTakenError(_cause(error)) from error
        else:
            if reply is not None:
                self._reply(heard, reply)
                self.answered.add(heard.event_key)

    async def fetched(self, body: Payload) -> JsonObject:
        """Open the form of "Hand to Baton", or say why it stays shut."""
        handed = read_handed(body)
        if handed is None:
            return closing(_UNKNOWN_ACTION)
        try:
            await self.directory.speaker(handed.claim, handed.reference)
        except BatonError as error:
            return closing(error.public)
        return form(handed)

    async def submitted(self, body: Payload) -> JsonObject:
        """Begin a run with the message that was handed over, where that message stands."""
        handed = read_handed(body)
        if handed is None:
            return closing(_UNKNOWN_ACTION)
        if not handed.request:
            return closing("Nothing was begun: say in a few words what you want done.")
        try:
            person = await self.directory.speaker(handed.claim, handed.reference)
            received = await self.bridge(self.runtime.receive, handed.message(person))
        except BatonError as error:
            return closing(error.public)
        except Exception as error:
            # One transaction: nothing was begun, and the person, told so, sends it again.
            log.error("a message could not be handed over: %s", spell_trouble(error))
            return closing(DOWN)
        return closing(f"Run {received.number} has it. Its card is in the conversation.")

    async def installed(self, body: Payload) -> None:
        """Remember where Baton was added, and greet; a channel is not disturbed.

        Raises:
            NotTakenError: as above.
        """
        there = reference_in(body)
        if there is None:
            return
        claim = claim_of(body, tenant=there.tenant)
        try:
            person = await self.directory.speaker(claim, there)
            await self.bridge(self.runtime.keep_surface, person, there.place, own=there.personal)
        except Refused as refused:
            # A guest's chat is nobody's to be asked in.
            log.info("an installation is not remembered: %s", refused.public)
        except Exception as error:
            raise NotTakenError(_cause(error)) from error
        if there.kind != CHANNEL:
            self.whisper.welcome(there)

    async def removed(self, body: Payload) -> None:
        """Speak no more where Baton was removed; what waits there is shown elsewhere."""
        there = reference_in(body)
        if there is None:
            return
        try:
            await self.bridge(
                self.runtime.lose_surface, there.place, reason="the app was removed there"
            )
        except Exception as error:
            raise NotTakenError(_cause(error)) from error

    def _reply(self, heard: Heard, reply: CommandReply) -> None:
        aside = heard.targeted and not heard.reference.personal
        form = asked_for(reply, key=heard.event_key, alone=aside, threadless=heard.threadless)
        who, there = heard.claim.user_id, heard.reference
        if aside and form is not None:
            self.whisper.show_aside(who, there, form.activity, reply.text)
        elif aside:
            self.whisper.aside(who, there, reply.text)
        elif form is not None:
            self.whisper.show(there, form.activity)
        elif reply.private:
            self.whisper.tell(who, there, reply.text)
        elif reply.text:
            self.whisper.reply(there, reply.text)

    async def _take(self, heard: Heard) -> CommandReply | None:
        """Give what must be replied; None where a card will say it."""
        command = command_line(heard.text)
        if command is not None:
            return await self._command(heard, command)
        person = await self.directory.speaker(heard.claim, heard.reference)
        if heard.targeted:
            return CommandReply(text=_IN_THE_OPEN)
        if not heard.text:
            return CommandReply(text=_HINT)
        if heard.reference.personal:
            # Before the request: whoever is asked about it may be who wrote it.
            await self.bridge(self.runtime.keep_surface, person, heard.reference.place, own=True)
        await self.bridge(self.runtime.receive, heard.message(person))
        return None

    async def _command(self, heard: Heard, command: str) -> CommandReply:
        person = await self.directory.decider(heard.claim, heard.reference)
        there = heard.reference
        if heard.threadless:
            # What only its author sees begins no thread; what is set going here begins its own.
            there = there.new_thread(heard.event_key if begins_runs(command) else "")
        return await self.bridge(
            run_command,
            command,
            runtime=self.runtime,
            person=person,
            place=there.place,
            surface="teams",
            event_key=heard.event_key,
        )


def _cause(error: Exception) -> str:
    known = isinstance(error, Upstream | BatonError)
    return error.public if known else spell_trouble(error)
