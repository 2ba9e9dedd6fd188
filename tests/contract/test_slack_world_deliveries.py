"""What people do reaches the app as Slack would send it."""

from __future__ import annotations

import pytest
from aiohttp import web
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from tests.worlds.slack.asking import client_of
from tests.worlds.slack.cast import (
    ADA,
    BEN,
    BOT_USER,
    GENERAL,
    SHARED,
)
from tests.worlds.slack.listener import Listener
from tests.worlds.slack.payload import table, tables, text
from tests.worlds.slack.world import SlackWorld

pytest_plugins = ["tests.worlds.slack.fixtures"]


def test_a_mention_arrives_signed_and_twice_under_different_ids(any_slack_app: Listener) -> None:
    world = any_slack_app.world

    delivery = world.mention(ADA, SHARED, "plan a party")

    assert delivery.status == 200
    assert delivery.milliseconds > 0
    mentioned, message = any_slack_app.heard
    assert table(mentioned["event"])["type"] == "app_mention"
    assert table(message["event"])["channel_type"] == "channel"
    assert table(mentioned["event"])["ts"] == table(message["event"])["ts"] == delivery.ts
    assert mentioned["event_id"] != message["event_id"]
    assert tables(mentioned["authorizations"])[0]["user_id"] == BOT_USER
    assert mentioned["is_ext_shared_channel"] is True
    assert world.messages(SHARED)[0].text == f"<@{BOT_USER}> plan a party"


def test_an_unsubscribed_event_is_not_sent(slack_app: Listener) -> None:
    slack_app.world.configure(subscriptions=["app_mention"])

    quiet = slack_app.world.say(ADA, GENERAL, "nobody in particular")
    heard = slack_app.world.mention(ADA, GENERAL, "you")

    assert (quiet.carrier, heard.carrier) == ("none", "http")
    assert heard.also == ()


async def test_direct_messages_and_replies_reach_the_app_from_async_code(
    slack_app: Listener,
) -> None:
    first = await slack_app.world.direct_message.soon(BEN, "hello")
    assert first.message is not None

    await slack_app.world.reply.soon(BEN, first.message.channel, first.ts, "and more")

    events = [table(payload["event"]) for payload in slack_app.heard]
    assert [event["channel_type"] for event in events] == ["im", "im"]
    assert events[1]["thread_ts"] == first.ts


@pytest.mark.parametrize(
    ("trick", "statuses"),
    [
        ("unsigned", [401]),
        ("badly_signed", [401]),
        ("stale", [401]),
        ("ahead", [401]),
        ("replayed", [200, 200]),
        ("duplicated", [200, 200]),
        ("oversized", [200]),
    ],
)
def test_tricks_are_played_as_asked(slack_app: Listener, trick: str, statuses: list[int]) -> None:
    slack_app.world.configure(subscriptions=["app_mention"])

    delivery = slack_app.world.mention(ADA, GENERAL, "hello", trick=trick)

    assert [attempt.status for attempt in delivery.attempts] == statuses
    assert len(slack_app.heard) == statuses.count(200)
    assert len({text(payload.get("event_id")) for payload in slack_app.heard}) <= 1


def test_held_deliveries_arrive_in_the_order_asked_for(slack_app: Listener) -> None:
    slack_app.world.configure(subscriptions=["message.channels"])
    slack_app.world.hold()
    held = [slack_app.world.say(ADA, GENERAL, written) for written in ("one", "two", "three")]

    slack_app.world.release("last")

    assert {delivery.carrier for delivery in held} == {"held"}
    assert [table(payload["event"])["text"] for payload in slack_app.heard] == [
        "three",
        "two",
        "one",
    ]


def test_a_failed_event_is_retried_until_it_is_taken(slack_app: Listener) -> None:
    slack_app.world.configure(
        retries=True, retry_delays_seconds=[0, 0, 0], subscriptions=["message.im"]
    )
    slack_app.answer = lambda _: web.Response(status=500 if len(slack_app.heard) < 3 else 200)

    delivery = slack_app.world.direct_message(ADA, "hello")

    assert [attempt.status for attempt in delivery.attempts] == [500, 500, 200]
    assert [headers.get("X-Slack-Retry-Num") for headers in slack_app.headers] == [None, "1", "2"]
    assert slack_app.headers[1]["X-Slack-Retry-Reason"] == "http_error"


def test_an_app_may_refuse_retries(slack_app: Listener) -> None:
    slack_app.world.configure(retries=True, retry_delays_seconds=[0, 0, 0])
    slack_app.answer = lambda _: web.Response(status=500, headers={"X-Slack-No-Retry": "1"})

    assert len(slack_app.world.direct_message(ADA, "hello").attempts) == 1


def test_verification_and_rate_notices_have_no_inner_event(slack_app: Listener) -> None:
    slack_app.answer = lambda payload: web.Response(text=text(payload.get("challenge")))

    verified = slack_app.world.verify_url("prove it")
    slack_app.world.limit_app()

    assert verified.body == "prove it"
    assert slack_app.heard[1]["type"] == "app_rate_limited"
    assert "event" not in slack_app.heard[1]


def test_raw_bytes_reach_the_app_unchanged(slack_app: Listener) -> None:
    attempt = slack_app.world.post_raw(b"\xff{", {"Content-Type": "application/json"})

    assert attempt.status == 401


async def test_socket_mode_delivers_acknowledges_and_reconnects(slack_world: SlackWorld) -> None:
    heard: list[SocketModeRequest] = []

    async def listen(client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        heard.append(request)
        if len(heard) > 1:
            answer = {"text": "done"} if request.type == "slash_commands" else None
            await client.send_socket_mode_response(
                SocketModeResponse(envelope_id=request.envelope_id, payload=answer)
            )

    await slack_world.configure.soon(
        retries=True,
        retry_delays_seconds=[0.0, 0.5, 1.0],
        answer_within_seconds=1.0,
        subscriptions=["app_mention"],
    )
    client = SocketModeClient(
        app_token=slack_world.app_token,
        web_client=AsyncWebClient(base_url=slack_world.api_url),
        ping_interval=0.5,
    )
    client.socket_mode_request_listeners.append(listen)
    await client.connect()
    await slack_world.until_soon(lambda: slack_world.connections() == 1)

    mentioned = await slack_world.mention.soon(ADA, GENERAL, "hello")
    typed = await slack_world.slash.soon(ADA, GENERAL, "list")
    before = client.current_session
    await slack_world.disconnect_sockets.soon()
    await slack_world.until_soon(
        lambda: client.current_session is not before and slack_world.connections() == 1
    )
    again = await slack_world.mention.soon(ADA, GENERAL, "still there?")
    await client.close()

    assert [attempt.status for attempt in mentioned.attempts] == [0, 200]
    assert [request.retry_attempt for request in heard[:2]] == [0, 1]
    assert typed.json == {"text": "done"}
    assert (again.carrier, again.status) == ("socket", 200)
    shown = await slack_world.ephemerals.soon(ADA)
    assert [message.text for message in shown] == ["done"]


def test_an_app_hears_its_own_messages_where_asked_for(slack_app: Listener) -> None:
    slack_app.world.configure(echo=True)

    client_of(slack_app.world).chat_postMessage(channel=GENERAL, text="mine")
    slack_app.world.until(lambda: slack_app.heard)

    assert table(slack_app.heard[0]["event"])["bot_id"] == "B0BATON"
