"""Everything a test can ask of a world, typed; runs on the world's own loop.

Tests use ``world.SlackWorld``, which offers each of these blocking and awaitable.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

from tests.worlds.slack.cast import APP, BOT_USER, TEAM
from tests.worlds.slack.far_side import FarSide
from tests.worlds.slack.payload import Json, Payload, table, tables, text, whole
from tests.worlds.slack.values import Attempt, Call, Delivery, Message, Violation


class Wishes:
    """Typed requests to a far side."""

    def __init__(self, far_side: FarSide) -> None:
        self.far_side = far_side

    async def ask(self, name: str, /, **arguments: Json) -> Json:
        return await self.far_side.perform(name, arguments)

    async def _deliver(self, name: str, /, **arguments: Json) -> Delivery:
        return Delivery.from_json(table(await self.ask(name, **arguments)))

    async def _messages(self, name: str, /, **arguments: Json) -> list[Message]:
        return [Message.from_json(item) for item in tables(await self.ask(name, **arguments))]

    # Looking.

    async def messages(self, channel: str = "", thread: str | None = None) -> list[Message]:
        """Give a channel's messages with their replies, one thread, or all; oldest first."""
        return await self._messages("messages", channel=channel, thread=thread)

    async def thread(self, channel: str, ts: str) -> list[Message]:
        """Give a thread: the first message and its replies."""
        return await self.messages(channel, ts)

    async def message(self, channel: str, ts: str) -> Message:
        return Message.from_json(table(await self.ask("message", channel=channel, ts=ts)))

    async def revisions(self, channel: str, ts: str) -> list[Message]:
        """Give every form a message had, the present one last."""
        return await self._messages("revisions", channel=channel, ts=ts)

    async def ephemerals(self, user: str | None = None) -> list[Message]:
        """Give what one person, or anyone, alone was shown."""
        return await self._messages("ephemerals", user=user)

    async def cards(self, event_type: str | None = None, **payload: Json) -> list[Message]:
        """Find messages by their metadata: its type, and entries of its payload."""
        return [
            message
            for message in await self.messages()
            if message.metadata
            and event_type in (None, message.metadata.get("event_type"))
            and payload.items() <= table(message.metadata.get("event_payload")).items()
        ]

    async def calls(self, method: str | None = None) -> list[Call]:
        """Give the Web API calls so far, of one method or of all."""
        return [Call.from_json(item) for item in tables(await self.ask("calls", method=method))]

    async def violations(self) -> list[Violation]:
        return [Violation.from_json(item) for item in tables(await self.ask("violations"))]

    async def views(self, user: str) -> list[Payload]:
        """Give a person's open modals, the topmost last."""
        return tables(await self.ask("views", user=user))

    async def home(self, user: str, team: str = "") -> Payload | None:
        """Give a person's Home tab; None before it was published."""
        return table(await self.ask("home", user=user, team=team)) or None

    async def sessions(self) -> list[Payload]:
        """Give the agent sessions: channel, thread_ts, title, status and its history."""
        return tables(await self.ask("sessions"))

    async def status_line(self, channel: str, thread: str) -> str:
        """Give the status people see under a thread; empty once it is gone."""
        return text(await self.ask("status_line", channel=channel, thread=thread))

    async def execution(self, execution: str) -> Payload | None:
        """Give a workflow step's run: its status, outputs and error."""
        return table(await self.ask("execution", execution=execution)) or None

    async def file(self, file: str) -> bytes:
        """Give an uploaded file's content."""
        return base64.b64decode(text(await self.ask("file", file=file)))

    async def unfurls(self) -> list[Payload]:
        return tables(await self.ask("unfurls"))

    async def plain(self, channel: str, ts: str) -> str:
        """Write a thread as text, for reading a failed test."""
        return text(await self.ask("plain", channel=channel, ts=ts))

    async def readable(self, message: Message) -> str:
        """Give the words a message's blocks show."""
        return text(await self.ask("readable", blocks=[*message.blocks]))

    async def changed_since(self, version: int, timeout_seconds: float) -> int:
        """Wait until something changed after this version; give the present version."""
        result = await self.ask("changed_since", version=version, timeout_seconds=timeout_seconds)
        return whole(result)

    # Doing what people do.

    async def mention(
        self, user: str, channel: str, written: str, thread: str | None = None, *, trick: str = ""
    ) -> Delivery:
        """Name the bot in a message; ``also`` holds the ``message`` event of the same text."""
        named = written if f"<@{BOT_USER}>" in written else f"<@{BOT_USER}> {written}"
        return await self.say(user, channel, named, thread, trick=trick)

    async def say(
        self, user: str, channel: str, written: str, thread: str | None = None, *, trick: str = ""
    ) -> Delivery:
        """Write a message exactly as given."""
        return await self._deliver(
            "say", user=user, channel=channel, text=written, thread=thread, trick=trick
        )

    async def reply(
        self, user: str, channel: str, thread: str, written: str, *, trick: str = ""
    ) -> Delivery:
        """Write into a thread without naming the bot."""
        return await self.say(user, channel, written, thread, trick=trick)

    async def direct_message(
        self, user: str, written: str, thread: str | None = None, *, trick: str = ""
    ) -> Delivery:
        """Write to the bot alone."""
        return await self._deliver(
            "direct_message", user=user, text=written, thread=thread, trick=trick
        )

    async def edit(self, channel: str, ts: str, written: str) -> Delivery:
        """Let the author change a message."""
        return await self._deliver("edit", channel=channel, ts=ts, text=written)

    async def delete(self, channel: str, ts: str) -> Delivery:
        """Let the author remove a message."""
        return await self._deliver("delete", channel=channel, ts=ts)

    async def react(self, user: str, message: Message, name: str) -> Delivery:
        """Put an emoji on a message."""
        return await self._deliver(
            "react", user=user, channel=message.channel, ts=message.ts, name=name
        )

    async def click(
        self,
        user: str,
        message: Message,
        action: str,
        *,
        stale: bool = False,
        user_team: str = "",
        trick: str = "",
    ) -> Delivery:
        """Press a button by action id or label.

        ``stale`` presses what the given message showed, though it has been edited since.
        ``user_team`` claims another workspace for the person than their own.
        """
        return await self._deliver(
            "click",
            user=user,
            channel=message.channel,
            ts=message.ts,
            action=action,
            revision=message.revision if stale else None,
            user_team=user_team,
            trick=trick,
        )

    async def click_view(
        self, user: str, view: Payload, action: str, *, user_team: str = "", trick: str = ""
    ) -> Delivery:
        """Press a button of a modal or Home tab."""
        return await self._deliver(
            "click_view",
            user=user,
            view=view["id"],
            action=action,
            user_team=user_team,
            trick=trick,
        )

    async def slash(
        self, user: str, channel: str, written: str, *, command: str = "/baton", trick: str = ""
    ) -> Delivery:
        """Type a slash command; what its answer shows joins the channel or the ephemerals."""
        return await self._deliver(
            "slash", user=user, channel=channel, text=written, command=command, trick=trick
        )

    async def submit_view(
        self,
        user: str,
        view: Payload,
        values: Mapping[str, Json] | None = None,
        *,
        user_team: str = "",
        trick: str = "",
    ) -> Delivery:
        """Fill in a modal, by action id, block id or label, and send it."""
        return await self._deliver(
            "submit_view",
            user=user,
            view=view["id"],
            values=dict(values or {}),
            user_team=user_team,
            trick=trick,
        )

    async def close_view(self, user: str, view: Payload) -> Delivery:
        return await self._deliver("close_view", user=user, view=view["id"])

    async def shortcut(self, user: str, callback: str) -> Delivery:
        """Use a global shortcut."""
        return await self._deliver("shortcut", user=user, callback=callback)

    async def message_shortcut(self, user: str, message: Message, callback: str) -> Delivery:
        return await self._deliver(
            "message_shortcut",
            user=user,
            channel=message.channel,
            ts=message.ts,
            callback=callback,
        )

    async def open_home(self, user: str, tab: str = "home") -> Delivery:
        """Look at the app's ``home`` or ``messages`` tab."""
        return await self._deliver("open_home", user=user, tab=tab)

    async def stop_session(self, user: str, channel: str, thread: str) -> Delivery:
        """Press Slack's own Stop button."""
        return await self._deliver("stop_session", user=user, channel=channel, thread=thread)

    async def run_function(self, callback: str, inputs: Mapping[str, Json], user: str) -> Delivery:
        """Reach the app's custom workflow step; the event carries the execution id."""
        return await self._deliver(
            "run_function", callback=callback, inputs=dict(inputs), user=user
        )

    async def emit(self, event: Payload, team: str = TEAM, *, trick: str = "") -> Delivery:
        """Deliver any event in a proper envelope."""
        return await self._deliver("emit", event=event, team=team, trick=trick)

    async def verify_url(self, challenge: str = "challenge", *, trick: str = "") -> Delivery:
        """Ask the app to prove that its URL is its own."""
        payload: Payload = {"type": "url_verification", "challenge": challenge}
        return await self._deliver("notify", payload=payload, trick=trick)

    async def limit_app(self, team: str = TEAM) -> Delivery:
        """Tell the app that it is sent no more events for a while."""
        payload: Payload = {
            "type": "app_rate_limited",
            "team_id": team,
            "minute_rate_limited": 29_900_000,
            "api_app_id": APP,
        }
        return await self._deliver("notify", payload=payload)

    async def post_raw(self, body: bytes, headers: Mapping[str, str]) -> Attempt:
        """Send the app's URL any bytes with any headers."""
        encoded = base64.b64encode(body).decode()
        return Attempt.from_json(
            table(await self.ask("post_raw", body=encoded, headers=dict(headers)))
        )

    # Setting the stage.

    async def target(self, *urls: str) -> None:
        """Say where the app takes HTTP deliveries; of several, each in its turn."""
        await self.configure(target_url=" ".join(urls))

    async def configure(self, **settings: Json) -> None:
        """Change ``Behaviour`` settings."""
        await self.ask("configure", **settings)

    async def fault(
        self,
        method: str,
        kind: str,
        *,
        holding: str = "",
        times: int | None = 1,
        after: int = 0,
        probability: float = 1.0,
        seed: int = 0,
        error: str = "",
        status: int = 503,
        retry_after_seconds: int = 1,
        delay_seconds: float = 0.0,
    ) -> None:
        """Misbehave towards the next calls; ``faults.Fault`` explains every field."""
        await self.ask(
            "fault",
            method=method,
            kind=kind,
            holding=holding,
            times=times,
            after=after,
            probability=probability,
            seed=seed,
            error=error,
            status=status,
            retry_after_seconds=retry_after_seconds,
            delay_seconds=delay_seconds,
        )

    async def clear_faults(self) -> None:
        await self.ask("clear_faults")

    async def pass_time(self, seconds: float) -> None:
        """Let trigger ids, response URLs, streams and rate limits age at once."""
        await self.ask("pass_time", seconds=seconds)

    async def hold(self) -> None:
        """Keep deliveries back from now on."""
        await self.ask("hold")

    async def release(self, order: str = "first", seed: int = 0) -> list[Delivery]:
        """Deliver what was held: ``first`` or ``last`` in first, or ``shuffled``."""
        return [
            Delivery.from_json(item)
            for item in tables(await self.ask("release", order=order, seed=seed))
        ]

    async def add_team(self, team: str, *, name: str, bot_token: str) -> None:
        await self.ask("add_team", id=team, name=name, bot_token=bot_token, app_id=APP)

    async def grant(self, scopes: Sequence[str] | None, team: str = TEAM) -> None:
        """Let the bot token hold only these scopes; None grants all."""
        await self.ask("change_team", id=team, scopes=None if scopes is None else [*scopes])

    async def join(self, team: str, organisation: str) -> None:
        """Let a workspace be one of an organisation's, which installs apps for all of them."""
        await self.ask("change_team", id=team, organisation=organisation)

    async def revoke(self, team: str = TEAM, *, revoked: bool = True) -> None:
        """Revoke a workspace's bot token, or give it back."""
        await self.ask("change_team", id=team, revoked=revoked)

    async def put_user(self, user: str, team: str = TEAM, **flags: Json) -> None:
        """Add or change a person: ``name``, ``is_restricted``, ``deleted``, ``is_bot``, …"""
        await self.ask("put_user", id=user, team=team, **flags)

    async def put_channel(self, channel: str, team: str = TEAM, **flags: Json) -> None:
        """Add or change a channel: ``members``, ``is_private``, ``is_archived``, …"""
        await self.ask("put_channel", id=channel, team=team, **flags)

    async def put_group(self, group: str, users: Sequence[str], team: str = TEAM) -> None:
        """Add a user group or change who is in it."""
        await self.ask("put_group", id=group, users=[*users], team=team)

    async def connections(self) -> int:
        """Count the open Socket Mode connections."""
        return whole(await self.ask("connections"))

    async def disconnect_sockets(self, reason: str = "refresh_requested", *, most: int = 10) -> int:
        """Ask Socket Mode connections to come anew; ``warning`` leaves them open."""
        return whole(await self.ask("disconnect_sockets", reason=reason, most=most))

    async def abort_sockets(self) -> int:
        """Cut every Socket Mode connection."""
        return whole(await self.ask("abort_sockets"))
