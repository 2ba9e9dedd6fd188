"""Routing, by the Bot Framework SDK: its activity model, its turn and its Teams handler.

The only file that imports the SDK, and it is imported with the first activity. HTTP, signatures,
tokens and sending are ours: the SDK's adapter answers 500 to every card action, blocks the loop,
and keeps keys for a day. To leave the SDK, this file is what has to be written anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from botbuilder.core import BotAdapter, InvokeResponse, TurnContext
from botbuilder.core.teams import TeamsActivityHandler
from botbuilder.schema import Activity, ConversationReference, ResourceResponse

from bots.teams.clicks import Clicks, InvokeBody
from bots.teams.filing import Filing
from bots.teams.inbound import is_submitted
from bots.teams.listeners import Listeners
from bots.teams.payload import Payload

_BODY = "baton.body"
_ANSWER = "baton.answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnAnswer:
    """What HTTP answers; only invokes have a body."""

    status: int
    body: InvokeBody | None


class Turns:
    """Takes one activity through one turn."""

    def __init__(self, listeners: Listeners, clicks: Clicks, filing: Filing) -> None:
        self._adapter = _Adapter()
        self._handler = _Handler(listeners, clicks, filing)

    async def take(self, body: Payload) -> TurnAnswer:
        """Route an activity and give the answer."""
        context = TurnContext(self._adapter, _activity(body))
        context.turn_state[_BODY] = body
        await self._adapter.run_pipeline(context, self._handler.on_turn)
        answer = cast("object", context.turn_state.get(_ANSWER))
        if isinstance(answer, InvokeResponse):
            body_of_answer = cast("InvokeBody | None", answer.body)
            return TurnAnswer(status=int(answer.status), body=body_of_answer)
        return TurnAnswer(status=200, body=None)


class _Adapter(BotAdapter):
    """Keeps the answer to an invoke; nothing else is sent through the SDK, whose models drop
    fields they do not know."""

    async def send_activities(
        self, context: TurnContext, activities: list[Activity]
    ) -> list[ResourceResponse]:
        for activity in activities:
            if activity.type != "invokeResponse":
                raise NotImplementedError("messages go through bots.teams.connector")
            context.turn_state[_ANSWER] = activity.value
        return [ResourceResponse() for _ in activities]

    async def update_activity(self, context: TurnContext, activity: Activity) -> None:
        raise NotImplementedError("messages go through bots.teams.connector")

    async def delete_activity(self, context: TurnContext, reference: ConversationReference) -> None:
        raise NotImplementedError("messages go through bots.teams.connector")


class _Handler(TeamsActivityHandler):
    """What each kind of activity means to Baton; what is not named here means nothing."""

    def __init__(self, listeners: Listeners, clicks: Clicks, filing: Filing) -> None:
        self._listeners = listeners
        self._clicks = clicks
        self._filing = filing

    async def on_message_activity(self, turn_context: TurnContext) -> None:
        body = _body(turn_context)
        if is_submitted(body):
            await self._clicks.submitted(body)
        else:
            await self._listeners.said(body)

    async def on_invoke_activity(self, turn_context: TurnContext) -> InvokeResponse:
        # Not the SDK's own way: it refuses answers that are words and drops who triggered it.
        body = _body(turn_context)
        match body.text("name"):
            case "adaptiveCard/action":
                return InvokeResponse(status=200, body=await self._clicks.executed(body))
            case "fileConsent/invoke":
                await self._filing.consented(body)
                return InvokeResponse(status=200)
            case "composeExtension/fetchTask":
                return InvokeResponse(status=200, body=await self._listeners.fetched(body))
            case "composeExtension/submitAction":
                return InvokeResponse(status=200, body=await self._listeners.submitted(body))
            case _:
                return InvokeResponse(status=501)

    async def on_installation_update_add(self, turn_context: TurnContext) -> None:
        await self._listeners.installed(_body(turn_context))

    async def on_installation_update_remove(self, turn_context: TurnContext) -> None:
        await self._listeners.removed(_body(turn_context))

    async def on_conversation_update_activity(self, turn_context: TurnContext) -> None:
        # The SDK would ask the roster about every newcomer.
        del turn_context


def _body(context: TurnContext) -> Payload:
    return cast("Payload", context.turn_state[_BODY])


def _activity(body: Payload) -> Activity:
    # Only what routing needs, and not through the SDK's own reader: it takes longer than the turn,
    # and an odd field elsewhere must not cost anybody their message.
    return Activity(type=body.text("type"), name=body.text("name"), action=body.text("action"))
