"""``views.*``: modals and Home tabs, and ``blocks.validate``."""

from __future__ import annotations

from collections.abc import Mapping

from tests.worlds.slack.errors import SlackError
from tests.worlds.slack.methods.method import Method, MethodCall
from tests.worlds.slack.payload import Json, Payload, rows, table, text
from tests.worlds.slack.surfaces import View


def _open(call: MethodCall) -> Payload:
    _check(call, "modal")
    user = _person(call)
    return {"view": call.state.views.open(_made(call, user)).payload()}


def _push(call: MethodCall) -> Payload:
    _check(call, "modal")
    user = _person(call)
    return {"view": call.state.views.push(_made(call, user)).payload()}


def _update(call: MethodCall) -> Payload:
    _check(call, "modal", "home")
    view = call.state.views.find(view_id=call.text("view_id"), external_id=call.text("external_id"))
    if view is None or view.team != call.team.id:
        raise SlackError("not_found")
    if call.text("hash") and call.text("hash") != view.hash:
        raise SlackError("hash_conflict")
    view.content = with_block_ids(table(call.get("view")), view.id)
    return {"view": view.payload()}


def _publish(call: MethodCall) -> Payload:
    _check(call, "home")
    user = call.text("user_id")
    if user not in call.state.directory.users:
        raise SlackError("invalid_arguments", messages=["user_id: not a user"])
    present = call.state.views.homes.get((call.team.id, user))
    if call.text("hash") and present and call.text("hash") != present.hash:
        raise SlackError("hash_conflict")
    return {"view": call.state.views.publish(_made(call, user)).payload()}


def _validate(call: MethodCall) -> Payload:
    """Answer as a linter does: what is wrong here is no violation."""
    problems = (
        call.inspector.view(call.get("view"), kinds=("modal", "home"))
        if call.get("view")
        else call.inspector.blocks(
            call.get("blocks") or rows(table(call.get("message")).get("blocks"))
        )
    )
    if problems:
        error = "invalid_view" if call.get("view") else "invalid_blocks"
        raise SlackError(error, messages=[problem.detail for problem in problems])
    return {}


def _check(call: MethodCall, *kinds: str) -> None:
    view = call.get("view")
    call.require(call.inspector.view(view, kinds=kinds))
    external = text(table(view).get("external_id"))
    named = call.state.views.find(view_id="", external_id=external)
    if named and named.id != call.text("view_id") and named.content.get("type") == "modal":
        raise SlackError("duplicate_external_id")


def _person(call: MethodCall) -> str:
    """Give whom the trigger id stands for; it is spent even when the call fails later."""
    trigger = call.text("trigger_id") or call.text("interactivity_pointer")
    return call.state.triggers.exchange(trigger)


def _made(call: MethodCall, user: str) -> View:
    made = call.state.views.next_id()
    return View(
        id=made,
        team=call.team.id,
        app=call.team.app_id,
        bot=call.team.bot_id,
        user=user,
        content=with_block_ids(table(call.get("view")), made),
        root=made,
    )


def with_block_ids(content: Payload, name: str) -> Payload:
    """Fill in the block ids that the app left to Slack."""
    blocks: list[Json] = [
        {"block_id": f"{name}.{place}", **table(block)}
        for place, block in enumerate(rows(content.get("blocks")))
    ]
    return {**content, "blocks": blocks}


METHODS: Mapping[str, Method] = {
    "views.open": _open,
    "views.push": _push,
    "views.update": _update,
    "views.publish": _publish,
    "blocks.validate": _validate,
}
