"""Buttons and dialogs: decisions, controls of a run, answers to an agent's question.

Losers and the not eligible are told privately; for winners the courier redraws the card. No text
ever decides anything here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Mapping

from slack_bolt.async_app import AsyncAck, AsyncApp

from bots.builders import outcome_line
from bots.door import Door
from bots.slack import dialogs
from bots.slack.api import CallError
from bots.slack.identity import installation_in_click
from bots.slack.inbound import VERDICT_ACTIONS, Click, read_click, read_submission
from bots.slack.payload import Payload
from bots.slack.switchboard import DOWN, Switchboard
from bots.slack.trouble import spell_trouble
from bots.slack.whisper import Ear
from runtime.domain.approval import Approval, Verdict
from runtime.domain.conversation import Person
from runtime.domain.errors import BatonError, NotFound, Refused
from runtime.domain.json import JsonObject

log = logging.getLogger(__name__)

_ANYTHING = re.compile(r"^.*$", re.DOTALL)
_STALE = "This button belongs to an older card; use the newest one, or /baton approvals."
_NO_DIALOG = "Slack did not open the dialog in time. Press the button again."
_OUTCOMES = [action for action, verdict in VERDICT_ACTIONS.items() if verdict is not Verdict.REJECT]
_CONTROLS = ("run.cancel", "run.pause", "run.resume", "run.retry")


_Act = Callable[[Person], Awaitable[str]]


class Clicks:
    """Each takes one payload, makes one call into the runtime, and answers 200."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._board = switchboard

    def register(self, app: AsyncApp) -> None:
        """Take every click; exact names, because bolt searches patterns anywhere in an id."""
        for action in _OUTCOMES:
            app.action(action)(self.decided)
        app.action("approval.reject")(self.rejecting)
        app.action("approval.show")(self.opened)
        for action in _CONTROLS:
            app.action(action)(self.controlled)
        app.action(re.compile(r"^question\.answer:[0-9]{1,2}$"))(self.answered)
        app.action(_ANYTHING)(self.unknown)
        app.view(dialogs.REJECT)(self.rejected)
        app.view(dialogs.APPROVE_OPENED)(self.approved)
        app.view(dialogs.REPEAT_OPENED)(self.repeated)
        app.view(_ANYTHING)(self.ignored)
        app.view_closed(_ANYTHING)(self.ignored)
        app.shortcut(_ANYTHING)(self.ignored)
        app.options(_ANYTHING)(self.ignored)

    async def decided(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Decide by button."""
        click = self._read(body)
        problem = await self._decide(click)
        if problem:
            self._tell(click, problem)
        await ack()

    async def rejecting(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Open the dialog for the reason, first thing: its trigger lives three seconds."""
        click = self._read(body)
        if not click.value.identifier("id"):
            self._tell(click, _STALE)
        else:
            await self._open(click, dialogs.ask_reason(click))
        await ack()

    async def rejected(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Decide by the dialog; a refusal is shown in it, and what was written stays."""
        payload = Payload(body)
        reason = dialogs.read_reason(payload)
        if not reason:
            problem = "Write a few words, so that the agent can look for another way."
        else:
            problem = await self._decide(
                self._read_submitted(payload, "approval.reject"), reason=reason
            )
        if problem:
            await ack(response_action="errors", errors={dialogs.REASON_BLOCK: problem[:500]})
        else:
            await ack()

    async def opened(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Show a call whole to those who may decide at all."""
        click = self._read(body)
        try:
            person = await self._board.decider(click.claim, click.installation)
            approval = await self._board.bridge(_approval, self._board.runtime, click, person)
        except BatonError as error:
            self._tell(click, error.public)
        except Exception as error:
            # Reading failed and nothing was changed; the person is told, Slack need not repeat.
            log.error("a call could not be shown: %s", spell_trouble(error))
            self._tell(click, DOWN)
        else:
            await self._open(click, dialogs.show_everything(approval, click))
        await ack()

    async def approved(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Approve by the dialog that showed everything."""
        await self._decide_opened(body, ack, "approval.approve")

    async def repeated(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Let a call be made again by the dialog that showed everything."""
        await self._decide_opened(body, ack, "approval.repeat")

    async def controlled(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Stop, pause, resume or retry a run."""
        click = self._read(body)
        run = Payload(body).items("actions")[0].identifier("value")
        problem = await self._attempt(click, lambda person: self._control(click, run, person))
        if problem:
            self._tell(click, problem)
        await ack()

    async def answered(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Answer an agent's question with one of its choices."""
        click = self._read(body)

        async def answer(person: Person) -> str:
            await self._board.bridge(_answer, self._board.runtime, click, person)
            return ""

        problem = await self._attempt(click, answer)
        if problem:
            self._tell(click, problem)
        await ack()

    async def unknown(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Say that a button means nothing any more; nobody's click is swallowed."""
        self._tell(self._read(body), _STALE)
        await ack()

    async def ignored(self, ack: AsyncAck) -> None:
        """Take delivery; closing a dialog decides nothing."""
        await ack()

    def _read(self, body: Mapping[str, object]) -> Click:
        payload = Payload(body)
        return read_click(payload, installation_in_click(payload, self._board.whoami()))

    def _read_submitted(self, payload: Payload, action: str) -> Click:
        installation = installation_in_click(payload, self._board.whoami())
        return read_submission(payload, installation, action=action)

    async def _decide_opened(self, body: Mapping[str, object], ack: AsyncAck, action: str) -> None:
        problem = await self._decide(self._read_submitted(Payload(body), action))
        if problem:
            await ack(response_action="update", view=dict(dialogs.nothing_to_show(problem)))
        else:
            await ack()

    async def _decide(self, click: Click, *, reason: str = "") -> str:
        async def decide(person: Person) -> str:
            verdict = click.verdict(person, reason=reason)
            if verdict is None:
                return _STALE
            decided = await self._board.bridge(self._board.runtime.decide, verdict)
            if not decided.won:
                return _lost(decided.approval)
            if click.ephemeral and click.response_url:
                # Nobody redraws a message that only one person sees.
                self._tell(click, f"Recorded for approval {decided.approval.number}.")
            return ""

        return await self._attempt(click, decide)

    async def _control(self, click: Click, run: str, person: Person) -> str:
        runtime = self._board.runtime
        calls = {
            "run.cancel": runtime.cancel,
            "run.pause": runtime.pause,
            "run.resume": runtime.resume,
            "run.retry": runtime.retry,
        }
        if not run:
            return _STALE
        await self._board.bridge(calls[click.action], run, person)
        return ""

    async def _attempt(self, click: Click, act: _Act) -> str:
        """Do it as the person who clicked, and give what they must be told, if anything."""
        try:
            return await act(await self._board.decider(click.claim, click.installation))
        except BatonError as error:
            return error.public
        except Exception as error:
            # Slack does not repeat clicks. The decision is one transaction, so it did not happen,
            # and the person, told so, presses again.
            log.error("%s failed: %s", click.action, spell_trouble(error))
            return DOWN

    async def _open(self, click: Click, view: JsonObject) -> None:
        try:
            await self._board.api.call("views.open", trigger_id=click.trigger_id, view=view)
        except CallError as fault:
            log.warning("a dialog was not opened: %s", fault.code)
            self._tell(click, _NO_DIALOG)

    def _tell(self, click: Click, text: str) -> None:
        ear = Ear(
            user_id=click.claim.user_id,
            channel=click.channel,
            thread_ts=click.thread_ts,
            response_url=click.response_url,
        )
        self._board.whisper.say(ear, text)


def _approval(runtime: Door, click: Click, person: Person) -> Approval:
    ref = click.value.identifier("id")
    if not ref:
        raise NotFound(_STALE)
    approval = runtime.approval_for(ref, person)
    if approval.nonce != click.value.text("nonce"):
        raise Refused(_STALE)
    return approval


def _answer(runtime: Door, click: Click, person: Person) -> None:
    """Look the choice up where it is stored: the button says which, never what."""
    run, step = click.value.identifier("run"), click.value.text("step")
    choice = click.value.at("choice").value
    if not run or not step or not isinstance(choice, int):
        raise Refused(_STALE)
    view = runtime.view(run, workspace=person.workspace)
    asked = next((one for one in view.questions if one.step_id == step), None)
    if asked is None or not 0 <= choice < len(asked.choices):
        raise Refused("This question is closed: it was answered already, or the run has moved on.")
    runtime.answer(step, person, asked.choices[choice])


def _lost(approval: Approval) -> str:
    outcome = outcome_line(approval)
    if not outcome:
        return f"Approval {approval.number} is still open and was not changed; look at its card."
    return f"Approval {approval.number} was decided already: {outcome}"
