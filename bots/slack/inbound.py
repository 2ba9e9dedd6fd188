"""What Slack delivers, read into our own values. Pure: no clock, no network, no database."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import cast

from bots.slack.address import new_thread, place
from bots.slack.identity import Identity, Installation
from bots.slack.payload import Payload
from bots.slack.people import Claim, claim_in_command, claim_in_event, claim_in_interaction
from runtime.domain.approval import Decide, Verdict
from runtime.domain.conversation import Message, Person, Place
from runtime.domain.json import JsonObject

_SPOKEN_SUBTYPES = frozenset({"", "file_share", "thread_broadcast"})
_TOKEN = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")
_ENTITIES = re.compile(r"&(amp|lt|gt);")
_CHARACTERS = {"amp": "&", "lt": "<", "gt": ">"}
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
VERDICT_ACTIONS = {
    # Nobody says "edit" by a button: it is an approval of what was typed into a form.
    f"approval.{verdict.value}": verdict
    for verdict in Verdict
    if verdict is not Verdict.EDIT
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Something said to Baton, by somebody whose profile has still to be looked up."""

    claim: Claim
    installation: Installation
    channel: str
    ts: str
    thread_ts: str
    text: str
    addressed: bool
    event_key: str
    also_known_as: str
    direct: bool = False
    """It was written to the bot alone."""

    def message(self, person: Person) -> Message:
        """Give what the runtime receives."""
        return Message(
            event_key=self.event_key,
            also_known_as=self.also_known_as,
            person=person,
            place=place(self.installation, channel=self.channel, thread_ts=self.thread_ts),
            text=self.text,
            addressed=self.addressed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """A button, or a dialog that was submitted."""

    claim: Claim
    installation: Installation
    action: str
    value: Payload
    channel: str
    thread_ts: str
    trigger_id: str
    response_url: str
    ephemeral: bool
    """It was clicked in a message only the person sees, which nobody redraws."""

    def verdict(
        self,
        person: Person,
        *,
        reason: str = "",
        code: str = "",
        arguments: JsonObject | None = None,
    ) -> Decide | None:
        """Give the decision this click stands for; None where its value names no approval."""
        approval, nonce = self.value.identifier("id"), self.value.text("nonce")
        verdict = VERDICT_ACTIONS.get(self.action)
        if verdict is None or not approval or not nonce:
            return None
        return Decide(
            approval=approval,
            person=person,
            verdict=verdict,
            surface="slack",
            reason=reason,
            code=code,
            nonce=nonce,
            arguments=arguments,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A slash command."""

    claim: Claim
    installation: Installation
    text: str
    channel: str
    event_key: str
    trigger_id: str = ""

    @property
    def verb(self) -> str:
        """Give the first word, as it is looked up."""
        return next(iter(self.text.lower().split(None, 1)), "")

    @property
    def is_bare_run(self) -> bool:
        """Say whether somebody wants a run and has not said yet of what."""
        return self.text.lower().split() == ["run"]

    @property
    def place(self) -> Place:
        """Give the channel itself, since commands are not typed in threads; a run begins one, and
        so does each run of a schedule that is set going."""
        words = self.text.lower().split(None, 2)
        if self.verb == "run" or words[:2] == ["schedules", "start"]:
            return new_thread(self.installation, channel=self.channel, cause=self.event_key)
        return place(self.installation, channel=self.channel, thread_ts="")


def read_event(body: Payload, identity: Identity) -> Heard | None:
    """Read an event of the Events API; None where Baton has nothing to hear in it."""
    event = body.at("event")
    kind = event.text("type")
    if kind not in ("app_mention", "message") or not _is_said_by_a_person(event, identity):
        return None
    channel, ts = event.identifier("channel"), event.timestamp("ts")
    thread_ts = event.timestamp("thread_ts")
    event_id = body.identifier("event_id")
    if not channel or not ts or not event_id:
        return None
    direct = event.text("channel_type") == "im"
    addressed = kind == "app_mention" or direct or names(event.text("text"), identity.bot_user_id)
    if not addressed and not thread_ts:
        return None
    installation = identity.installation
    return Heard(
        claim=claim_in_event(body, installation),
        installation=installation,
        channel=channel,
        ts=ts,
        thread_ts=thread_ts or ts,
        text=_with_files(readable(event.text("text"), identity.bot_user_id), event),
        addressed=addressed,
        event_key=f"slack:{event_id}",
        direct=direct,
        also_known_as=f"slack:{installation.workspace}:{channel}:{ts}",
    )


def read_click(body: Payload, installation: Installation) -> Click:
    """Read the first action of a ``block_actions`` payload."""
    action = next(iter(body.items("actions")), Payload(None))
    message = body.at("message")
    container = body.at("container")
    return Click(
        claim=claim_in_interaction(body),
        installation=installation,
        action=_family(action.text("action_id")),
        value=_json_object(action.text("value")),
        channel=body.identifier("channel", "id") or container.identifier("channel_id"),
        thread_ts=(
            message.timestamp("thread_ts")
            or container.timestamp("thread_ts")
            or message.timestamp("ts")
            or container.timestamp("message_ts")
        ),
        trigger_id=body.text("trigger_id"),
        response_url=body.text("response_url"),
        ephemeral=container.flag("is_ephemeral"),
    )


def read_submission(body: Payload, installation: Installation, *, action: str) -> Click:
    """Read a submitted dialog as a click; its private metadata holds ids and nothing else."""
    metadata = _json_object(body.text("view", "private_metadata"))
    return Click(
        claim=claim_in_interaction(body),
        installation=installation,
        action=action,
        value=metadata,
        channel=metadata.identifier("channel"),
        thread_ts=metadata.timestamp("thread_ts"),
        trigger_id=body.text("trigger_id"),
        response_url="",
        ephemeral=True,
    )


def read_command(body: Payload, installation: Installation) -> Typed:
    """Read a slash command."""
    return Typed(
        claim=claim_in_command(body),
        installation=installation,
        text=readable(body.text("text"), ""),
        channel=body.identifier("channel_id"),
        event_key=f"slack:command:{body.text('trigger_id')}",
        trigger_id=body.text("trigger_id"),
    )


def names(text: str, bot_user_id: str) -> bool:
    """Say whether a text mentions exactly this account."""
    return any(
        target == f"@{bot_user_id}"
        for target, _ in cast("list[tuple[str, str]]", _TOKEN.findall(text))
    )


def readable(text: str, bot_user_id: str) -> str:
    """Turn Slack's wire text into what the person typed, without the mention of the bot.

    One pass over the tokens and one over the entities, so that an escaped ``&lt;@U1&gt;`` stays
    text. What no database stores (NUL, lone surrogates) becomes a replacement character.
    """

    def spoken(match: re.Match[str]) -> str:
        target, label = match.group(1), match.group(2)
        if bot_user_id and target == f"@{bot_user_id}":
            return ""
        if target.startswith(("@", "#", "!")):
            sign = "#" if target.startswith("#") else "@"
            word = label or target[1:].removeprefix("subteam^")
            return sign + word.lstrip("@#")
        return target

    plain = _ENTITIES.sub(lambda found: _CHARACTERS[found.group(1)], _TOKEN.sub(spoken, text))
    return _UNSTORABLE.sub("\ufffd", plain).strip()


def _is_said_by_a_person(event: Payload, identity: Identity) -> bool:
    if event.text("subtype") not in _SPOKEN_SUBTYPES or event.flag("hidden"):
        return False
    if not event.at("bot_id").empty or not event.at("bot_profile").empty:
        return False
    author = event.identifier("user")
    return bool(author) and author not in (identity.bot_user_id, "USLACKBOT")


def _with_files(text: str, event: Payload) -> str:
    files = [name for name in (file.text("name") for file in event.items("files")) if name]
    if not files:
        return text
    listed = _UNSTORABLE.sub("\ufffd", ", ".join(files))
    return f"{text}\n\n(attached: {listed})".strip()


def _family(action_id: str) -> str:
    # ``question.answer:2``: ids must differ within a message, the choice is in the value.
    return action_id.partition(":")[0]


def _json_object(text: str) -> Payload:
    try:
        value = cast("object", json.loads(text))
    except (ValueError, RecursionError):
        return Payload(None)
    return Payload(cast("object", value) if isinstance(value, dict) else None)
