"""More ways to begin a run: two shortcuts with a dialog, and a step of Workflow Builder."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from slack_bolt.async_app import AsyncAck, AsyncApp

from bots.slack.address import new_thread, place, workflow_step
from bots.slack.api import CallError
from bots.slack.hand import Hand
from bots.slack.identity import Installation, identity_in_event
from bots.slack.inbound import Click, readable
from bots.slack.listeners import NotTakenError
from bots.slack.payload import Payload
from bots.slack.people import Claim
from bots.slack.refusals import sorted_error
from bots.slack.run_dialog import RunDialog
from bots.slack.run_form import (
    CHANNEL,
    CHOOSE,
    REQUEST,
    Opened,
    RunForm,
    Unfit,
    asks_for,
    beside_inputs,
    chosen_workflow,
    opened_in,
    read_form,
    typed_inputs,
)
from bots.slack.surface import HAND_OVER, NEW_RUN, START_RUN
from bots.slack.trouble import spell_trouble
from bots.slack.viewing import Viewing
from runtime.domain.conversation import Message, Person, Place
from runtime.domain.delivery import DeliveryKind
from runtime.domain.errors import BatonError, Refused
from runtime.domain.form import InputForm, InputNeeded
from runtime.domain.json import Json, JsonObject

log = logging.getLogger(__name__)

_INVITE = "Baton is not in this channel. Invite it there with /invite, or choose another one."
_NO_REQUEST = "Write what you want done, or choose a workflow."
_NO_DELIVERY_YET = "Slack has not said yet who Baton is"


@dataclass(slots=True)
class Submitted:
    """How a dialog that was sent is answered: with neither, it closes."""

    errors: dict[str, str] = field(default_factory=dict[str, str])
    view: JsonObject | None = None


class Doors:
    """Each takes one payload and hands one message to the runtime."""

    def __init__(self, hand: Hand, dialog: RunDialog, viewing: Viewing) -> None:
        self._hand = hand
        self._dialog = dialog
        self._viewing = viewing
        self._board = hand.board

    def register(self, app: AsyncApp) -> None:
        """Take the shortcuts, their dialog and the workflow step."""
        app.shortcut(HAND_OVER)(self.handed_over)
        app.shortcut(NEW_RUN)(self.asked)
        app.action(CHOOSE)(self.chosen)
        app.view(NEW_RUN)(self.submitted)
        app.event("function_executed")(self.executed)

    async def handed_over(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Ask what to do with a message; the run will live in its thread."""
        await self._ask(body, request=readable(Payload(body).text("message", "text"), ""))
        await ack()

    async def asked(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Ask what to do, from anywhere."""
        await self._ask(body)
        await ack()

    async def chosen(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Ask in the open dialog for what the chosen workflow must be told."""
        payload = Payload(body)
        click = self._hand.read(body)

        async def draw(person: Person) -> str:
            workflow = chosen_workflow(payload)
            form = await self._form(workflow, person) if workflow else None
            view = await self._dialog.drawn(person, opened_in(payload), form=form)
            # The hash: whatever was changed since is newer than this.
            await self._call(
                "views.update",
                view_id=payload.identifier("view", "id"),
                hash=payload.text("view", "hash"),
                view=view,
            )
            return ""

        problem = await self._hand.attempt(click, draw)
        if problem:
            log.info("a dialog did not ask for a workflow's inputs: %s", problem)
        await ack()

    async def submitted(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Begin the run; what is wrong is said in the dialog, and what was written stays."""
        payload = Payload(body)
        click = self._hand.read_submitted(payload, NEW_RUN)
        try:
            form = read_form(payload)
        except Unfit as unfit:
            await ack(response_action="errors", errors={unfit.field: unfit.public})
            return
        answer = Submitted()

        async def start(person: Person) -> str:
            if not form.request and form.workflow is None:
                return _NO_REQUEST
            there = await self._place(form, click.installation, person)
            if there is None:
                answer.errors = {CHANNEL: _INVITE}
                return ""
            try:
                message = await self._message(form, person=person, place=there)
                await self._board.bridge(self._board.runtime.receive, message)
            except InputNeeded as needed:
                if asks_for(needed.form, form.values):
                    answer.errors = beside_inputs(needed.form, needed.wrong)
                else:
                    # Sent before the dialog had asked for what the workflow needs.
                    answer.view = await self._dialog.drawn(
                        person,
                        opened_in(payload),
                        request=form.request,
                        form=needed.form,
                        wrong=needed.wrong,
                    )
            return ""

        problem = await self._hand.attempt(click, start)
        if problem:
            answer.errors = {REQUEST: problem[:500]}
        if answer.errors:
            await ack(response_action="errors", errors=answer.errors)
        elif answer.view is not None:
            await ack(response_action="update", view=dict(answer.view))
        else:
            await ack()

    async def executed(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Begin a run for a workflow, and let the workflow wait for its end.

        Answered after the commit: what is raised becomes a 500, and Slack delivers again.
        """
        payload = Payload(body)
        event = payload.at("event")
        if event.text("function", "callback_id") != START_RUN:
            await ack()
            return
        identity = identity_in_event(payload, self._board.whoami())
        if identity is None:
            raise NotTakenError(_NO_DELIVERY_YET)
        try:
            await self._execute(event, identity.installation)
        except Refused as refused:
            await self._give_back(event, refused)
        except Exception as error:
            # Nothing was committed, or it was and the next delivery is a known duplicate.
            raise NotTakenError(spell_trouble(error)) from error
        await ack()

    async def _ask(self, body: Mapping[str, object], *, request: str = "") -> None:
        click = self._hand.read(body)

        async def ask(person: Person) -> str:
            here = "" if click.thread_ts else await self._in_view(click, person)
            opened = Opened(channel=click.channel, thread_ts=click.thread_ts, here=here)
            view = await self._dialog.drawn(person, opened, request=request)
            await self._hand.open(click, view)
            return ""

        await self._hand.do(click, ask)

    async def _in_view(self, click: Click, person: Person) -> str:
        """Give the channel the person looks at, if Baton may speak there: else sending fails."""
        channel = self._viewing.channel_of(person.external_id, click.installation)
        try:
            return channel if channel and await self._is_member(channel) else ""
        except BatonError:
            return ""

    async def _form(self, workflow: str, person: Person) -> InputForm:
        return await self._board.bridge(self._board.runtime.starting.form, workflow, person)

    async def _message(self, form: RunForm, *, person: Person, place: Place) -> Message:
        """Give what was filled in as a message. Raises ``InputNeeded``."""
        text, given = form.request, form.input
        if form.workflow is not None:
            asked = await self._form(form.workflow, person)
            given = await self._board.bridge(
                self._board.runtime.starting.fill,
                form.workflow,
                person,
                typed_inputs(asked, form.values),
                given=form.input,
            )
            text = text or asked.title
        return Message(
            event_key=f"slack:view:{form.view_id}",
            person=person,
            place=place,
            text=text,
            addressed=True,
            agent=form.agent,
            workflow=form.workflow,
            input=given,
            budget_usd=form.budget_usd,
        )

    async def _place(
        self, form: RunForm, installation: Installation, person: Person
    ) -> Place | None:
        """Give where a run is shown; None where Baton may not speak."""
        if form.thread_ts:
            return place(installation, channel=form.channel, thread_ts=form.thread_ts)
        channel = form.channel
        if not channel:
            opened = await self._call("conversations.open", users=person.external_id)
            channel = opened.identifier("channel", "id")
        elif not await self._is_member(channel):
            return None
        return new_thread(installation, channel=channel, cause=form.view_id)

    async def _execute(self, event: Payload, installation: Installation) -> None:
        execution = event.identifier("function_execution_id")
        # Only this kind of input is filled in by Slack; any other could name somebody else.
        claim = Claim(
            user_id=event.identifier("inputs", "user_context", "id"),
            team_id=installation.team_id or installation.enterprise_id,
        )
        channel = event.identifier("inputs", "channel")
        person = await self._board.decider(claim, installation)
        if not await self._is_member(channel):
            raise Refused(_INVITE)
        received = await self._board.bridge(
            self._board.runtime.receive,
            Message(
                event_key=f"slack:function:{execution}",
                person=person,
                place=new_thread(installation, channel=channel, cause=execution),
                text=event.text("inputs", "request"),
                addressed=True,
            ),
        )
        if received.run_id is None:
            raise Refused("the request is empty")
        await self._board.bridge(
            self._board.runtime.copy,
            workflow_step(installation, execution=execution),
            kind=DeliveryKind.ANSWER,
            subject_id=received.run_id,
            run_id=received.run_id,
        )

    async def _give_back(self, event: Payload, refused: BatonError) -> None:
        """Tell the workflow at once what will not begin. Raises ``NotTakenError``."""
        try:
            await self._board.api.call(
                "functions.completeError",
                function_execution_id=event.identifier("function_execution_id"),
                error=refused.public,
            )
        except CallError as fault:
            log.error("a workflow was not told %r: %s", refused.public, fault.code)
            if fault.ambiguous or fault.retry_after_seconds is not None:
                raise NotTakenError(fault.code) from None

    async def _is_member(self, channel: str) -> bool:
        try:
            found = await self._board.api.call("conversations.info", channel=channel)
        except CallError as fault:
            if fault.ambiguous or fault.retry_after_seconds is not None:
                raise sorted_error(fault) from None
            return False
        return found.flag("channel", "is_member") or found.flag("channel", "is_im")

    async def _call(self, method: str, **arguments: Json) -> Payload:
        try:
            return await self._board.api.call(method, **arguments)
        except CallError as fault:
            raise sorted_error(fault) from None
