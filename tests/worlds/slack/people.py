"""What people do in the workspace, and how the app hears of it."""

from __future__ import annotations

import uuid

from tests.worlds.slack.behaviour import Behaviour
from tests.worlds.slack.cast import TEAM, VERIFICATION_TOKEN
from tests.worlds.slack.directory import Channel, Team, User
from tests.worlds.slack.errors import UnknownThingError
from tests.worlds.slack.events import (
    changed_event,
    deleted_event,
    envelope,
    home_opened_event,
    mention_event,
    message_event,
    session_stopped_event,
    subscription_name,
)
from tests.worlds.slack.interactions import (
    base,
    filled_in,
    find_button,
    on_message,
    on_view,
    press,
)
from tests.worlds.slack.messages import Stored, rich_text
from tests.worlds.slack.methods.agents import react
from tests.worlds.slack.outbound import Outbound, Parcel
from tests.worlds.slack.payload import Json, Payload
from tests.worlds.slack.response_urls import Answers
from tests.worlds.slack.state import State
from tests.worlds.slack.stores import Execution
from tests.worlds.slack.surfaces import View
from tests.worlds.slack.values import Delivery


class People:
    """Everyone but the app: each deed changes the world first, then tells the app."""

    def __init__(
        self,
        *,
        state: State,
        outbound: Outbound,
        answers: Answers,
        behaviour: Behaviour,
        base_url: str,
    ) -> None:
        self._state = state
        self._outbound = outbound
        self._answers = answers
        self._behaviour = behaviour
        self._base_url = base_url

    async def say(
        self, user: str, channel: str, written: str, *, thread: str | None, trick: str = ""
    ) -> Delivery:
        """Write a message. The first event is the mention, where the bot is named."""
        person, place = self._state.user(user), self._state.channel(channel)
        if place.is_archived:
            raise UnknownThingError(f"nobody can write in {place.name!r}: it is archived")
        team = self._state.team(place.team)
        stored = self._state.messages.post(channel, self._written(person, place, written, thread))
        self._state.touch()
        events = [message_event(stored, place)]
        if f"<@{team.bot_user_id}>" in written and not place.is_im:
            events.insert(0, mention_event(stored, place))
        return await self._tell(team, place, stored, events, trick=trick)

    async def direct_message(
        self, user: str, written: str, *, thread: str | None, trick: str = ""
    ) -> Delivery:
        person = self._state.user(user)
        opened = self._state.directory.open_conversation(self._state.team(person.team), [user])
        return await self.say(user, opened.id, written, thread=thread, trick=trick)

    async def echo(self, channel: str, ts: str) -> Delivery:
        """Tell the app of its own message, as Slack does."""
        stored, place = self._state.message(channel, ts), self._state.channel(channel)
        event = message_event(stored, place)
        return await self._tell(self._state.team(place.team), place, stored, [event])

    async def edit(self, channel: str, ts: str, written: str) -> Delivery:
        stored, place = self._state.message(channel, ts), self._state.channel(channel)
        author = str(stored.raw.get("user", ""))
        changes: Payload = {"text": written, "blocks": [rich_text(written)]}
        self._state.messages.edit(stored, changes, by=author)
        event = changed_event(stored, place, ts=self._state.clock.next_ts())
        return await self._tell(self._state.team(place.team), place, stored, [event])

    async def delete(self, channel: str, ts: str) -> Delivery:
        stored, place = self._state.message(channel, ts), self._state.channel(channel)
        self._state.messages.delete(stored)
        event = deleted_event(stored, place, ts=self._state.clock.next_ts())
        return await self._tell(self._state.team(place.team), place, stored, [event])

    async def react(self, user: str, channel: str, ts: str, name: str) -> Delivery:
        stored = self._state.message(channel, ts)
        react(stored.raw, name=name, user=user)
        event: Payload = {
            "type": "reaction_added",
            "user": user,
            "reaction": name,
            "item_user": stored.raw.get("user"),
            "item": {"type": "message", "channel": channel, "ts": ts},
            "event_ts": self._state.clock.next_ts(),
        }
        place = self._state.channel(channel)
        return await self._tell(self._state.team(place.team), place, stored, [event])

    async def open_home(self, user: str, *, tab: str) -> Delivery:
        team = self._state.team(self._state.user(user).team)
        opened = self._state.directory.open_conversation(team, [user])
        event = home_opened_event(self._state, team=team, user=user, tab=tab, channel=opened.id)
        return await self.emit(event, team=team.id)

    async def stop_session(self, user: str, channel: str, thread: str) -> Delivery:
        event = session_stopped_event(self._state, channel=channel, thread_ts=thread, user=user)
        return await self.emit(event, team=self._state.channel(channel).team)

    async def run_function(self, callback_id: str, inputs: Payload, *, user: str) -> Delivery:
        """Let a workflow reach the app's custom step."""
        execution = Execution(id=f"Fx{uuid.uuid4().hex[:10].upper()}")
        self._state.executions[execution.id] = execution
        event: Payload = {
            "type": "function_executed",
            "function": {
                "id": "Fn0BATON",
                "callback_id": callback_id,
                "title": callback_id,
                "type": "app",
            },
            "inputs": {"user_id": user, **inputs},
            "function_execution_id": execution.id,
            "workflow_execution_id": f"Wx{execution.id[2:]}",
            "event_ts": self._state.clock.next_ts(),
            "bot_access_token": self._state.team(TEAM).bot_token,
        }
        return await self.emit(event, team=TEAM)

    async def emit(self, event: Payload, *, team: str, trick: str = "") -> Delivery:
        """Send any event in a proper envelope."""
        payload = envelope(self._state.team(team), event)
        return await self._outbound.deliver(Parcel(kind="events_api", payload=payload), trick=trick)

    async def notify(self, payload: Payload, *, trick: str = "") -> Delivery:
        """Send a payload that has no inner event: ``url_verification``, ``app_rate_limited``."""
        whole: Payload = {"token": VERIFICATION_TOKEN, **payload}
        return await self._outbound.deliver(Parcel(kind="events_api", payload=whole), trick=trick)

    async def slash(
        self, user: str, channel: str, written: str, *, command: str, trick: str = ""
    ) -> Delivery:
        """Type a slash command, and see what its acknowledgement shows."""
        person, place = self._state.user(user), self._state.channel(channel)
        team = self._state.team(place.team)
        ticket = self._state.issue_response_url(
            team=team.id, channel=channel, user=user, message=None
        )
        payload: Payload = {
            "token": VERIFICATION_TOKEN,
            "team_id": team.id,
            "team_domain": team.domain,
            "channel_id": channel,
            "channel_name": place.name,
            "user_id": user,
            "user_name": person.name,
            "command": command,
            "text": written,
            "api_app_id": team.app_id,
            "enterprise_id": team.enterprise_id or "",
            "is_enterprise_install": str(team.is_org_wide).lower(),
            "response_url": self._response_url(ticket),
            "trigger_id": self._state.triggers.issue(user),
        }
        parcel = Parcel(kind="slash_commands", payload=payload)
        delivery = await self._outbound.deliver(parcel, trick=trick)
        if delivery.status == 200:
            self._answers.acknowledge_command(ticket, delivery.body)
            self._state.touch()
        return delivery

    async def click(
        self,
        user: str,
        channel: str,
        ts: str,
        action: str,
        *,
        revision: int | None,
        user_team: str,
        trick: str = "",
    ) -> Delivery:
        """Press a button of a message, as it is or as it was before an edit."""
        stored, place = self._state.message(channel, ts), self._state.channel(channel)
        seen = stored
        if revision is not None and revision < len(stored.earlier):
            seen = Stored(channel=channel, raw=stored.earlier[revision])
        button = find_button(seen.raw.get("blocks"), action)
        team = self._state.team(place.team)
        payload = self._interaction(team, user, kind="block_actions", user_team=user_team)
        payload |= on_message(
            place, seen, response_url=self._message_url(team, place, user, stored)
        )
        payload["actions"] = [press(button, ts=self._state.clock.next_ts())]
        return await self._interact(payload, trick=trick)

    async def click_view(
        self, user: str, view_id: str, action: str, *, user_team: str, trick: str = ""
    ) -> Delivery:
        """Press a button of a modal or Home tab."""
        view = self._view(view_id)
        button = find_button(view.content.get("blocks"), action)
        team = self._state.team(view.team)
        payload = self._interaction(team, user, kind="block_actions", user_team=user_team)
        payload |= on_view(view)
        payload["actions"] = [press(button, ts=self._state.clock.next_ts())]
        return await self._interact(payload, trick=trick)

    async def submit_view(
        self,
        user: str,
        view_id: str,
        values: dict[str, Json],
        *,
        user_team: str,
        trick: str = "",
    ) -> Delivery:
        """Fill in a modal and send it, then do with it what the app answers."""
        view = self._view(view_id)
        view.state = filled_in(view, values)
        team = self._state.team(view.team)
        payload = self._interaction(team, user, kind="view_submission", user_team=user_team)
        payload |= {"view": view.payload(), "response_urls": []}
        delivery = await self._interact(payload, trick=trick)
        if delivery.status == 200 and view.id in self._state.views.by_id:
            self._answers.acknowledge_view(view, delivery.body)
            self._state.touch()
        return delivery

    async def close_view(self, user: str, view_id: str) -> Delivery:
        """Dismiss a modal; the app hears of it only where it asked to."""
        view = self._view(view_id)
        shown = view.payload()
        self._state.views.close(view)
        team = self._state.team(view.team)
        payload = self._interaction(team, user, kind="view_closed", user_team="")
        del payload["trigger_id"]
        payload |= {"view": shown, "is_cleared": False}
        if not shown["notify_on_close"]:
            return Delivery(kind="interactive", carrier="none", attempts=(), payload=payload)
        return await self._interact(payload)

    async def shortcut(self, user: str, callback_id: str) -> Delivery:
        """Use a global shortcut."""
        team = self._state.team(self._state.user(user).team)
        payload = self._interaction(team, user, kind="shortcut", user_team="")
        payload |= {"callback_id": callback_id, "action_ts": self._state.clock.next_ts()}
        return await self._interact(payload)

    async def message_shortcut(
        self, user: str, channel: str, ts: str, callback_id: str
    ) -> Delivery:
        """Use a shortcut from a message's menu."""
        stored, place = self._state.message(channel, ts), self._state.channel(channel)
        team = self._state.team(place.team)
        payload = self._interaction(team, user, kind="message_action", user_team="")
        payload |= {
            "callback_id": callback_id,
            "action_ts": self._state.clock.next_ts(),
            "message_ts": ts,
            "message": dict(stored.raw),
            "channel": {"id": channel, "name": place.name},
            "response_url": self._message_url(team, place, user, stored),
        }
        return await self._interact(payload)

    def _written(self, person: User, place: Channel, written: str, thread: str | None) -> Payload:
        content: Payload = {
            "client_msg_id": str(uuid.uuid4()),
            "user": person.id,
            "text": written,
            "team": person.team,
            "blocks": [rich_text(written)],
        }
        if person.is_bot:
            content |= {"bot_id": person.bot_id, "app_id": "A0ELSE"}
            del content["client_msg_id"]
        if thread:
            root = self._state.message(place.id, thread).root
            parent = self._state.message(place.id, root)
            content |= {"thread_ts": root, "parent_user_id": parent.raw.get("user")}
        return content

    async def _tell(
        self, team: Team, place: Channel, stored: Stored, events: list[Payload], *, trick: str = ""
    ) -> Delivery:
        """Deliver the events of one deed one after another, leaving out unsubscribed ones."""
        heard = [event for event in events if self._behaviour.subscribes(subscription_name(event))]
        if not heard or team.bot_user_id not in place.members:
            return Delivery(
                kind="events_api", carrier="none", attempts=(), payload={}, message=stored.seen()
            )
        deliveries: list[Delivery] = []
        for event in heard:
            payload = envelope(team, event, is_ext_shared=place.is_ext_shared)
            parcel = Parcel(kind="events_api", payload=payload, message=stored.seen())
            deliveries.append(await self._outbound.deliver(parcel, trick=trick))
        first = deliveries[0]
        return Delivery(
            kind=first.kind,
            carrier=first.carrier,
            attempts=first.attempts,
            payload=first.payload,
            message=first.message,
            also=tuple(deliveries[1:]),
        )

    def _interaction(self, team: Team, user: str, *, kind: str, user_team: str) -> Payload:
        return base(
            team,
            self._state.user(user),
            kind=kind,
            trigger_id=self._state.triggers.issue(user),
            user_team=user_team,
        )

    async def _interact(self, payload: Payload, *, trick: str = "") -> Delivery:
        return await self._outbound.deliver(
            Parcel(kind="interactive", payload=payload), trick=trick
        )

    def _view(self, view_id: str) -> View:
        view = self._state.views.by_id.get(view_id)
        if view is None:
            raise UnknownThingError(f"no view {view_id!r} is open")
        return view

    def _message_url(self, team: Team, place: Channel, user: str, stored: Stored) -> str:
        ticket = self._state.issue_response_url(
            team=team.id, channel=place.id, user=user, message=stored
        )
        return self._response_url(ticket)

    def _response_url(self, ticket: str) -> str:
        return f"{self._behaviour.response_url_base or self._base_url}/actions/{ticket}"
