"""Buttons and dialogs about approvals, and answers to an agent's question.

Losers and the not eligible are told privately; for winners the courier redraws the card. No text
ever decides anything here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from slack_bolt.async_app import AsyncAck, AsyncApp

from bots.approval_builder import approval_card, lost
from bots.door import Door
from bots.slack import dialogs, proof
from bots.slack.hand import STALE, Hand
from bots.slack.inbound import VERDICT_ACTIONS, Click
from bots.slack.payload import Payload
from bots.views import ApprovalCard
from runtime.domain.approval import Verdict
from runtime.domain.conversation import Person
from runtime.domain.errors import Refused
from runtime.domain.run import OpenQuestion

_OUTCOMES = [action for action, verdict in VERDICT_ACTIONS.items() if verdict is not Verdict.REJECT]


class Clicks:
    """Each takes one payload, makes one call into the runtime, and answers 200."""

    def __init__(self, hand: Hand) -> None:
        self._hand = hand

    def register(self, app: AsyncApp) -> None:
        """Take these clicks; exact names, because bolt searches patterns anywhere in an id."""
        for action in _OUTCOMES:
            app.action(action)(self.decided)
        app.action("approval.reject")(self.rejecting)
        app.action("approval.show")(self.opened)
        app.action(re.compile(r"^question\.answer:[0-9]{1,2}$"))(self.answered)
        app.view(dialogs.REJECT)(self.rejected)
        app.view(proof.PROVE)(self.proven)
        app.view(dialogs.APPROVE_OPENED)(self.approved)
        app.view(dialogs.REPEAT_OPENED)(self.repeated)

    async def decided(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Decide by button; where a code or a reason is wanted, by the dialog that asks for it."""
        click = self._hand.read(body)
        problem = await self._decide(click, asks=True)
        if problem:
            self._hand.tell(click, problem)
        await ack()

    async def proven(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Decide by that dialog; what is wrong with the code is said beside it."""
        payload = Payload(body)
        click = self._hand.read_submitted(payload, "")
        click = replace(click, action=f"approval.{click.value.text('verdict')}")
        await self._decide_opened(payload, ack, click)

    async def rejecting(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Open the dialog for the reason, first thing: its trigger lives three seconds."""
        click = self._hand.read(body)
        if not click.value.identifier("id"):
            self._hand.tell(click, STALE)
        else:
            await self._hand.open(click, dialogs.ask_reason(click))
        await ack()

    async def rejected(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Decide by the dialog; a refusal is shown in it, and what was written stays."""
        payload = Payload(body)
        reason = dialogs.read_words(payload)
        if not reason:
            problem = "Write a few words, so that the agent can look for another way."
        else:
            problem = await self._decide(
                self._hand.read_submitted(payload, "approval.reject"), reason=reason
            )
        if problem:
            await ack(response_action="errors", errors={dialogs.WORDS: problem[:500]})
        else:
            await ack()

    async def opened(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Show a call whole to those who may see it."""
        click = self._hand.read(body)

        async def show(person: Person) -> str:
            asked, person = await self._hand.deciding(click, person)
            board = self._hand.board
            approval = await board.bridge(board.runtime.sight.approval, asked.id, person)
            await self._hand.open(click, dialogs.show_everything(approval, click))
            return ""

        await self._hand.do(click, show)
        await ack()

    async def approved(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Approve by the dialog that showed everything."""
        payload = Payload(body)
        click = self._hand.read_submitted(payload, "approval.approve")
        await self._decide_opened(payload, ack, click)

    async def repeated(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Let a call be made again by the dialog that showed everything."""
        payload = Payload(body)
        click = self._hand.read_submitted(payload, "approval.repeat")
        await self._decide_opened(payload, ack, click)

    async def answered(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Answer an agent's question with one of its choices."""
        click = self._hand.read(body)

        async def answer(person: Person) -> str:
            board = self._hand.board
            step = click.value.text("step")
            if not step:
                raise Refused(STALE)
            asked = await board.bridge(board.runtime.sight.question, step, person)
            person = await board.groups.with_groups(person, [asked])
            await board.bridge(_answer, board.runtime, click, person, asked)
            return ""

        await self._hand.do(click, answer)
        await ack()

    async def _decide_opened(self, body: Payload, ack: AsyncAck, click: Click) -> None:
        code, reason = proof.read_proof(body)
        problem = await self._decide(click, reason=reason, code=code)
        beside = proof.asked_in(body)
        if problem and beside:
            await ack(response_action="errors", errors={beside: problem[:500]})
        elif problem:
            await ack(response_action="update", view=dict(dialogs.nothing_to_show(problem)))
        else:
            await ack()

    async def _decide(
        self, click: Click, *, reason: str = "", code: str = "", asks: bool = False
    ) -> str:
        async def decide(person: Person) -> str:
            approval, person = await self._hand.deciding(click, person)
            verdict = click.verdict(person, reason=reason, code=code)
            if verdict is None:
                return STALE
            card = approval_card(approval)
            if asks and verdict.verdict in {*card.code_for, *card.reasons_for}:
                return await self._ask_proof(click, person, card, verdict.verdict)
            decided = await self._hand.board.bridge(self._hand.board.runtime.decide, verdict)
            if not decided.won:
                return lost(decided.approval)
            if click.ephemeral and click.response_url:
                # Nobody redraws a message that only one person sees.
                self._hand.tell(click, f"Recorded for approval {decided.approval.number}.")
            return ""

        return await self._hand.attempt(click, decide)

    async def _ask_proof(
        self, click: Click, person: Person, card: ApprovalCard, verdict: Verdict
    ) -> str:
        """Open the dialog for somebody who may decide; say why not to anybody else."""
        board = self._hand.board
        refusal = await board.bridge(board.runtime.refusal, card.approval_id, person)
        if refusal is None:
            await self._hand.open(click, proof.proof_dialog(card, verdict, click))
        return refusal or ""


def _answer(runtime: Door, click: Click, person: Person, asked: OpenQuestion) -> None:
    """Take the choice as it is stored: the button says which, never what."""
    choice = click.value.at("choice").value
    if not isinstance(choice, int):
        raise Refused(STALE)
    if not asked.is_open or not 0 <= choice < len(asked.choices):
        raise Refused("This question is closed: it was answered already, or the run has moved on.")
    runtime.answer(asked.step_id, person, asked.choices[choice])
