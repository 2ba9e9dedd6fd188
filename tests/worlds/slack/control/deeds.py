"""Operations by which people do something."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from tests.worlds.slack.control.operation import Operation
from tests.worlds.slack.payload import (
    Json,
    Payload,
    maybe_text,
    table,
    text,
    whole,
)
from tests.worlds.slack.server import Server


async def _say(server: Server, given: Payload) -> Json:
    delivery = await server.people.say(
        text(given["user"]),
        text(given["channel"]),
        text(given["text"]),
        thread=maybe_text(given.get("thread")),
        trick=text(given.get("trick")),
    )
    return delivery.to_json()


async def _direct_message(server: Server, given: Payload) -> Json:
    delivery = await server.people.direct_message(
        text(given["user"]),
        text(given["text"]),
        thread=maybe_text(given.get("thread")),
        trick=text(given.get("trick")),
    )
    return delivery.to_json()


async def _edit(server: Server, given: Payload) -> Json:
    channel, ts = text(given["channel"]), text(given["ts"])
    return (await server.people.edit(channel, ts, text(given["text"]))).to_json()


async def _delete(server: Server, given: Payload) -> Json:
    return (await server.people.delete(text(given["channel"]), text(given["ts"]))).to_json()


async def _react(server: Server, given: Payload) -> Json:
    user, channel = text(given["user"]), text(given["channel"])
    return (
        await server.people.react(user, channel, text(given["ts"]), text(given["name"]))
    ).to_json()


async def _slash(server: Server, given: Payload) -> Json:
    delivery = await server.people.slash(
        text(given["user"]),
        text(given["channel"]),
        text(given["text"]),
        command=text(given["command"]),
        trick=text(given.get("trick")),
    )
    return delivery.to_json()


async def _click(server: Server, given: Payload) -> Json:
    revision = given.get("revision")
    delivery = await server.people.click(
        text(given["user"]),
        text(given["channel"]),
        text(given["ts"]),
        text(given["action"]),
        revision=None if revision is None else whole(revision),
        user_team=text(given.get("user_team")),
        trick=text(given.get("trick")),
    )
    return delivery.to_json()


async def _click_view(server: Server, given: Payload) -> Json:
    delivery = await server.people.click_view(
        text(given["user"]),
        text(given["view"]),
        text(given["action"]),
        user_team=text(given.get("user_team")),
        trick=text(given.get("trick")),
    )
    return delivery.to_json()


async def _submit_view(server: Server, given: Payload) -> Json:
    delivery = await server.people.submit_view(
        text(given["user"]),
        text(given["view"]),
        table(given["values"]),
        user_team=text(given.get("user_team")),
        trick=text(given.get("trick")),
    )
    return delivery.to_json()


async def _close_view(server: Server, given: Payload) -> Json:
    return (await server.people.close_view(text(given["user"]), text(given["view"]))).to_json()


async def _shortcut(server: Server, given: Payload) -> Json:
    return (await server.people.shortcut(text(given["user"]), text(given["callback"]))).to_json()


async def _message_shortcut(server: Server, given: Payload) -> Json:
    delivery = await server.people.message_shortcut(
        text(given["user"]), text(given["channel"]), text(given["ts"]), text(given["callback"])
    )
    return delivery.to_json()


async def _open_home(server: Server, given: Payload) -> Json:
    return (await server.people.open_home(text(given["user"]), tab=text(given["tab"]))).to_json()


async def _stop_session(server: Server, given: Payload) -> Json:
    delivery = await server.people.stop_session(
        text(given["user"]), text(given["channel"]), text(given["thread"])
    )
    return delivery.to_json()


async def _run_function(server: Server, given: Payload) -> Json:
    delivery = await server.people.run_function(
        text(given["callback"]), table(given["inputs"]), user=text(given["user"])
    )
    return delivery.to_json()


async def _emit(server: Server, given: Payload) -> Json:
    delivery = await server.people.emit(
        table(given["event"]), team=text(given["team"]), trick=text(given.get("trick"))
    )
    return delivery.to_json()


async def _notify(server: Server, given: Payload) -> Json:
    delivery = await server.people.notify(table(given["payload"]), trick=text(given.get("trick")))
    return delivery.to_json()


async def _post_raw(server: Server, given: Payload) -> Json:
    headers = {name: text(value) for name, value in table(given["headers"]).items()}
    body = base64.b64decode(text(given["body"]))
    return (await server.outbound.post(body, headers)).to_json()


async def _hold(server: Server, given: Payload) -> Json:
    server.outbound.hold()
    return None


async def _release(server: Server, given: Payload) -> Json:
    deliveries = await server.outbound.release(
        order=text(given["order"]), seed=whole(given["seed"])
    )
    return [delivery.to_json() for delivery in deliveries]


OPERATIONS: Mapping[str, Operation] = {
    operation.__name__.removeprefix("_"): operation
    for operation in (
        _say,
        _direct_message,
        _edit,
        _delete,
        _react,
        _slash,
        _click,
        _click_view,
        _submit_view,
        _close_view,
        _shortcut,
        _message_shortcut,
        _open_home,
        _stop_session,
        _run_function,
        _emit,
        _notify,
        _post_raw,
        _hold,
        _release,
    )
}
