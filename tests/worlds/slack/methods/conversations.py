"""``conversations.*``: reading channels, threads and members, opening direct messages."""

from __future__ import annotations

from collections.abc import Mapping

from tests.worlds.slack.directory import Channel
from tests.worlds.slack.errors import SlackError
from tests.worlds.slack.messages import Stored
from tests.worlds.slack.methods.method import Method, MethodCall, page
from tests.worlds.slack.payload import Json, Payload

_HISTORY_MOST = 999
_REPLIES_MOST = 1000


def _history(call: MethodCall) -> Payload:
    channel = _readable(call)
    top = [
        item
        for item in call.state.messages.of_channel(channel.id)
        if item.root == item.ts or item.raw.get("subtype") == "thread_broadcast"
    ]
    shown = [_shown(call, item) for item in reversed(top) if _within(call, item.ts)]
    part, cursor = page(call, shown, most=_HISTORY_MOST)
    return _answer(part, cursor)


def _replies(call: MethodCall) -> Payload:
    channel = _readable(call)
    named = call.state.messages.find(channel.id, call.text("ts"))
    if named is None:
        raise SlackError("thread_not_found")
    thread = call.state.messages.of_thread(channel.id, named.root)
    # The first message of a thread is always part of the answer, whatever the window.
    shown = [
        _shown(call, item) for item in thread if item.ts == named.root or _within(call, item.ts)
    ]
    part, cursor = page(call, shown, most=_REPLIES_MOST)
    return _answer(part, cursor)


def _info(call: MethodCall) -> Payload:
    channel = call.channel()
    shown = channel.payload(bot_user_id=call.team.bot_user_id)
    if call.flag("include_num_members"):
        shown["num_members"] = len(channel.members)
    return {"channel": shown}


def _members(call: MethodCall) -> Payload:
    people: list[Payload] = [{"id": user} for user in call.channel().members]
    part, cursor = page(call, people, most=1000)
    ids: list[Json] = [person["id"] for person in part]
    return {"members": ids, "response_metadata": {"next_cursor": cursor}}


def _open(call: MethodCall) -> Payload:
    directory = call.state.directory
    if call.text("channel"):
        opened = call.channel()
        return {"channel": _opened(call, opened), "no_op": True, "already_open": True}
    people = [user.strip() for user in call.text("users").split(",") if user.strip()]
    if not people:
        raise SlackError("users_list_not_supplied")
    if len(people) > 8:
        raise SlackError("too_many_users")
    for person in people:
        user = directory.users.get(person)
        if user is None:
            raise SlackError("user_not_found")
        if user.deleted:
            raise SlackError("user_disabled")
    present = directory.conversation_of(call.team.id, {call.team.bot_user_id, *people})
    if present is None and call.flag("prevent_creation"):
        raise SlackError("channel_not_found")
    opened = directory.open_conversation(call.team, people)
    answer: Payload = {"channel": _opened(call, opened)}
    return answer | {"no_op": True, "already_open": True} if present else answer


def _list(call: MethodCall) -> Payload:
    kinds = (call.text("types") or "public_channel").split(",")
    shown = [
        channel.payload(bot_user_id=call.team.bot_user_id)
        for channel in call.state.directory.channels.values()
        if call.team.id in (channel.team, *channel.connected_teams)
        and _kind(channel) in kinds
        and not (call.flag("exclude_archived") and channel.is_archived)
        and (_kind(channel) == "public_channel" or call.team.bot_user_id in channel.members)
    ]
    part, cursor = page(call, shown, most=1000)
    listed: list[Json] = [*part]
    return {"channels": listed, "response_metadata": {"next_cursor": cursor}}


def _join(call: MethodCall) -> Payload:
    channel = call.channel()
    if channel.is_private or channel.is_im or channel.is_mpim:
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    if call.team.bot_user_id not in channel.members:
        channel.members.append(call.team.bot_user_id)
    return {"channel": channel.payload(bot_user_id=call.team.bot_user_id)}


def _readable(call: MethodCall) -> Channel:
    channel = call.channel()
    if call.team.bot_user_id not in channel.members:
        raise SlackError("not_in_channel" if call.name.endswith("history") else "channel_not_found")
    return channel


def _within(call: MethodCall, ts: str) -> bool:
    oldest, latest = call.text("oldest"), call.text("latest")
    moment = float(ts)
    inclusive = call.flag("inclusive")
    if oldest and (moment < float(oldest) or (moment == float(oldest) and not inclusive)):
        return False
    return not (latest and (moment > float(latest) or (moment == float(latest) and not inclusive)))


def _shown(call: MethodCall, item: Stored) -> Payload:
    if call.flag("include_all_metadata"):
        return dict(item.raw)
    return {name: value for name, value in item.raw.items() if name != "metadata"}


def _answer(messages: list[Payload], cursor: str) -> Payload:
    listed: list[Json] = [*messages]
    answer: Payload = {"messages": listed, "has_more": bool(cursor)}
    if cursor:
        answer["response_metadata"] = {"next_cursor": cursor}
    return answer


def _opened(call: MethodCall, channel: Channel) -> Payload:
    if call.flag("return_im"):
        return channel.payload(bot_user_id=call.team.bot_user_id)
    return {"id": channel.id}


def _kind(channel: Channel) -> str:
    names = {"channel": "public_channel", "group": "private_channel"}
    return names.get(channel.kind, channel.kind)


METHODS: Mapping[str, Method] = {
    "conversations.history": _history,
    "conversations.replies": _replies,
    "conversations.info": _info,
    "conversations.members": _members,
    "conversations.open": _open,
    "conversations.list": _list,
    "conversations.join": _join,
}
