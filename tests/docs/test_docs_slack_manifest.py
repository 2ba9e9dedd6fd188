"""The Slack app asks for what the code uses, and for nothing more."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import SecretStr

from bots.manifests import slack_scopes
from bots.slack import surface
from bots.slack.api import SlackApi
from bots.slack.credentials import SlackCredentials
from bots.slack.manifest import EVENTS_PATH, manifest
from bots.terminal.main import main
from runtime.domain.errors import Refused
from runtime.settings import Settings
from tests.worlds.slack.validation.reference import Reference

CODE = Path(__file__).parents[2] / "bots/slack"
URL = "https://bots.example.org/baton"
METHOD = re.compile(
    r"(?:agents|assistant|auth|chat|conversations|files|functions|oauth|pins|reactions|team|usergroups"
    r"|users|views)\.[\w.]+"
)
ANY_OF = {"conversations.open": "im:write"}
"""Where Slack names alternatives: the one for what Baton does there."""


def code() -> Iterator[ast.AST]:
    for file in CODE.glob("*.py"):
        if file.name != "surface.py":
            yield from ast.walk(ast.parse(file.read_text(encoding="utf-8")))


def methods_in_code() -> set[str]:
    texts = (node.value for node in code() if isinstance(node, ast.Constant))
    return {text for text in texts if isinstance(text, str) and METHOD.fullmatch(text)}


def events_in_code() -> set[str]:
    """Name what ``app.event("…")`` is called with; a pattern listens to the rest."""
    return {
        str(node.args[0].value)
        for node in code()
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "event"
        and isinstance(node.args[0], ast.Constant)
    }


def part(app: Mapping[str, Any], *path: str) -> object:
    found: Any = app
    for name in path:
        found = found[name]
    return cast("object", found)


def test_the_code_calls_what_is_on_the_surface_and_nothing_else() -> None:
    assert methods_in_code() == set(surface.METHODS)


def test_the_code_listens_to_what_is_on_the_surface_and_nothing_else() -> None:
    assert events_in_code() == set(surface.EVENTS)


async def test_a_method_that_is_not_on_the_surface_cannot_be_called() -> None:
    api = SlackApi(
        SlackCredentials(signing_secret="", bot_token="xoxb-1", api_url="http://127.0.0.1:9/")
    )

    with pytest.raises(ValueError, match=r"admin\.users\.remove"):
        await api.call("admin.users.remove")
    await api.close()


def test_the_scopes_are_those_that_slack_publishes() -> None:
    reference = Reference()
    known = [method for method in surface.METHODS if reference.method(method) is not None]

    for method in known:
        published = set(reference.bot_scopes(method))
        if method in ANY_OF:
            assert ANY_OF[method] in published
            published = {ANY_OF[method]}
        assert surface.METHODS[method] == published, method
    assert bool(known) == reference.present


@pytest.mark.parametrize("linking", [False, True])
@pytest.mark.parametrize("socket", [False, True])
def test_the_manifest_asks_for_these_scopes_and_events_and_no_more(
    socket: bool, linking: bool
) -> None:
    app = manifest(url=URL, socket=socket, addresses=linking)

    needed = {"commands"}.union(
        {"users:read.email"} if linking else set(),
        *surface.METHODS.values(),
        *(s for taken in surface.EVENTS.values() for s in taken.values()),
    )
    subscribed = {name for taken in surface.EVENTS.values() for name in taken}
    assert part(app, "oauth_config", "scopes", "bot") == sorted(needed)
    assert part(app, "settings", "event_subscriptions", "bot_events") == sorted(subscribed)


def test_the_two_forms_differ_only_in_how_slack_reaches_baton() -> None:
    http, socket = manifest(url=URL), manifest(url=URL, socket=True)

    assert part(http, "settings", "socket_mode_enabled") is False
    assert part(socket, "settings", "socket_mode_enabled") is True
    there = set(re.findall(r'"(?:request_url|url)": "(.*?)"', json.dumps(http)))
    assert there == {URL + EVENTS_PATH}
    assert re.findall(r'"(?:request_url|url)"', json.dumps(socket)) == []
    assert part(http, "features", "unfurl_domains") == ["bots.example.org"]


def test_every_shortcut_and_step_of_the_manifest_is_listened_to() -> None:
    app = manifest(url=URL)

    shortcuts = cast("list[Mapping[str, object]]", part(app, "features", "shortcuts"))
    assert {one["callback_id"] for one in shortcuts} == {surface.HAND_OVER, surface.NEW_RUN}
    assert set(cast("Mapping[str, object]", app["functions"])) == {surface.START_RUN}
    home = cast("Mapping[str, object]", part(app, "features", "app_home"))
    assert home["messages_tab_enabled"] is True
    assert home["messages_tab_read_only_enabled"] is False


@pytest.mark.parametrize("url", ["http://bots.example.org", "bots.example.org", "https://"])
def test_an_address_that_slack_would_not_call_is_refused(url: str) -> None:
    with pytest.raises(Refused, match="https"):
        manifest(url=url)


@pytest.mark.parametrize("domains", ["", "example.com"])
def test_addresses_are_asked_for_exactly_where_accounts_are_linked_by_them(
    domains: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BATON_LINK_EMAIL_DOMAINS", domains)
    settings = Settings().model_copy(update={"slack_signing_secret": SecretStr("s3cret")})

    assert main(["slack", "manifest", "--socket"]) == 0

    asked = part(json.loads(capsys.readouterr().out), "oauth_config", "scopes", "bot")
    assert ("users:read.email" in cast("list[str]", asked)) is bool(domains)
    assert slack_scopes(settings) == asked
    credentials = SlackCredentials.of(settings)
    assert credentials is not None
    assert credentials.addresses is bool(domains)


def test_the_terminal_prints_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BATON_LINK_EMAIL_DOMAINS", raising=False)
    assert main(["slack", "manifest", "--url", URL]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(manifest(url=URL)))

    assert main(["slack", "manifest", "--url", "http://bots.example.org"]) == 1
    assert "https" in capsys.readouterr().err
