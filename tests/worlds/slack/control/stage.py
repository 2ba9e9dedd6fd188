"""Operations that set the stage: people, channels, settings, faults, sockets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from tests.worlds.slack.control.operation import Operation
from tests.worlds.slack.directory import Channel, Team, User, UserGroup
from tests.worlds.slack.faults import Fault
from tests.worlds.slack.payload import (
    Json,
    Payload,
    is_true,
    number,
    text,
    texts,
    whole,
)
from tests.worlds.slack.server import Server


async def _configure(server: Server, given: Payload) -> Json:
    known = {field.name for field in fields(server.behaviour)}
    for name, value in given.items():
        if name not in known:
            raise ValueError(f"no setting {name!r}: there are {sorted(known)}")
        setattr(server.behaviour, name, value)
    return None


async def _fault(server: Server, given: Payload) -> Json:
    fault = Fault(
        method=text(given["method"]),
        kind=text(given["kind"]),
        holding=text(given.get("holding")),
        times=None if given.get("times") is None else whole(given["times"]),
        after=whole(given.get("after")),
        probability=number(given["probability"]),
        seed=whole(given.get("seed")),
        error=text(given.get("error")),
        status=whole(given["status"]),
        retry_after_seconds=whole(given["retry_after_seconds"]),
        delay_seconds=number(given.get("delay_seconds")),
    )
    _check_documented(server, fault)
    server.faults.arm(fault)
    return None


def _check_documented(server: Server, fault: Fault) -> None:
    """Refuse to play an error that Slack would never answer: it would prove nothing."""
    reference = server.inspector.reference
    if fault.kind != "error" or not reference.present or "*" in fault.method:
        return
    documented = reference.errors(fault.method)
    if fault.error not in documented:
        raise ValueError(f"{fault.method} does not document {fault.error!r}")


async def _clear_faults(server: Server, given: Payload) -> Json:
    server.faults.clear()
    return None


async def _pass_time(server: Server, given: Payload) -> Json:
    server.state.clock.pass_time(number(given["seconds"]))
    return None


async def _add_team(server: Server, given: Payload) -> Json:
    name = text(given["id"])
    server.state.directory.add_team(
        Team(
            id=name,
            name=text(given["name"]),
            domain=text(given["name"]).lower().replace(" ", "-"),
            app_id=text(given["app_id"]),
            bot_id=f"B0{name[1:]}",
            bot_user_id=f"U0{name[1:]}",
            bot_token=text(given["bot_token"]),
        )
    )
    return None


async def _change_team(server: Server, given: Payload) -> Json:
    team = server.state.team(text(given["id"]))
    if "revoked" in given:
        team.revoked = is_true(given["revoked"])
    if "scopes" in given:
        team.scopes = None if given["scopes"] is None else texts(given["scopes"])
    if "organisation" in given:
        team.enterprise_id, team.is_org_wide = text(given["organisation"]), True
    return None


async def _put_user(server: Server, given: Payload) -> Json:
    directory = server.state.directory
    present = directory.users.get(text(given["id"]))
    if present is None:
        name = text(given.get("name")) or text(given["id"]).lower()
        present = User(
            id=text(given["id"]), team=text(given["team"]), name=name, real_name=name.capitalize()
        )
        directory.add_user(present)
    for flag in ("is_restricted", "is_ultra_restricted", "is_stranger", "is_bot", "deleted"):
        if given.get(flag) is not None:
            setattr(present, flag, is_true(given[flag]))
    return None


async def _put_channel(server: Server, given: Payload) -> Json:
    directory = server.state.directory
    present = directory.channels.get(text(given["id"]))
    if present is None:
        present = Channel(
            id=text(given["id"]),
            team=text(given["team"]),
            name=text(given.get("name")) or text(given["id"]).lower(),
        )
        directory.add_channel(present)
    for flag in ("is_private", "is_archived", "is_ext_shared"):
        if given.get(flag) is not None:
            setattr(present, flag, is_true(given[flag]))
    if given.get("members") is not None:
        present.members = texts(given["members"])
    return None


async def _put_group(server: Server, given: Payload) -> Json:
    name = text(given["id"])
    server.state.directory.groups[name] = UserGroup(
        id=name,
        team=text(given["team"]),
        name=name,
        handle=name.lower(),
        users=texts(given["users"]),
    )
    return None


async def _connections(server: Server, given: Payload) -> Json:
    return server.sockets.connections


async def _disconnect_sockets(server: Server, given: Payload) -> Json:
    return await server.sockets.disconnect(text(given["reason"]), whole(given["most"]))


async def _abort_sockets(server: Server, given: Payload) -> Json:
    return await server.sockets.abort()


OPERATIONS: Mapping[str, Operation] = {
    operation.__name__.removeprefix("_"): operation
    for operation in (
        _configure,
        _fault,
        _clear_faults,
        _pass_time,
        _add_team,
        _change_team,
        _put_user,
        _put_channel,
        _put_group,
        _connections,
        _disconnect_sockets,
        _abort_sockets,
    )
}
