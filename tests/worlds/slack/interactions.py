"""What interactivity sends: presses, submissions, shortcuts, slash commands."""

from __future__ import annotations

from tests.worlds.slack.cast import VERIFICATION_TOKEN
from tests.worlds.slack.directory import Channel, Team, User
from tests.worlds.slack.errors import UnknownThingError
from tests.worlds.slack.messages import Stored
from tests.worlds.slack.payload import Json, Payload, table, tables, text
from tests.worlds.slack.surfaces import View
from tests.worlds.slack.values import Button

_CHOOSERS = frozenset({"overflow", "static_select", "radio_buttons"})
_PASSIVE = frozenset({"plain_text_input", "number_input", "email_text_input", "url_text_input"})


def buttons_in(blocks: Json) -> list[Button]:
    """Give everything that can be pressed, each option of a menu on its own."""
    return [
        button
        for block in tables(blocks)
        for element in _elements(block)
        for button in _presses(text(block.get("block_id")), element)
    ]


def find_button(blocks: Json, named: str) -> Button:
    """Find what to press by action id or by label.

    Raises:
        UnknownThingError: no such button, or several.
    """
    buttons = buttons_in(blocks)
    found = [item for item in buttons if item.option is None and item.action_id == named]
    found = found or [item for item in buttons if item.label == named]
    if len(found) == 1:
        return found[0]
    shown = [f"{item.action_id} ({item.label})" for item in buttons]
    wrong = f"{len(found)} buttons are called" if found else "no button is called"
    raise UnknownThingError(f"{wrong} {named!r}; there are {shown}")


def base(team: Team, user: User, *, kind: str, trigger_id: str, user_team: str) -> Payload:
    """Give the fields that every interaction carries."""
    return {
        "type": kind,
        "user": {
            "id": user.id,
            "username": user.name,
            "name": user.name,
            "team_id": user_team or user.team,
        },
        "api_app_id": team.app_id,
        "token": VERIFICATION_TOKEN,
        "trigger_id": trigger_id,
        "team": {"id": team.id, "domain": team.domain},
        "enterprise": {"id": team.enterprise_id} if team.enterprise_id else None,
        "is_enterprise_install": team.is_org_wide,
    }


def press(button: Button, *, ts: str) -> Payload:
    """Give the entry of ``actions`` for one press."""
    element = button.element
    pressed: Payload = {
        "action_id": button.action_id,
        "block_id": button.block_id,
        "type": element.get("type"),
        "action_ts": ts,
    }
    if button.option is not None:
        pressed["selected_option"] = button.option
        return pressed
    kept: Payload = {name: element[name] for name in ("text", "value", "style") if name in element}
    return pressed | kept


def on_message(channel: Channel, stored: Stored, *, response_url: str) -> Payload:
    """Give the fields of an interaction with a message."""
    ephemeral = "ephemeral_for" in stored.raw
    container: Payload = {
        "type": "message",
        "message_ts": stored.ts,
        "channel_id": channel.id,
        "is_ephemeral": ephemeral,
    }
    if stored.root != stored.ts:
        container["thread_ts"] = stored.root
    fields: Payload = {
        "container": container,
        "channel": {"id": channel.id, "name": channel.name},
        "response_url": response_url,
        "state": {"values": {}},
    }
    if not ephemeral:
        fields["message"] = dict(stored.raw)
    return fields


def on_view(view: View) -> Payload:
    """Give the fields of an interaction inside a view."""
    return {"container": {"type": "view", "view_id": view.id}, "view": view.payload()}


def filled_in(view: View, values: dict[str, Json]) -> Payload:
    """Give ``state.values`` for what a person typed, keyed by action id, block id or label.

    Raises:
        UnknownThingError: the view has no such input, or a required one is left empty.
    """
    left = dict(values)
    state: Payload = {}
    for block in tables(view.content.get("blocks")):
        if block.get("type") != "input":
            continue
        element = table(block.get("element"))
        label = text(table(block.get("label")).get("text"))
        names = (text(element.get("action_id")), text(block.get("block_id")), label)
        key = next((name for name in names if name in left), None)
        value = left.pop(key) if key is not None else _initial(element)
        if value in (None, "") and block.get("optional") is not True:
            raise UnknownThingError(f"Slack would not submit without {label!r}")
        state[names[1]] = {names[0]: _entered(element, value)}
    if left:
        raise UnknownThingError(f"the view has no inputs {sorted(left)}")
    return state


def _options(element: Payload) -> list[Payload]:
    grouped = [
        option
        for group in tables(element.get("option_groups"))
        for option in tables(group.get("options"))
    ]
    return [*tables(element.get("options")), *grouped]


def _initial(element: Payload) -> Json:
    """Give what an input holds before anybody touches it."""
    typed = element.get("initial_value") or element.get("initial_date")
    return typed or table(element.get("initial_option")).get("value")


def _entered(element: Payload, value: Json) -> Payload:
    kind = text(element.get("type"))
    chosen = value if isinstance(value, list) else [value]
    options: list[Json] = [item for item in _options(element) if item.get("value") in chosen]
    match kind:
        case "static_select" | "radio_buttons":
            return {"type": kind, "selected_option": options[0] if options else None}
        case "checkboxes" | "multi_static_select":
            return {"type": kind, "selected_options": options}
        case "users_select":
            return {"type": kind, "selected_user": value}
        case "channels_select":
            return {"type": kind, "selected_channel": value}
        case "conversations_select":
            return {"type": kind, "selected_conversation": value}
        case "datepicker":
            return {"type": kind, "selected_date": value}
        case _:
            return {"type": kind, "value": value or None}


def _elements(node: Json) -> list[Payload]:
    if isinstance(node, list):
        return [found for item in node for found in _elements(item)]
    inner = [found for item in table(node).values() for found in _elements(item)]
    return [table(node), *inner] if "action_id" in table(node) else inner


def _presses(block_id: str, element: Payload) -> list[Button]:
    if element.get("type") in _PASSIVE:
        return []
    if element.get("type") == "feedback_buttons":
        thumbs = [table(element.get(name)) for name in ("positive_button", "negative_button")]
        shared: Payload = {"type": "feedback_buttons", "action_id": element.get("action_id")}
        return [_button(block_id, {**shared, **thumb}) for thumb in thumbs]
    own = _button(block_id, element)
    if element.get("type") not in _CHOOSERS:
        return [own]
    return [
        Button(
            action_id=own.action_id,
            block_id=block_id,
            label=text(table(option.get("text")).get("text")),
            value=text(option.get("value")),
            element=element,
            option=option,
        )
        for option in _options(element)
    ]


def _button(block_id: str, element: Payload) -> Button:
    return Button(
        action_id=text(element.get("action_id")),
        block_id=block_id,
        label=text(table(element.get("text")).get("text")),
        value=text(element.get("value")),
        element=element,
    )
