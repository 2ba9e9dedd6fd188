"""Operations that only look."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from tests.worlds.slack.control.operation import Operation
from tests.worlds.slack.errors import UnknownThingError
from tests.worlds.slack.payload import (
    Json,
    Payload,
    maybe_text,
    number,
    text,
    whole,
)
from tests.worlds.slack.rendering import plain_thread, readable
from tests.worlds.slack.server import Server


async def _messages(server: Server, given: Payload) -> Json:
    channel, thread = text(given["channel"]), maybe_text(given.get("thread"))
    messages = server.state.messages
    if not channel:
        found = messages.all()
    elif thread:
        server.state.message(channel, thread)
        found = messages.of_thread(channel, thread)
    else:
        server.state.channel(channel)
        found = messages.of_channel(channel)
    return [item.seen().to_json() for item in found]


async def _message(server: Server, given: Payload) -> Json:
    return server.state.message(text(given["channel"]), text(given["ts"])).seen().to_json()


async def _revisions(server: Server, given: Payload) -> Json:
    stored = server.state.message(text(given["channel"]), text(given["ts"]))
    return [{"channel": stored.channel, "raw": raw} for raw in [*stored.earlier, stored.raw]]


async def _ephemerals(server: Server, given: Payload) -> Json:
    user = maybe_text(given.get("user"))
    shown = server.state.messages.ephemeral
    return [
        item.seen().to_json()
        for item in shown
        if user is None or item.raw.get("ephemeral_for") == user
    ]


async def _calls(server: Server, given: Payload) -> Json:
    method = maybe_text(given.get("method"))
    return [call.to_json() for call in server.state.calls if method in (None, call.method)]


async def _violations(server: Server, given: Payload) -> Json:
    return [violation.to_json() for violation in server.state.violations]


async def _views(server: Server, given: Payload) -> Json:
    return [view.payload() for view in server.state.views.stack(text(given["user"]))]


async def _home(server: Server, given: Payload) -> Json:
    user = server.state.user(text(given["user"]))
    home = server.state.views.homes.get((text(given["team"]) or user.team, user.id))
    return home.payload() if home else None


async def _sessions(server: Server, given: Payload) -> Json:
    return [session.payload() for session in server.state.sessions.values()]


async def _status_line(server: Server, given: Payload) -> Json:
    return server.state.statuses.get(text(given["channel"]), text(given["thread"]))


async def _execution(server: Server, given: Payload) -> Json:
    found = server.state.executions.get(text(given["execution"]))
    return found.payload() if found else None


async def _file(server: Server, given: Payload) -> Json:
    file = server.state.files.get(text(given["file"]))
    if file is None or file.content is None:
        raise UnknownThingError(f"no file {given['file']!r}")
    return base64.b64encode(file.content).decode()


async def _unfurls(server: Server, given: Payload) -> Json:
    return [*server.state.unfurls]


async def _plain(server: Server, given: Payload) -> Json:
    return plain_thread(server.state, text(given["channel"]), text(given["ts"]))


async def _readable(server: Server, given: Payload) -> Json:
    return readable(given["blocks"])


async def _changed_since(server: Server, given: Payload) -> Json:
    return await server.state.changed_since(
        whole(given["version"]), timeout_seconds=number(given["timeout_seconds"])
    )


OPERATIONS: Mapping[str, Operation] = {
    operation.__name__.removeprefix("_"): operation
    for operation in (
        _messages,
        _message,
        _revisions,
        _ephemerals,
        _calls,
        _violations,
        _views,
        _home,
        _sessions,
        _status_line,
        _execution,
        _file,
        _unfurls,
        _plain,
        _readable,
        _changed_since,
    )
}
