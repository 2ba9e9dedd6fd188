"""What may be done about an approval before a verdict: say that one looks, ask, change the call.

Each is one call into the runtime, which authorises it there and then. Who may not is told so
privately, before a dialog is opened as well as when it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping

from slack_bolt.async_app import AsyncAck, AsyncApp

from bots.approval_builder import lost
from bots.slack import dialogs
from bots.slack.edit_form import EDIT, Misfilled, beside_inputs, can_edit, edit_dialog, read_edit
from bots.slack.hand import STALE, Hand
from bots.slack.inbound import Click
from bots.slack.payload import Payload
from bots.slack.proof import read_proof
from runtime.domain.approval import Approval
from runtime.domain.conversation import Person
from runtime.domain.errors import Refused
from runtime.domain.states import ApprovalStatus

_NO_QUESTION = "Write what you want to know before you ask."
_NO_FORM = (
    "These arguments are too long for a dialog. Change them with a command: "
    "/baton approve {number} --set NAME=VALUE"
)


class BeforeDeciding:
    """Each takes one payload, makes one call into the runtime, and answers 200."""

    def __init__(self, hand: Hand) -> None:
        self._hand = hand

    def register(self, app: AsyncApp) -> None:
        """Take these clicks and their dialogs."""
        app.action("approval.claim")(self.claimed)
        app.action("approval.ask")(self.asking)
        app.action("approval.edit")(self.editing)
        app.view(dialogs.ASK)(self.asked)
        app.view(EDIT)(self.edited)

    async def claimed(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Say on every card of an approval who is looking at it."""
        click = self._hand.read(body)

        async def claim(person: Person) -> str:
            approval, person = await self._hand.deciding(click, person)
            board = self._hand.board
            await board.bridge(board.runtime.claim_approval, approval.id, person, "slack")
            return ""

        await self._hand.do(click, claim)
        await ack()

    async def asking(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Open the dialog for a question to the requester."""
        click = self._hand.read(body)

        async def ask(person: Person) -> str:
            approval = await self._open_to(click, person)
            await self._hand.open(click, dialogs.ask_question(click, approval))
            return ""

        await self._hand.do(click, ask)
        await ack()

    async def asked(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Ask; a refusal is shown in the dialog, and what was written stays."""
        payload = Payload(body)
        click = self._hand.read_submitted(payload, "approval.ask")
        words = dialogs.read_words(payload)

        async def ask(person: Person) -> str:
            if not words:
                return _NO_QUESTION
            approval, person = await self._hand.deciding(click, person)
            board = self._hand.board
            await board.bridge(board.runtime.ask_about, approval.id, person, words, "slack")
            return ""

        problem = await self._hand.attempt(click, ask)
        await _answer(ack, {dialogs.WORDS: problem[:500]} if problem else {})

    async def editing(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Open the form of the call's arguments."""
        click = self._hand.read(body)

        async def edit(person: Person) -> str:
            approval = await self._open_to(click, person)
            if not can_edit(approval.editable_schema, approval.arguments):
                return _NO_FORM.format(number=approval.number)
            view = edit_dialog(approval, metadata=dialogs.ids_of(click))
            await self._hand.open(click, view)
            return ""

        await self._hand.do(click, edit)
        await ack()

    async def edited(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Approve with other arguments; what is wrong is said beside the input it is about."""
        payload = Payload(body)
        values = payload.at("view", "state", "values")
        click = self._hand.read_submitted(payload, "approval.approve")
        _, reason = read_proof(payload)
        seen: Approval | None = None
        errors: Mapping[str, str] = {}

        async def change(person: Person) -> str:
            nonlocal seen, errors
            seen, person = await self._hand.deciding(click, person)
            try:
                arguments = read_edit(seen, values, reason=reason)
            except Misfilled as misfilled:
                errors = misfilled.errors
                return ""
            verdict = click.verdict(person, reason=reason, arguments=arguments)
            if verdict is None:
                return STALE
            decided = await self._hand.board.bridge(self._hand.board.runtime.decide, verdict)
            return "" if decided.won else lost(decided.approval)

        problem = await self._hand.attempt(click, change)
        if problem and seen is None:
            await ack(response_action="update", view=dict(dialogs.nothing_to_show(problem)))
        elif problem and seen is not None:
            await _answer(ack, beside_inputs(seen, values, problem))
        else:
            await _answer(ack, errors)

    async def _open_to(self, click: Click, person: Person) -> Approval:
        """Give an approval that is open, to somebody who may decide it. Raises ``Refused``."""
        approval, person = await self._hand.deciding(click, person)
        if approval.status is not ApprovalStatus.PENDING:
            raise Refused(lost(approval))
        board = self._hand.board
        refusal = await board.bridge(board.runtime.refusal, approval.id, person)
        if refusal is not None:
            raise Refused(refusal)
        return approval


async def _answer(ack: AsyncAck, errors: Mapping[str, str]) -> None:
    if errors:
        await ack(response_action="errors", errors=dict(errors))
    else:
        await ack()
