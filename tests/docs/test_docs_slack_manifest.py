"""The Slack app asks for what the code uses, and for nothing more."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
import yaml

from tests.worlds.slack.validation.reference import Reference

ROOT = Path(__file__).parents[2]
CODE = ROOT / "bots/slack"
MANIFESTS = ("manifest.yaml", "manifest-socket.yaml")

# What a bot token needs, all of it: a history is read wherever Baton is spoken to.
HISTORY = {"channels:history", "groups:history", "im:history", "mpim:history"}
SCOPES: dict[str, set[str]] = {
    "auth.test": set(),
    "chat.postEphemeral": {"chat:write"},
    "chat.postMessage": {"chat:write"},
    "chat.update": {"chat:write"},
    "conversations.history": HISTORY,
    "conversations.replies": HISTORY,
    "files.completeUploadExternal": {"files:write"},
    "files.getUploadURLExternal": {"files:write"},
    "users.info": {"users:read"},
    "views.open": set(),
}
# `message` is one event to the code and four subscriptions to Slack, one for each kind of place.
SUBSCRIPTIONS: dict[str, dict[str, set[str]]] = {
    "app_mention": {"app_mention": {"app_mentions:read"}},
    "message": {
        "message.channels": {"channels:history"},
        "message.groups": {"groups:history"},
        "message.im": {"im:history"},
        "message.mpim": {"mpim:history"},
    },
}
METHOD = re.compile(r"(?:auth|chat|conversations|files|pins|reactions|team|users|views)\.\w+")


def manifest(name: str) -> dict[str, dict[str, object]]:
    text = (ROOT / "deploy/slack" / name).read_text(encoding="utf-8")
    return cast("dict[str, dict[str, object]]", yaml.safe_load(text))


def scopes_of(name: str) -> set[str]:
    config = cast("dict[str, dict[str, list[str]]]", manifest(name)["oauth_config"])
    return set(config["scopes"]["bot"])


def events_of(name: str) -> set[str]:
    settings = cast("dict[str, dict[str, list[str]]]", manifest(name)["settings"])
    return set(settings["event_subscriptions"]["bot_events"])


def code() -> Iterator[ast.AST]:
    for file in CODE.glob("*.py"):
        yield from ast.walk(ast.parse(file.read_text(encoding="utf-8")))


def methods_in_code() -> set[str]:
    texts = (node.value for node in code() if isinstance(node, ast.Constant))
    return {text for text in texts if isinstance(text, str) and METHOD.fullmatch(text)}


def listened_to(kind: str) -> list[str]:
    """Name what ``app.<kind>("…")`` is called with; a pattern stands as ``*``."""
    return [
        str(node.args[0].value) if isinstance(node.args[0], ast.Constant) else "*"
        for node in code()
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == kind
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "app"
    ]


def events_in_code() -> set[str]:
    return set(listened_to("event")) - {"*"}


def needed_scopes() -> set[str]:
    by_methods = [SCOPES[method] for method in methods_in_code()]
    by_events = [scopes for event in events_in_code() for scopes in SUBSCRIPTIONS[event].values()]
    by_commands = [{"commands"}] if listened_to("command") else []
    return set[str]().union(*by_methods, *by_events, *by_commands)


def test_every_method_the_code_calls_is_known_here() -> None:
    assert methods_in_code() == set(SCOPES)


def test_what_is_known_here_is_what_slack_publishes() -> None:
    reference = Reference()
    published = {
        method: set(reference.bot_scopes(method))
        for method in SCOPES
        if reference.method(method) is not None
    }

    assert published == {method: SCOPES[method] for method in published}
    assert bool(published) == reference.present


@pytest.mark.parametrize("name", MANIFESTS)
def test_the_app_asks_for_the_scopes_the_code_needs_and_no_more(name: str) -> None:
    assert scopes_of(name) == needed_scopes()


@pytest.mark.parametrize("name", MANIFESTS)
def test_the_app_hears_the_events_the_code_listens_to_and_no_more(name: str) -> None:
    heard = {event for name_ in events_in_code() for event in SUBSCRIPTIONS[name_]}

    assert events_of(name) == heard


@pytest.mark.parametrize("name", MANIFESTS)
def test_buttons_and_direct_messages_are_switched_on(name: str) -> None:
    app = manifest(name)

    home = cast("dict[str, bool]", app["features"]["app_home"])
    interactivity = cast("dict[str, object]", app["settings"]["interactivity"])

    assert home["messages_tab_enabled"]
    assert not home["messages_tab_read_only_enabled"]
    assert interactivity["is_enabled"] is True


def test_the_two_forms_differ_only_in_how_slack_reaches_baton() -> None:
    http, socket = (manifest(name) for name in MANIFESTS)

    assert http["settings"].pop("socket_mode_enabled") is False
    assert socket["settings"].pop("socket_mode_enabled") is True
    assert _without_addresses(http) == socket


def test_every_address_is_the_one_route_that_is_served() -> None:
    text = (ROOT / "deploy/slack/manifest.yaml").read_text(encoding="utf-8")
    app = (CODE / "app.py").read_text(encoding="utf-8")

    paths = set(
        re.findall(r"^\s*(?:request_url|url): https://baton\.example\.com(\S*)$", text, re.M)
    )

    assert paths == set(re.findall(r'^PATH = "(.*)"$', app, re.M))


def _without_addresses(value: object) -> object:
    if isinstance(value, dict):
        fields = cast("dict[str, object]", value)
        return {
            key: _without_addresses(inner)
            for key, inner in fields.items()
            if key not in ("url", "request_url")
        }
    if isinstance(value, list):
        return [_without_addresses(inner) for inner in cast("list[object]", value)]
    return value
