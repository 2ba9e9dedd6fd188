"""The simulated Slack misbehaves as asked, and repeatably."""

from __future__ import annotations

from typing import cast
from urllib.error import URLError

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from tests.worlds.slack.asking import client_of, refused, ts_of
from tests.worlds.slack.cast import (
    GENERAL,
)
from tests.worlds.slack.conformance import needs_data
from tests.worlds.slack.world import SlackWorld

pytest_plugins = ["tests.worlds.slack.fixtures"]


def test_a_rate_limit_says_how_long_to_wait(any_slack_world: SlackWorld) -> None:
    client = client_of(any_slack_world)
    any_slack_world.fault("chat.postMessage", "rate_limited", retry_after_seconds=7)

    with pytest.raises(SlackApiError) as limited:
        client.chat_postMessage(channel=GENERAL, text="x")
    client.chat_postMessage(channel=GENERAL, text="x")

    assert limited.value.response.status_code == 429
    assert limited.value.response.headers["Retry-After"] == "7"
    assert [(call.status, call.fault) for call in any_slack_world.calls] == [
        (429, "rate_limited"),
        (200, ""),
    ]
    assert len(any_slack_world.messages(GENERAL)) == 1


@pytest.mark.parametrize(("kind", "stored"), [("reset_before", 0), ("reset_after", 1)])
def test_a_reset_comes_before_or_after_the_effect(
    slack_world: SlackWorld, kind: str, stored: int
) -> None:
    slack_world.fault("chat.*", kind)

    with pytest.raises((URLError, ConnectionError, OSError)):
        client_of(slack_world).chat_postMessage(channel=GENERAL, text="x")

    assert len(slack_world.messages(GENERAL)) == stored
    assert slack_world.calls[0].status == 0


@pytest.mark.parametrize(
    ("kind", "error"), [("archive_channel", "is_archived"), ("revoke_token", "token_revoked")]
)
def test_the_ground_can_move_under_a_call(slack_world: SlackWorld, kind: str, error: str) -> None:
    slack_world.fault("chat.postMessage", kind, after=1)
    client = client_of(slack_world)
    client.chat_postMessage(channel=GENERAL, text="x")

    assert refused(lambda: client.chat_postMessage(channel=GENERAL, text="y")) == error


@needs_data
def test_only_documented_errors_are_played(any_slack_world: SlackWorld) -> None:
    any_slack_world.fault("chat.update", "error", error="edit_window_closed")

    assert refused(
        lambda: client_of(any_slack_world).chat_update(channel=GENERAL, ts="1.1", text="x")
    ) == ("edit_window_closed")
    with pytest.raises(ValueError, match="gremlins"):
        any_slack_world.fault("chat.update", "error", error="gremlins")


def test_seeded_faults_repeat(slack_world: SlackWorld) -> None:
    def campaign() -> list[str]:
        slack_world.clear_faults()
        slack_world.fault("auth.test", "slow", times=None, probability=0.5, seed=7)
        for _ in range(12):
            client_of(slack_world).auth_test()
        return [call.fault for call in slack_world.calls[-12:]]

    first, second = campaign(), campaign()

    assert first == second
    assert set(first) == {"", "slow"}


@pytest.mark.parametrize("kind", ["slow", "slow_after"])
def test_a_slow_answer_outlasts_a_hasty_client_and_takes_effect(
    slack_world: SlackWorld, kind: str
) -> None:
    slack_world.fault("chat.postMessage", kind, delay_seconds=1.2)
    hasty = WebClient(
        token=slack_world.bot_token, base_url=slack_world.api_url, timeout=1, retry_handlers=[]
    )

    with pytest.raises((TimeoutError, URLError)):
        hasty.chat_postMessage(channel=GENERAL, text="x")
    stored = slack_world.until(lambda: slack_world.messages(GENERAL))

    assert [message.text for message in stored] == ["x"]


@needs_data
def test_published_rate_limits_hold_where_asked_for(slack_world: SlackWorld) -> None:
    slack_world.configure(rate_limits=True)
    client = client_of(slack_world)
    posted = client.chat_postMessage(channel=GENERAL, text="x")
    for number in range(50):
        client.chat_update(channel=GENERAL, ts=ts_of(posted), text=str(number))

    with pytest.raises(SlackApiError) as limited:
        client.chat_update(channel=GENERAL, ts=ts_of(posted), text="too much")
    slack_world.pass_time(60)
    client.chat_update(channel=GENERAL, ts=ts_of(posted), text="again")

    response = cast("SlackResponse", limited.value.response)
    headers = cast("dict[str, str]", response.headers)
    assert 0 < int(headers["Retry-After"]) <= 60
