"""The simulated Slack, held against Slack's own client library."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import cast
from urllib.error import URLError
from urllib.parse import parse_qs
from urllib.request import urlopen

import pytest
from aiohttp import web
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web import SlackResponse
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from tests.worlds.slack.cast import (
    ADA,
    APPROVERS,
    ARCHIVED,
    BEN,
    BOT_USER,
    GENERAL,
    GONE,
    OTHER_TEAM,
    PRIVATE,
    SHARED,
    SINGLE_GUEST,
    STRANGER,
    TEAM,
    WITHOUT_BOT,
)
from tests.worlds.slack.errors import UnknownThingError
from tests.worlds.slack.loop_thread import LoopThread
from tests.worlds.slack.payload import Json, Payload, table, tables, text, texts
from tests.worlds.slack.validation.reference import Reference
from tests.worlds.slack.world import SlackWorld

needs_data = pytest.mark.skipif(
    not Reference().present, reason="the conformance data is not on this machine"
)


@dataclass
class App:
    """A listener that checks signatures with the vendor's verifier and remembers what came."""

    world: SlackWorld
    url: str = ""
    heard: list[Payload] = field(default_factory=list[Payload])
    headers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    answer: Callable[[Payload], web.Response] = lambda _: web.Response()

    async def serve(self, request: web.Request) -> web.Response:
        body = await request.read()
        verifier = SignatureVerifier(self.world.signing_secret)
        if not verifier.is_valid_request(body, dict(request.headers)):
            return web.Response(status=401)
        if request.content_type == "application/json":
            payload = table(json.loads(body))
        else:
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            payload = table(json.loads(form["payload"])) if "payload" in form else Payload(form)
        self.heard.append(payload)
        self.headers.append(dict(request.headers))
        return self.answer(payload)


@pytest.fixture(params=["inside", "outside"])
def world(request: pytest.FixtureRequest) -> Iterator[SlackWorld]:
    if request.param == "inside":
        with SlackWorld.start() as started:
            yield started
        return
    command = [sys.executable, "-m", "tests.worlds.slack", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        announced = json.loads(process.stdout.readline())
        with SlackWorld.connect(announced["url"]) as connected:
            yield connected
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


@pytest.fixture
def inside() -> Iterator[SlackWorld]:
    with SlackWorld.start() as started:
        yield started


@pytest.fixture
def app(inside: SlackWorld) -> Iterator[App]:
    yield from _listening(inside)


@pytest.fixture
def far_app(world: SlackWorld) -> Iterator[App]:
    yield from _listening(world)


def _listening(world: SlackWorld) -> Iterator[App]:
    app, loop = App(world), LoopThread("app")

    async def start() -> web.AppRunner:
        application = web.Application(client_max_size=16 * 1024 * 1024)
        application.add_routes([web.post("/slack/events", app.serve)])
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner

    runner = loop.run(start())
    app.url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    world.target(app.url)
    yield app
    loop.run(runner.cleanup())
    loop.stop()


def client_of(world: SlackWorld, *, token: str = "") -> WebClient:
    return WebClient(token=token or world.bot_token, base_url=world.api_url, retry_handlers=[])


def card(label: str = "Approve") -> list[dict[str, object]]:
    return [
        {"type": "header", "text": {"type": "plain_text", "text": "Send the mail?"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "*To* everybody"}},
        {
            "type": "actions",
            "block_id": "verdict.1",
            "elements": [
                {
                    "type": "button",
                    "action_id": "approval.approve",
                    "text": {"type": "plain_text", "text": label},
                    "value": "ap_1",
                    "style": "primary",
                },
                {
                    "type": "overflow",
                    "action_id": "approval.more",
                    "options": [
                        {"text": {"type": "plain_text", "text": "Details"}, "value": "details"},
                        {"text": {"type": "plain_text", "text": "Cancel"}, "value": "cancel"},
                    ],
                },
            ],
        },
    ]


def modal(**changes: object) -> dict[str, object]:
    reason = {
        "type": "input",
        "block_id": "why",
        "label": {"type": "plain_text", "text": "Reason"},
        "element": {"type": "plain_text_input", "action_id": "reason"},
    }
    view: dict[str, object] = {
        "type": "modal",
        "callback_id": "reject",
        "title": {"type": "plain_text", "text": "Reject"},
        "submit": {"type": "plain_text", "text": "Reject"},
        "blocks": [reason],
    }
    return view | changes


def told(response: SlackResponse | AsyncSlackResponse) -> Payload:
    """Give an answer's body."""
    return cast("Payload", response.data)


def ts_of(response: SlackResponse | AsyncSlackResponse) -> str:
    return text(told(response)["ts"])


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(SlackApiError) as refusal:
        call()
    return text(told(cast("SlackResponse", refusal.value.response))["error"])


def test_a_posted_card_is_stored_found_by_metadata_and_edited(world: SlackWorld) -> None:
    client = client_of(world)
    mark = {"event_type": "agent_run", "event_payload": {"k": "dl_1"}}

    posted = client.chat_postMessage(
        channel=GENERAL, text="Send?", blocks=card(), metadata=mark, unfurl_links=False
    )
    client.chat_update(channel=GENERAL, ts=ts_of(posted), text="Sent", blocks=card("Done"))

    found = world.cards("agent_run", k="dl_1")
    assert [message.ts for message in found] == [ts_of(posted)]
    assert (found[0].text, found[0].edited, found[0].revision) == ("Sent", True, 1)
    assert [message.text for message in world.revisions(GENERAL, found[0].ts)] == ["Send?", "Sent"]
    assert "[Done] [Details] [Cancel]" in world.plain(GENERAL, found[0].ts)
    assert [call.method for call in world.calls] == ["chat.postMessage", "chat.update"]
    assert world.violations == []


async def test_the_async_client_reads_threads_with_and_without_metadata(inside: SlackWorld) -> None:
    client = AsyncWebClient(token=inside.bot_token, base_url=inside.api_url)
    root = await client.chat_postMessage(channel=GENERAL, text="root")
    mark = {"event_type": "answer", "event_payload": {"k": "1"}}
    for number in range(3):
        await client.chat_postMessage(
            channel=GENERAL, thread_ts=ts_of(root), text=f"reply {number}", metadata=mark
        )

    marked = await client.conversations_replies(
        channel=GENERAL, ts=ts_of(root), include_all_metadata=True
    )
    bare = await client.conversations_replies(channel=GENERAL, ts=ts_of(root), limit=2)
    rest = await client.conversations_replies(
        channel=GENERAL,
        ts=ts_of(root),
        cursor=text(table(told(bare)["response_metadata"])["next_cursor"]),
    )
    history = await client.conversations_history(channel=GENERAL)

    assert [message["text"] for message in tables(told(marked)["messages"])][1:] == [
        "reply 0",
        "reply 1",
        "reply 2",
    ]
    assert tables(told(marked)["messages"])[1]["metadata"] == mark
    assert "metadata" not in tables(told(bare)["messages"])[1]
    assert [message["text"] for message in tables(told(rest)["messages"])] == ["reply 1", "reply 2"]
    assert [message["reply_count"] for message in tables(told(history)["messages"])] == [3]
    stamps = [message.ts for message in await inside.messages.soon(GENERAL)]
    assert len(set(stamps)) == 4
    assert stamps == sorted(stamps)


def test_tokens_are_told_apart(inside: SlackWorld) -> None:
    inside.revoke(OTHER_TEAM)

    wrong = client_of(inside, token="xoxb-unknown")
    other = client_of(inside, token="xoxb-simulated-other")
    app_level = client_of(inside, token=inside.app_token)

    assert refused(lambda: wrong.auth_test()) == "invalid_auth"
    assert refused(lambda: other.auth_test()) == "token_revoked"
    assert refused(lambda: app_level.auth_test()) == "not_allowed_token_type"
    bot = client_of(inside)
    assert refused(lambda: bot.apps_connections_open(app_token=inside.bot_token)) == (
        "not_allowed_token_type"
    )
    assert "xoxb" not in str([call.arguments for call in inside.calls])


@needs_data
def test_a_token_without_the_scope_is_refused(inside: SlackWorld) -> None:
    inside.grant(["commands"])

    assert refused(lambda: client_of(inside).users_info(user=ADA)) == "missing_scope"


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        (ARCHIVED, "is_archived"),
        (WITHOUT_BOT, "not_in_channel"),
        ("C0NOWHERE", "channel_not_found"),
    ],
)
def test_channels_refuse_posts(inside: SlackWorld, channel: str, error: str) -> None:
    assert refused(lambda: client_of(inside).chat_postMessage(channel=channel, text="x")) == error


def section(**changes: object) -> dict[str, object]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": "x"}, **changes}


BAD_BLOCKS: dict[str, tuple[object, str]] = {
    "too many blocks": ([{"type": "divider"}] * 51, "invalid_blocks"),
    "too many characters": (
        [section(text={"type": "mrkdwn", "text": "y" * 2900})] * 5,
        "msg_blocks_too_long",
    ),
    "long section": ([section(text={"type": "mrkdwn", "text": "y" * 3001})], "invalid_blocks"),
    "long field": (
        [{"type": "section", "fields": [{"type": "mrkdwn", "text": "y" * 2001}]}],
        "invalid_blocks",
    ),
    "long header": (
        [{"type": "header", "text": {"type": "plain_text", "text": "y" * 151}}],
        "invalid_blocks",
    ),
    "empty text": ([section(text={"type": "mrkdwn", "text": ""})], "invalid_blocks"),
    "wrong text object": (
        [{"type": "header", "text": {"type": "mrkdwn", "text": "y"}}],
        "invalid_blocks",
    ),
    "unknown property": ([section(colour="red")], "invalid_blocks"),
    "unknown block": ([{"type": "fireworks"}], "invalid_blocks"),
    "null block": ([None], "invalid_blocks"),
    "repeated block id": ([section(block_id="a"), section(block_id="a")], "invalid_blocks"),
    "alert in a message": (
        [{"type": "alert", "text": {"type": "plain_text", "text": "x"}}],
        "invalid_blocks",
    ),
    "confirm without deny": (
        [
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "action_id": "a",
                        "text": {"type": "plain_text", "text": "Go"},
                        "confirm": {
                            "title": {"type": "plain_text", "text": "Sure?"},
                            "text": {"type": "plain_text", "text": "Really?"},
                            "confirm": {"type": "plain_text", "text": "Yes"},
                        },
                    }
                ],
            }
        ],
        "invalid_blocks",
    ),
    "long button label": (card("y" * 76), "invalid_blocks"),
    "repeated action id": (
        [
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "action_id": "same",
                        "text": {"type": "plain_text", "text": label},
                    }
                    for label in ("One", "Two")
                ],
            }
        ],
        "invalid_blocks",
    ),
    "too much markdown": (
        [{"type": "markdown", "text": "y" * 6001}, {"type": "markdown", "text": "y" * 6001}],
        "invalid_blocks",
    ),
}


OUT_OF_SHAPE = {"wrong text object", "unknown property", "unknown block"}


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, marks=needs_data if case in OUT_OF_SHAPE else ()) for case in BAD_BLOCKS],
)
def test_blocks_that_slack_refuses_are_refused_and_recorded(inside: SlackWorld, case: str) -> None:
    blocks, error = BAD_BLOCKS[case]

    answered = refused(
        lambda: client_of(inside).chat_postMessage(
            channel=GENERAL, text="x", blocks=json.dumps(blocks)
        )
    )

    assert answered == error
    assert inside.violations[0].rule == error
    assert inside.messages(GENERAL) == []


def test_properties_newer_than_the_schemas_pass(inside: SlackWorld) -> None:
    blocks = card()
    elements = tables(table(json.loads(json.dumps(blocks[2])))["elements"])
    elements[0]["visible_to_user_ids"] = [ADA, BEN]

    client_of(inside).chat_postMessage(
        channel=GENERAL, text="x", blocks=[*blocks[:2], {"type": "actions", "elements": elements}]
    )

    assert inside.violations == []


@needs_data
def test_unknown_and_missing_arguments_are_recorded(inside: SlackWorld) -> None:
    client = client_of(inside)

    client.chat_postMessage(channel=GENERAL, text="x", colour="red")
    missing = refused(lambda: client.api_call("chat.postMessage", json={"text": "x"}))

    assert missing == "invalid_arguments"
    assert [violation.rule for violation in inside.violations] == [
        "unknown_argument",
        "invalid_arguments",
    ]


def test_text_limits_differ_between_post_and_update(inside: SlackWorld) -> None:
    client = client_of(inside)
    long = "y" * 4001

    posted = client.chat_postMessage(channel=GENERAL, text=long)
    updating = refused(lambda: client.chat_update(channel=GENERAL, ts=ts_of(posted), text=long))

    assert updating == "msg_too_long"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert refused(lambda: client.chat_postMessage(channel=GENERAL)) == "no_text"


def test_a_mention_arrives_signed_and_twice_under_different_ids(far_app: App) -> None:
    world = far_app.world

    delivery = world.mention(ADA, SHARED, "plan a party")

    assert delivery.status == 200
    assert delivery.milliseconds > 0
    mentioned, message = far_app.heard
    assert table(mentioned["event"])["type"] == "app_mention"
    assert table(message["event"])["channel_type"] == "channel"
    assert table(mentioned["event"])["ts"] == table(message["event"])["ts"] == delivery.ts
    assert mentioned["event_id"] != message["event_id"]
    assert tables(mentioned["authorizations"])[0]["user_id"] == BOT_USER
    assert mentioned["is_ext_shared_channel"] is True
    assert world.messages(SHARED)[0].text == f"<@{BOT_USER}> plan a party"


def test_an_unsubscribed_event_is_not_sent(app: App) -> None:
    app.world.configure(subscriptions=["app_mention"])

    quiet = app.world.say(ADA, GENERAL, "nobody in particular")
    heard = app.world.mention(ADA, GENERAL, "you")

    assert (quiet.carrier, heard.carrier) == ("none", "http")
    assert heard.also == ()


async def test_direct_messages_and_replies_reach_the_app_from_async_code(app: App) -> None:
    first = await app.world.direct_message.soon(BEN, "hello")
    assert first.message is not None

    await app.world.reply.soon(BEN, first.message.channel, first.ts, "and more")

    events = [table(payload["event"]) for payload in app.heard]
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
def test_tricks_are_played_as_asked(app: App, trick: str, statuses: list[int]) -> None:
    app.world.configure(subscriptions=["app_mention"])

    delivery = app.world.mention(ADA, GENERAL, "hello", trick=trick)

    assert [attempt.status for attempt in delivery.attempts] == statuses
    assert len(app.heard) == statuses.count(200)
    assert len({text(payload.get("event_id")) for payload in app.heard}) <= 1


def test_held_deliveries_arrive_in_the_order_asked_for(app: App) -> None:
    app.world.configure(subscriptions=["message.channels"])
    app.world.hold()
    held = [app.world.say(ADA, GENERAL, written) for written in ("one", "two", "three")]

    app.world.release("last")

    assert {delivery.carrier for delivery in held} == {"held"}
    assert [table(payload["event"])["text"] for payload in app.heard] == ["three", "two", "one"]


def test_a_failed_event_is_retried_until_it_is_taken(app: App) -> None:
    app.world.configure(retries=True, retry_delays_seconds=[0, 0, 0], subscriptions=["message.im"])
    app.answer = lambda _: web.Response(status=500 if len(app.heard) < 3 else 200)

    delivery = app.world.direct_message(ADA, "hello")

    assert [attempt.status for attempt in delivery.attempts] == [500, 500, 200]
    assert [headers.get("X-Slack-Retry-Num") for headers in app.headers] == [None, "1", "2"]
    assert app.headers[1]["X-Slack-Retry-Reason"] == "http_error"


def test_an_app_may_refuse_retries(app: App) -> None:
    app.world.configure(retries=True, retry_delays_seconds=[0, 0, 0])
    app.answer = lambda _: web.Response(status=500, headers={"X-Slack-No-Retry": "1"})

    assert len(app.world.direct_message(ADA, "hello").attempts) == 1


def test_a_click_carries_who_where_and_what(far_app: App) -> None:
    world = far_app.world
    posted = client_of(world).chat_postMessage(channel=GENERAL, text="Send?", blocks=card())
    message = world.message(GENERAL, ts_of(posted))

    world.click(BEN, message, "Approve")
    world.click(STRANGER, message, "Cancel", user_team=TEAM)

    approved, cancelled = far_app.heard
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


def test_a_stale_button_can_be_pressed_after_the_card_was_redrawn(app: App) -> None:
    client = client_of(app.world)
    posted = client.chat_postMessage(channel=GENERAL, text="Send?", blocks=card())
    before = app.world.message(GENERAL, ts_of(posted))
    client.chat_update(channel=GENERAL, ts=ts_of(posted), text="Sent", blocks=[section()])

    with pytest.raises(UnknownThingError):
        app.world.click(BEN, before, "approval.approve")
    delivery = app.world.click(BEN, before, "approval.approve", stale=True)

    assert delivery.status == 200
    assert tables(app.heard[0]["actions"])[0]["value"] == "ap_1"


def test_a_response_url_replaces_an_ephemeral_and_wears_out(app: App) -> None:
    client = client_of(app.world)
    client.chat_postEphemeral(channel=GENERAL, user=ADA, text="Only you", blocks=card())
    shown = app.world.ephemerals(ADA)[0]
    app.world.click(ADA, shown, "approval.approve")
    address = text(app.heard[0]["response_url"])

    for number in range(5):
        _post(address, {"text": f"seen {number}", "replace_original": True})

    assert [message.text for message in app.world.ephemerals(ADA)] == ["seen 4"]
    assert app.world.ephemerals(BEN) == []
    with pytest.raises(URLError):
        _post(address, {"text": "once more"})
    assert [violation.rule for violation in app.world.violations] == ["used_url"]


def _post(address: str, payload: Json) -> None:
    with urlopen(address, json.dumps(payload).encode(), timeout=5) as response:
        assert response.status == 200


def test_a_slash_command_shows_its_answer_to_the_typist_alone(far_app: App) -> None:
    far_app.answer = lambda _: web.json_response({"text": "three runs"})

    delivery = far_app.world.slash(ADA, GENERAL, "list mine")

    assert delivery.json == {"text": "three runs"}
    assert (far_app.heard[0]["command"], far_app.heard[0]["text"]) == ("/baton", "list mine")
    assert [message.text for message in far_app.world.ephemerals(ADA)] == ["three runs"]
    assert far_app.world.messages(GENERAL) == []


def test_a_modal_opens_once_is_filled_in_and_closes(far_app: App) -> None:
    world = far_app.world
    client = client_of(world)
    world.shortcut(ADA, "run.new")
    trigger = text(far_app.heard[0]["trigger_id"])

    client.views_open(trigger_id=trigger, view=modal())
    again = refused(lambda: client.views_open(trigger_id=trigger, view=modal()))
    far_app.answer = lambda _: web.json_response(
        {"response_action": "errors", "errors": {"why": "Too short"}}
    )
    world.submit_view(ADA, world.views(ADA)[0], {"Reason": "no"})
    still_open = len(world.views(ADA))
    far_app.answer = lambda _: web.Response()
    world.submit_view(ADA, world.views(ADA)[0], {"reason": "because it is late"})

    assert again == "exchanged_trigger_id"
    assert (still_open, world.views(ADA)) == (1, [])
    state = table(table(far_app.heard[-1]["view"])["state"])
    assert state["values"] == {
        "why": {"reason": {"type": "plain_text_input", "value": "because it is late"}}
    }
    assert world.violations == []


def test_a_trigger_expires_after_three_seconds(app: App) -> None:
    app.world.shortcut(ADA, "run.new")
    app.world.pass_time(3.5)

    opening = refused(
        lambda: client_of(app.world).views_open(
            trigger_id=text(app.heard[0]["trigger_id"]), view=modal()
        )
    )

    assert opening == "expired_trigger_id"


@pytest.mark.parametrize(
    "fault",
    [
        {"title": {"type": "plain_text", "text": "y" * 25}},
        {"private_metadata": "y" * 3001},
        {"submit": None},
        {"blocks": []},
        pytest.param({"colour": "red"}, marks=needs_data),
    ],
)
def test_views_that_slack_refuses_are_refused(app: App, fault: dict[str, object]) -> None:
    app.world.shortcut(ADA, "run.new")
    view = {name: value for name, value in modal(**fault).items() if value is not None}

    opening = refused(
        lambda: client_of(app.world).views_open(
            trigger_id=text(app.heard[0]["trigger_id"]), view=view
        )
    )

    assert opening == "invalid_arguments"
    assert app.world.violations


def test_a_home_tab_is_published_and_pressed(app: App) -> None:
    client = client_of(app.world)
    client.views_publish(user_id=ADA, view={"type": "home", "blocks": card()})
    home = app.world.home(ADA)
    assert home is not None

    app.world.click_view(ADA, home, "Approve")
    app.world.open_home(ADA)

    assert table(app.heard[0]["container"]) == {"type": "view", "view_id": home["id"]}
    assert table(table(app.heard[1]["event"])["view"])["id"] == home["id"]
    stale = client_of(app.world)
    view: dict[str, object] = {"type": "home", "blocks": [section()]}
    assert refused(lambda: stale.views_publish(user_id=ADA, view=view, hash="old")) == (
        "hash_conflict"
    )


def test_people_are_told_apart(inside: SlackWorld) -> None:
    client = client_of(inside)

    guest = table(told(client.users_info(user=SINGLE_GUEST))["user"])
    stranger = table(told(client.users_info(user=STRANGER))["user"])
    gone = table(told(client.users_info(user=GONE))["user"])
    group = told(client.usergroups_users_list(usergroup=APPROVERS))
    opened = told(client.conversations_open(users=ADA))
    opened_again = told(client.conversations_open(users=ADA))
    members = told(client.conversations_members(channel=PRIVATE))

    assert guest["is_ultra_restricted"] is True
    assert (stranger["is_stranger"], stranger["team_id"]) == (True, OTHER_TEAM)
    assert gone["deleted"] is True
    assert group["users"] == [ADA, BEN]
    assert opened["channel"] == opened_again["channel"]
    assert refused(lambda: client.conversations_open(users=GONE)) == "user_disabled"
    assert set(texts(members["members"])) == {BOT_USER, ADA, BEN}
    assert inside.violations == []


def test_files_are_uploaded_in_three_calls(inside: SlackWorld) -> None:
    client = client_of(inside)
    root = client.chat_postMessage(channel=GENERAL, text="root")

    client.files_upload_v2(
        channel=GENERAL, thread_ts=ts_of(root), content="a,b\n1,2\n", filename="table.csv"
    )

    shared = inside.thread(GENERAL, ts_of(root))[1].files[0]
    assert shared["name"] == "table.csv"
    assert inside.file(text(shared["id"])) == b"a,b\n1,2\n"
    assert inside.violations == []


def test_sessions_statuses_and_the_stop_button(app: App) -> None:
    client = client_of(app.world)
    root = app.world.say(ADA, GENERAL, "hello").ts
    client.agents_sessions_setStatus(
        channel_id=GENERAL, thread_ts=root, status="processing", title="Party"
    )
    client.assistant_threads_setStatus(
        channel_id=GENERAL, thread_ts=root, status="is thinking", loading_messages=["a", "b"]
    )

    shown = app.world.status_line(GENERAL, root)
    app.world.pass_time(121)
    app.world.stop_session(ADA, GENERAL, root)

    assert (shown, app.world.status_line(GENERAL, root)) == ("is thinking", "")
    assert app.world.sessions()[0]["history"] == ["processing"]
    stopped = table(app.heard[-1]["event"])
    assert (stopped["type"], stopped["thread_ts"]) == ("agent_session_stopped", root)
    lacking = refused(lambda: client.agents_sessions_setStatus(channel_id=GENERAL, status="active"))
    assert lacking == "thread_ts_required"
    assert app.world.violations == []


def test_a_function_completes_once(app: App) -> None:
    app.world.run_function("start_run", {"task": "x"}, ADA)
    execution = text(table(app.heard[0]["event"])["function_execution_id"])
    client = client_of(app.world)

    client.functions_completeSuccess(function_execution_id=execution, outputs={"run": "1"})
    again = refused(
        lambda: client.functions_completeError(function_execution_id=execution, error="late")
    )

    assert again == "execution_not_in_running_state"
    assert app.world.execution(execution) == {
        "id": execution,
        "status": "completed",
        "outputs": {"run": "1"},
        "error": "",
    }


def test_a_stream_expires_and_only_an_update_repairs_it(inside: SlackWorld) -> None:
    client = client_of(inside)
    root = ts_of(client.chat_postMessage(channel=GENERAL, text="root"))
    stream = ts_of(
        client.chat_startStream(
            channel=GENERAL, thread_ts=root, recipient_team_id=TEAM, recipient_user_id=ADA
        )
    )
    client.chat_appendStream(channel=GENERAL, ts=stream, markdown_text="part one")

    inside.pass_time(301)
    stopped = refused(lambda: client.chat_stopStream(channel=GENERAL, ts=stream))
    client.chat_update(channel=GENERAL, ts=stream, text="the whole")

    assert stopped == "message_not_in_streaming_state"
    assert inside.message(GENERAL, stream).text == "the whole"


def test_verification_and_rate_notices_have_no_inner_event(app: App) -> None:
    app.answer = lambda payload: web.Response(text=text(payload.get("challenge")))

    verified = app.world.verify_url("prove it")
    app.world.limit_app()

    assert verified.body == "prove it"
    assert app.heard[1]["type"] == "app_rate_limited"
    assert "event" not in app.heard[1]


def test_raw_bytes_reach_the_app_unchanged(app: App) -> None:
    attempt = app.world.post_raw(b"\xff{", {"Content-Type": "application/json"})

    assert attempt.status == 401


def test_a_rate_limit_says_how_long_to_wait(world: SlackWorld) -> None:
    client = client_of(world)
    world.fault("chat.postMessage", "rate_limited", retry_after_seconds=7)

    with pytest.raises(SlackApiError) as limited:
        client.chat_postMessage(channel=GENERAL, text="x")
    client.chat_postMessage(channel=GENERAL, text="x")

    assert limited.value.response.status_code == 429
    assert limited.value.response.headers["Retry-After"] == "7"
    assert [(call.status, call.fault) for call in world.calls] == [(429, "rate_limited"), (200, "")]
    assert len(world.messages(GENERAL)) == 1


@pytest.mark.parametrize(("kind", "stored"), [("reset_before", 0), ("reset_after", 1)])
def test_a_reset_comes_before_or_after_the_effect(
    inside: SlackWorld, kind: str, stored: int
) -> None:
    inside.fault("chat.*", kind)

    with pytest.raises((URLError, ConnectionError, OSError)):
        client_of(inside).chat_postMessage(channel=GENERAL, text="x")

    assert len(inside.messages(GENERAL)) == stored
    assert inside.calls[0].status == 0


@pytest.mark.parametrize(
    ("kind", "error"), [("archive_channel", "is_archived"), ("revoke_token", "token_revoked")]
)
def test_the_ground_can_move_under_a_call(inside: SlackWorld, kind: str, error: str) -> None:
    inside.fault("chat.postMessage", kind, after=1)
    client = client_of(inside)
    client.chat_postMessage(channel=GENERAL, text="x")

    assert refused(lambda: client.chat_postMessage(channel=GENERAL, text="y")) == error


@needs_data
def test_only_documented_errors_are_played(world: SlackWorld) -> None:
    world.fault("chat.update", "error", error="edit_window_closed")

    assert refused(lambda: client_of(world).chat_update(channel=GENERAL, ts="1.1", text="x")) == (
        "edit_window_closed"
    )
    with pytest.raises(ValueError, match="gremlins"):
        world.fault("chat.update", "error", error="gremlins")


def test_seeded_faults_repeat(inside: SlackWorld) -> None:
    def campaign() -> list[str]:
        inside.clear_faults()
        inside.fault("auth.test", "slow", times=None, probability=0.5, seed=7)
        for _ in range(12):
            client_of(inside).auth_test()
        return [call.fault for call in inside.calls[-12:]]

    first, second = campaign(), campaign()

    assert first == second
    assert set(first) == {"", "slow"}


@pytest.mark.parametrize("kind", ["slow", "slow_after"])
def test_a_slow_answer_outlasts_a_hasty_client_and_takes_effect(
    inside: SlackWorld, kind: str
) -> None:
    inside.fault("chat.postMessage", kind, delay_seconds=1.2)
    hasty = WebClient(token=inside.bot_token, base_url=inside.api_url, timeout=1, retry_handlers=[])

    with pytest.raises((TimeoutError, URLError)):
        hasty.chat_postMessage(channel=GENERAL, text="x")
    stored = inside.until(lambda: inside.messages(GENERAL))

    assert [message.text for message in stored] == ["x"]


@needs_data
def test_published_rate_limits_hold_where_asked_for(inside: SlackWorld) -> None:
    inside.configure(rate_limits=True)
    client = client_of(inside)
    posted = client.chat_postMessage(channel=GENERAL, text="x")
    for number in range(50):
        client.chat_update(channel=GENERAL, ts=ts_of(posted), text=str(number))

    with pytest.raises(SlackApiError) as limited:
        client.chat_update(channel=GENERAL, ts=ts_of(posted), text="too much")
    inside.pass_time(60)
    client.chat_update(channel=GENERAL, ts=ts_of(posted), text="again")

    retry_after = cast("SlackResponse", limited.value.response).headers["Retry-After"]
    assert int(text(cast("Json", retry_after))) > 0


async def test_socket_mode_delivers_acknowledges_and_reconnects(inside: SlackWorld) -> None:
    heard: list[SocketModeRequest] = []

    async def listen(client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        heard.append(request)
        if len(heard) > 1:
            answer = {"text": "done"} if request.type == "slash_commands" else None
            await client.send_socket_mode_response(
                SocketModeResponse(envelope_id=request.envelope_id, payload=answer)
            )

    await inside.configure.soon(
        retries=True,
        retry_delays_seconds=[0.0],
        answer_within_seconds=0.3,
        subscriptions=["app_mention"],
    )
    client = SocketModeClient(
        app_token=inside.app_token,
        web_client=AsyncWebClient(base_url=inside.api_url),
        ping_interval=0.5,
    )
    client.socket_mode_request_listeners.append(listen)
    await client.connect()
    await inside.until_soon(lambda: inside.connections() == 1)

    mentioned = await inside.mention.soon(ADA, GENERAL, "hello")
    typed = await inside.slash.soon(ADA, GENERAL, "list")
    await inside.disconnect_sockets.soon()
    await inside.until_soon(lambda: inside.connections() == 1)
    again = await inside.mention.soon(ADA, GENERAL, "still there?")
    await client.close()

    assert [attempt.status for attempt in mentioned.attempts] == [0, 200]
    assert [request.retry_attempt for request in heard[:2]] == [0, 1]
    assert typed.json == {"text": "done"}
    assert (again.carrier, again.status) == ("socket", 200)
    shown = await inside.ephemerals.soon(ADA)
    assert [message.text for message in shown] == ["done"]


def test_waiting_wakes_on_a_change_and_explains_a_failure(inside: SlackWorld) -> None:
    client_of(inside).chat_postMessage(channel=GENERAL, text="the only words")

    found = inside.until(lambda: inside.messages(GENERAL))
    with pytest.raises(TimeoutError, match="the only words"):
        inside.until(lambda: inside.messages(PRIVATE), timeout_seconds=0.1)

    assert found[0].text == "the only words"


async def test_waiting_from_async_code_sees_what_happens_meanwhile(inside: SlackWorld) -> None:
    client = AsyncWebClient(token=inside.bot_token, base_url=inside.api_url)
    waiting = asyncio.ensure_future(inside.until_soon(lambda: inside.messages(GENERAL)))

    await client.chat_postMessage(channel=GENERAL, text="now")

    assert [message.text for message in await waiting] == ["now"]


def test_the_thread_page_escapes_what_people_write(inside: SlackWorld) -> None:
    client_of(inside).chat_postMessage(channel=GENERAL, text="<script>alert(1)</script>")

    with urlopen(f"{inside.url}/view/{GENERAL}", timeout=5) as response:
        page = response.read().decode()

    assert "&lt;script&gt;" in page
    assert "<script>" not in page


def test_an_app_hears_its_own_messages_where_asked_for(app: App) -> None:
    app.world.configure(echo=True)

    client_of(app.world).chat_postMessage(channel=GENERAL, text="mine")
    app.world.until(lambda: app.heard)

    assert table(app.heard[0]["event"])["bot_id"] == "B0BATON"
