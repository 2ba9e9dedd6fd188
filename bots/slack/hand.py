"""What is the same for every button and dialog: who pressed, acting as them, telling them."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping

from bots.slack import dialogs
from bots.slack.api import CallError
from bots.slack.identity import installation_in_click
from bots.slack.inbound import Click, read_click, read_submission
from bots.slack.payload import Payload
from bots.slack.switchboard import DOWN, Switchboard
from bots.slack.trouble import spell_trouble
from bots.slack.whisper import Ear
from runtime.domain.approval import Approval
from runtime.domain.conversation import Person
from runtime.domain.errors import BatonError, Refused
from runtime.domain.json import JsonObject

log = logging.getLogger(__name__)

STALE = "This button belongs to an older card; use the newest one, or /baton approvals."
_NO_DIALOG = "Slack did not open the dialog in time. Press the button again."

Act = Callable[[Person], Awaitable[str]]
"""Does one thing as a person; gives what they must be told, if anything."""


class Hand:
    """Shared by all handlers of clicks."""

    def __init__(self, switchboard: Switchboard) -> None:
        self.board = switchboard

    def read(self, body: Mapping[str, object]) -> Click:
        """Read a click on a button."""
        payload = Payload(body)
        return read_click(payload, installation_in_click(payload, self.board.whoami()))

    def read_submitted(self, payload: Payload, action: str) -> Click:
        """Read a submitted dialog as the click it stands for."""
        installation = installation_in_click(payload, self.board.whoami())
        return read_submission(payload, installation, action=action)

    async def attempt(self, click: Click, act: Act) -> str:
        """Do it as the person who clicked, and give what they must be told, if anything."""
        try:
            return await act(await self.board.decider(click.claim, click.installation))
        except BatonError as error:
            return error.public
        except Exception as error:
            # Slack does not repeat clicks. Each is one transaction, so it did not happen, and the
            # person, told so, presses again.
            log.error("%s failed: %s", click.action, spell_trouble(error))
            return DOWN

    async def do(self, click: Click, act: Act) -> None:
        """Do it, and tell the person privately what they must know."""
        problem = await self.attempt(click, act)
        if problem and click.channel:
            self.tell(click, problem)
        elif problem:
            # On the Home tab there is no message to whisper beside.
            await self.open(click, dialogs.told("Baton", problem))

    async def asked(self, click: Click, person: Person) -> Approval:
        """Give the approval a button or a dialog is of. Raises ``Refused`` for an older card's."""
        ref = click.value.identifier("id")
        if not ref:
            raise Refused(STALE)
        approval = await self.board.bridge(self.board.runtime.approval_for, ref, person)
        if approval.nonce != click.value.text("nonce"):
            raise Refused(STALE)
        return approval

    async def deciding(self, click: Click, person: Person) -> tuple[Approval, Person]:
        """Give the same, and the person with the groups it asks for, looked up at this moment."""
        approval = await self.asked(click, person)
        return approval, await self.board.groups.with_groups(person, [approval])

    async def open(self, click: Click, view: JsonObject) -> None:
        """Open a dialog; its trigger lives three seconds."""
        try:
            await self.board.api.call("views.open", trigger_id=click.trigger_id, view=view)
        except CallError as fault:
            log.warning("a dialog was not opened: %s", fault.code)
            self.tell(click, _NO_DIALOG)

    def tell(self, click: Click, text: str) -> None:
        """Tell the person who clicked something, privately."""
        ear = Ear(
            user_id=click.claim.user_id,
            channel=click.channel,
            thread_ts=click.thread_ts,
            response_url=click.response_url,
        )
        self.board.whisper.say(ear, text)
