"""``chat.*Stream``: an answer that grows while people read it."""

from __future__ import annotations

from collections.abc import Mapping

from tests.worlds.slack.errors import SlackError
from tests.worlds.slack.messages import Stored
from tests.worlds.slack.methods.method import Method, MethodCall
from tests.worlds.slack.payload import Payload, rows, tables, text

STREAM_SECONDS = 300.0
"""How long a stream lives, as the field reports it."""

_CHARACTERS = 12_000


def _start(call: MethodCall) -> Payload:
    channel = call.writable_channel()
    if not channel.is_im:
        for name in ("recipient_user_id", "recipient_team_id"):
            if not call.text(name):
                raise SlackError(f"missing_{name}")
    reader = call.text("recipient_user_id")
    if reader and reader not in call.state.directory.users:
        raise SlackError("user_not_found")
    root = call.text("thread_ts")
    if not root or not call.state.messages.of_thread(channel.id, root):
        raise SlackError("invalid_arguments", messages=["thread_ts names no message"])
    content = call.state.bot_message(
        call.team, {"text": "", "thread_ts": root, "streaming_state": "in_progress"}
    )
    stored = call.state.messages.post(channel.id, content)
    stored.streaming_since = call.state.clock.expiry_now()
    _grow(call, stored)
    call.state.statuses.clear(channel.id, root)
    return {"channel": channel.id, "ts": stored.ts}


def _append(call: MethodCall) -> Payload:
    stored = _streaming(call)
    if not call.text("markdown_text") and not rows(call.get("chunks")):
        raise SlackError("no_text")
    _grow(call, stored)
    return {"channel": stored.channel, "ts": stored.ts}


def _stop(call: MethodCall) -> Payload:
    stored = _streaming(call)
    if call.get("blocks") is not None:
        call.require(call.inspector.blocks(call.get("blocks")))
    _grow(call, stored)
    stored.streaming_since = None
    stored.raw |= call.given("metadata")
    stored.raw["blocks"] = [*rows(stored.raw.get("blocks")), *rows(call.get("blocks"))]
    call.require(call.inspector.blocks(stored.raw["blocks"]))
    stored.raw["streaming_state"] = "completed"
    return {"channel": stored.channel, "ts": stored.ts, "message": dict(stored.raw)}


def _streaming(call: MethodCall) -> Stored:
    stored = call.own_message(call.channel(), call.text("ts"), error="message_not_owned_by_app")
    since = stored.streaming_since
    if since is None:
        raise SlackError("message_not_in_streaming_state")
    if call.state.clock.expiry_now() - since > STREAM_SECONDS:
        stored.streaming_since = None
        stored.raw["streaming_state"] = "errored"
        raise SlackError("message_not_in_streaming_state")
    return stored


def _grow(call: MethodCall, stored: Stored) -> None:
    written = call.text("markdown_text")
    if len(written) > _CHARACTERS:
        call.state.violate(call.name, "msg_too_long", f"{len(written)} characters in one call")
        raise SlackError("msg_too_long")
    for chunk in tables(call.get("chunks")):
        match chunk.get("type"):
            case "markdown_text":
                written += text(chunk.get("text"))
            case "blocks":
                call.require(call.inspector.blocks(chunk.get("blocks")))
                kept = rows(stored.raw.get("blocks"))
                stored.raw["blocks"] = [*kept, *rows(chunk.get("blocks"))]
            case "task_update" | "plan_update":
                stored.raw["tasks"] = [*rows(stored.raw.get("tasks")), chunk]
            case unknown:
                call.state.violate(call.name, "invalid_chunks", f"unknown chunk {unknown!r}")
                raise SlackError("invalid_chunks")
    stored.raw["text"] = text(stored.raw.get("text")) + written
    if stored.raw["text"]:
        shown: Payload = {"type": "markdown", "text": stored.raw["text"]}
        others = [one for one in tables(stored.raw.get("blocks")) if one["type"] != "markdown"]
        stored.raw["blocks"] = [shown, *others]


METHODS: Mapping[str, Method] = {
    "chat.startStream": _start,
    "chat.appendStream": _append,
    "chat.stopStream": _stop,
}
