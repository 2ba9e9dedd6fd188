"""Clicks, commands and modals, and what the app answers to them."""

from __future__ import annotations

import json
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from aiohttp import web

from tests.worlds.slack.asking import client_of, refused, ts_of
from tests.worlds.slack.cast import (
    ADA,
    BEN,
    GENERAL,
    STRANGER,
    TEAM,
)
from tests.worlds.slack.errors import UnknownThingError
from tests.worlds.slack.listener import Listener
from tests.worlds.slack.payload import Json, table, tables, text
from tests.worlds.slack.samples import card, modal, section

pytest_plugins = ["tests.worlds.slack.fixtures"]


def test_a_click_carries_who_where_and_what(any_slack_app: Listener) -> None:
    world = any_slack_app.world
    posted = client_of(world).chat_postMessage(channel=GENERAL, text="Send?", blocks=card())
    message = world.message(GENERAL, ts_of(posted))

    world.click(BEN, message, "Approve")
    world.click(STRANGER, message, "Cancel", user_team=TEAM)

    approved, cancelled = any_slack_app.heard
    assert table(approved["user"])["team_id"] == TEAM
    assert table(cancelled["user"]) == {
        "id": STRANGER,
        "username": "sid",
        "name": "sid",
        "team_id": TEAM,
    }
    action = tables(approved["actions"])[0]
    assert (action["action_id"], action["block_id"]) == ("approval.approve", "verdict.1")
    assert action["value"] == "ap_1"
    chosen = table(tables(cancelled["actions"])[0]["selected_option"])
    assert chosen["value"] == "cancel"
    assert table(approved["container"])["message_ts"] == ts_of(posted)
    with pytest.raises(UnknownThingError, match="Explode"):
        world.click(BEN, message, "Explode")


def test_a_stale_button_can_be_pressed_after_the_card_was_redrawn(slack_app: Listener) -> None:
    client = client_of(slack_app.world)
    posted = client.chat_postMessage(channel=GENERAL, text="Send?", blocks=card())
    before = slack_app.world.message(GENERAL, ts_of(posted))
    client.chat_update(channel=GENERAL, ts=ts_of(posted), text="Sent", blocks=[section()])

    with pytest.raises(UnknownThingError):
        slack_app.world.click(BEN, before, "approval.approve")
    delivery = slack_app.world.click(BEN, before, "approval.approve", stale=True)

    assert delivery.status == 200
    assert tables(slack_app.heard[0]["actions"])[0]["value"] == "ap_1"


def test_a_response_url_replaces_an_ephemeral_and_wears_out(slack_app: Listener) -> None:
    client = client_of(slack_app.world)
    client.chat_postEphemeral(channel=GENERAL, user=ADA, text="Only you", blocks=card())
    shown = slack_app.world.ephemerals(ADA)[0]
    slack_app.world.click(ADA, shown, "approval.approve")
    address = text(slack_app.heard[0]["response_url"])

    for number in range(5):
        _post(address, {"text": f"seen {number}", "replace_original": True})

    assert [message.text for message in slack_app.world.ephemerals(ADA)] == ["seen 4"]
    assert slack_app.world.ephemerals(BEN) == []
    with pytest.raises(URLError):
        _post(address, {"text": "once more"})
    assert [violation.rule for violation in slack_app.world.violations] == ["used_url"]


def test_a_slash_command_shows_its_answer_to_the_typist_alone(any_slack_app: Listener) -> None:
    any_slack_app.answer = lambda _: web.json_response({"text": "three runs"})

    delivery = any_slack_app.world.slash(ADA, GENERAL, "list mine")

    assert delivery.json == {"text": "three runs"}
    assert (any_slack_app.heard[0]["command"], any_slack_app.heard[0]["text"]) == (
        "/baton",
        "list mine",
    )
    assert [message.text for message in any_slack_app.world.ephemerals(ADA)] == ["three runs"]
    assert any_slack_app.world.messages(GENERAL) == []


def test_a_modal_opens_once_is_filled_in_and_closes(any_slack_app: Listener) -> None:
    world = any_slack_app.world
    client = client_of(world)
    world.shortcut(ADA, "run.new")
    trigger = text(any_slack_app.heard[0]["trigger_id"])

    client.views_open(trigger_id=trigger, view=modal())
    again = refused(lambda: client.views_open(trigger_id=trigger, view=modal()))
    any_slack_app.answer = lambda _: web.json_response(
        {"response_action": "errors", "errors": {"why": "Too short"}}
    )
    world.submit_view(ADA, world.views(ADA)[0], {"Reason": "no"})
    still_open = len(world.views(ADA))
    any_slack_app.answer = lambda _: web.Response()
    world.submit_view(ADA, world.views(ADA)[0], {"reason": "because it is late"})

    assert again == "exchanged_trigger_id"
    assert (still_open, world.views(ADA)) == (1, [])
    state = table(table(any_slack_app.heard[-1]["view"])["state"])
    assert state["values"] == {
        "why": {"reason": {"type": "plain_text_input", "value": "because it is late"}}
    }
    assert world.violations == []


def test_a_trigger_expires_after_three_seconds(slack_app: Listener) -> None:
    slack_app.world.shortcut(ADA, "run.new")
    slack_app.world.pass_time(3.5)

    opening = refused(
        lambda: client_of(slack_app.world).views_open(
            trigger_id=text(slack_app.heard[0]["trigger_id"]), view=modal()
        )
    )

    assert opening == "expired_trigger_id"


def test_a_home_tab_is_published_and_pressed(slack_app: Listener) -> None:
    client = client_of(slack_app.world)
    client.views_publish(user_id=ADA, view={"type": "home", "blocks": card()})
    home = slack_app.world.home(ADA)
    assert home is not None

    slack_app.world.click_view(ADA, home, "Approve")
    slack_app.world.open_home(ADA)

    assert table(slack_app.heard[0]["container"]) == {"type": "view", "view_id": home["id"]}
    assert table(table(slack_app.heard[1]["event"])["view"])["id"] == home["id"]
    stale = client_of(slack_app.world)
    view: dict[str, object] = {"type": "home", "blocks": [section()]}
    assert refused(lambda: stale.views_publish(user_id=ADA, view=view, hash="old")) == (
        "hash_conflict"
    )


def _post(address: str, payload: Json) -> None:
    with urlopen(address, json.dumps(payload).encode(), timeout=5) as response:
        assert response.status == 200
