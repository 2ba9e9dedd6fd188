"""``chat.*``: posting, editing and deleting messages."""

from __future__ import annotations

from collections.abc import Mapping

from tests.worlds.slack.directory import Channel
from tests.worlds.slack.errors import SlackError
from tests.worlds.slack.messages import rich_text
from tests.worlds.slack.methods.method import Method, MethodCall
from tests.worlds.slack.payload import Json, Payload, rows, table

_CONTENT = ("text", "blocks", "attachments", "metadata")
_LOOK = ("username", "icon_emoji", "icon_url")


def _post_message(call: MethodCall) -> Payload:
    call.require(call.inspector.message(call.arguments, is_update=False))
    channel = _target(call)
    content = _content(call) | _thread(call, channel)
    if call.flag("reply_broadcast") and "thread_ts" in content:
        content["subtype"] = "thread_broadcast"
    stored = call.state.messages.post(channel.id, call.state.bot_message(call.team, content))
    call.state.statuses.clear(channel.id, stored.root)
    return {"channel": channel.id, "ts": stored.ts, "message": dict(stored.raw)}


def _update(call: MethodCall) -> Payload:
    call.require(call.inspector.message(call.arguments, is_update=True))
    channel = call.channel()
    stored = call.own_message(channel, call.text("ts"), error="cant_update_message")
    if channel.is_archived:
        raise SlackError("is_inactive")
    if stored.streaming_since is not None:
        raise SlackError("streaming_state_conflict")
    changes = _content(call)
    call.state.messages.edit(stored, changes, by=call.team.bot_user_id)
    if stored.raw.get("metadata") == {}:
        del stored.raw["metadata"]
    return {
        "channel": channel.id,
        "ts": stored.ts,
        "text": stored.raw.get("text"),
        "message": dict(stored.raw),
    }


def _delete(call: MethodCall) -> Payload:
    channel = call.channel()
    stored = call.own_message(channel, call.text("ts"), error="cant_delete_message")
    call.state.messages.delete(stored)
    return {"channel": channel.id, "ts": stored.ts}


def _post_ephemeral(call: MethodCall) -> Payload:
    call.require(call.inspector.message(call.arguments, is_update=False))
    channel = call.writable_channel()
    user = call.text("user")
    if user not in channel.members:
        raise SlackError("user_not_in_channel")
    content = _content(call) | _thread(call, channel)
    content.pop("metadata", None)
    stored = call.state.messages.post_ephemeral(
        channel.id, user, call.state.bot_message(call.team, content)
    )
    return {"message_ts": stored.ts}


def _get_permalink(call: MethodCall) -> Payload:
    channel = call.channel()
    stored = call.message(channel, call.text("message_ts"))
    link = (
        f"https://{call.team.domain}.slack.com/archives/{channel.id}/p{stored.ts.replace('.', '')}"
    )
    if stored.root != stored.ts:
        link += f"?thread_ts={stored.root}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def _unfurl(call: MethodCall) -> Payload:
    unfurls = table(call.get("unfurls"))
    if not unfurls:
        raise SlackError("missing_unfurls")
    if not call.text("unfurl_id"):
        channel = call.channel(error="cannot_find_channel")
        if call.state.messages.find(channel.id, call.text("ts")) is None:
            raise SlackError("cannot_find_message")
    for unfurl in unfurls.values():
        if "blocks" in table(unfurl):
            call.require(call.inspector.blocks(table(unfurl)["blocks"]))
    call.state.unfurls.append(dict(call.arguments))
    return {}


def _target(call: MethodCall) -> Channel:
    """Give the channel to post to; a person's id stands for the conversation with them."""
    user = call.state.directory.users.get(call.text("channel"))
    if user is None:
        return call.writable_channel()
    if user.deleted or user.is_bot:
        raise SlackError("channel_not_found")
    return call.state.directory.open_conversation(call.team, [user.id])


def _content(call: MethodCall) -> Payload:
    content = call.given(*_CONTENT, *_LOOK)
    markdown = call.text("markdown_text")
    if markdown:
        block: Payload = {"type": "markdown", "text": markdown}
        content |= {"text": markdown, "blocks": [block]}
    if "blocks" not in content and call.name != "chat.update" and content.get("text"):
        block = rich_text(call.text("text"))
        shown: list[Json] = [block]
        content["blocks"] = shown
    if call.name == "chat.update" and "text" in content and "blocks" not in content:
        # Slack redraws the block it made of the text; blocks of the app's own stay.
        stored = call.state.messages.find(call.text("channel"), call.text("ts"))
        if stored and _is_plain(stored.raw):
            content["blocks"] = [rich_text(call.text("text"))]
    content.setdefault("text", "")
    return content


def _is_plain(raw: Payload) -> bool:
    blocks = rows(raw.get("blocks"))
    return len(blocks) == 1 and table(blocks[0]).get("type") == "rich_text"


def _thread(call: MethodCall, channel: Channel) -> Payload:
    """Give the thread to post into: a reply's ts stands for its thread's."""
    ts = call.text("thread_ts")
    if not ts:
        return {}
    parent = call.state.messages.find(channel.id, ts)
    if parent is None:
        if not call.state.messages.of_thread(channel.id, ts):
            raise SlackError("cannot_reply_to_message")
        return {"thread_ts": ts}
    if parent.root != parent.ts:
        detail = f"thread_ts {ts} names a reply, not the thread"
        call.state.violate(call.name, "thread_ts_of_a_reply", detail)
    root = call.state.messages.find(channel.id, parent.root)
    author = str((root or parent).raw.get("user", ""))
    return {"thread_ts": parent.root, "parent_user_id": author}


METHODS: Mapping[str, Method] = {
    "chat.postMessage": _post_message,
    "chat.update": _update,
    "chat.delete": _delete,
    "chat.postEphemeral": _post_ephemeral,
    "chat.getPermalink": _get_permalink,
    "chat.unfurl": _unfurl,
}
