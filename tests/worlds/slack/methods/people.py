"""``users.*``, ``usergroups.*``, ``team.info``, ``bots.info``, ``auth.test``, ``api.test``."""

from __future__ import annotations

from collections.abc import Mapping

from tests.worlds.slack.directory import User
from tests.worlds.slack.errors import SlackError
from tests.worlds.slack.methods.method import Method, MethodCall, page
from tests.worlds.slack.payload import Json, Payload, table


def _auth_test(call: MethodCall) -> Payload:
    return {
        "url": f"https://{call.team.domain}.slack.com/",
        "team": call.team.name,
        "user": "baton",
        "team_id": call.team.id,
        "user_id": call.team.bot_user_id,
        "bot_id": call.team.bot_id,
        "is_enterprise_install": False,
    }


def _api_test(call: MethodCall) -> Payload:
    if call.text("error"):
        raise SlackError(call.text("error"))
    return {"args": call.arguments}


def _user_info(call: MethodCall) -> Payload:
    user = call.state.directory.users.get(call.text("user"))
    if user is None:
        raise SlackError("user_not_found")
    if user.team != call.team.id and not _shares_a_channel(call, user.id):
        raise SlackError("user_not_visible")
    return {"user": _shown(call, user)}


def _shown(call: MethodCall, user: User) -> Payload:
    """Show an address only to who may see addresses."""
    shown = user.payload()
    if call.team.scopes is not None and "users:read.email" not in call.team.scopes:
        shown["profile"] = {
            name: value for name, value in table(shown["profile"]).items() if name != "email"
        }
    return shown


def _user_list(call: MethodCall) -> Payload:
    shown = [
        _shown(call, user)
        for user in call.state.directory.users.values()
        if user.team == call.team.id or _shares_a_channel(call, user.id)
    ]
    part, cursor = page(call, shown, most=1000)
    listed: list[Json] = [*part]
    return {"members": listed, "response_metadata": {"next_cursor": cursor}}


def _group_users(call: MethodCall) -> Payload:
    group = call.state.directory.groups.get(call.text("usergroup"))
    if group is None or group.team != call.team.id:
        raise SlackError("no_such_subteam")
    users: list[Json] = [*group.users]
    return {"users": [] if group.disabled and not call.flag("include_disabled") else users}


def _group_list(call: MethodCall) -> Payload:
    groups: list[Json] = [
        group.payload()
        for group in call.state.directory.groups.values()
        if group.team == call.team.id and (call.flag("include_disabled") or not group.disabled)
    ]
    return {"usergroups": groups}


def _team_info(call: MethodCall) -> Payload:
    return {"team": call.team.payload()}


def _bot_info(call: MethodCall) -> Payload:
    bot = call.text("bot") or call.team.bot_id
    user = next((user for user in call.state.directory.users.values() if user.bot_id == bot), None)
    if user is None:
        raise SlackError("bot_not_found")
    return {
        "bot": {
            "id": bot,
            "deleted": user.deleted,
            "name": user.name,
            "user_id": user.id,
            "app_id": call.team.app_id if bot == call.team.bot_id else "A0ELSE",
        }
    }


def _shares_a_channel(call: MethodCall, user: str) -> bool:
    """People of other workspaces are seen where a channel is shared with them."""
    return any(
        channel.team == call.team.id and user in channel.members
        for channel in call.state.directory.channels.values()
    )


METHODS: Mapping[str, Method] = {
    "auth.test": _auth_test,
    "api.test": _api_test,
    "users.info": _user_info,
    "users.list": _user_list,
    "usergroups.users.list": _group_users,
    "usergroups.list": _group_list,
    "team.info": _team_info,
    "bots.info": _bot_info,
}
