"""The simulated Slack, held against Slack's own client library."""

from __future__ import annotations

import asyncio
from urllib.request import urlopen

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from tests.worlds.slack.asking import client_of, refused, told, ts_of
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
    SINGLE_GUEST,
    STRANGER,
    TEAM,
    WITHOUT_BOT,
)
from tests.worlds.slack.conformance import needs_data
from tests.worlds.slack.listener import Listener
from tests.worlds.slack.payload import table, tables, text, texts
from tests.worlds.slack.samples import card
from tests.worlds.slack.world import SlackWorld

pytest_plugins = ["tests.worlds.slack.fixtures"]


def test_a_posted_card_is_stored_found_by_metadata_and_edited(any_slack_world: SlackWorld) -> None:
    client = client_of(any_slack_world)
    mark = {"event_type": "agent_run", "event_payload": {"k": "dl_1"}}

    posted = client.chat_postMessage(
        channel=GENERAL, text="Send?", blocks=card(), metadata=mark, unfurl_links=False
    )
    client.chat_update(channel=GENERAL, ts=ts_of(posted), text="Sent", blocks=card("Done"))

    found = any_slack_world.cards("agent_run", k="dl_1")
    assert [message.ts for message in found] == [ts_of(posted)]
    assert (found[0].text, found[0].edited, found[0].revision) == ("Sent", True, 1)
    assert [message.text for message in any_slack_world.revisions(GENERAL, found[0].ts)] == [
        "Send?",
        "Sent",
    ]
    assert "[Done] [Details] [Cancel]" in any_slack_world.plain(GENERAL, found[0].ts)
    assert [call.method for call in any_slack_world.calls] == ["chat.postMessage", "chat.update"]
    assert any_slack_world.violations == []


async def test_the_async_client_reads_threads_with_and_without_metadata(
    slack_world: SlackWorld,
) -> None:
    client = AsyncWebClient(token=slack_world.bot_token, base_url=slack_world.api_url)
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
    stamps = [message.ts for message in await slack_world.messages.soon(GENERAL)]
    assert len(set(stamps)) == 4
    assert stamps == sorted(stamps)


def test_tokens_are_told_apart(slack_world: SlackWorld) -> None:
    slack_world.revoke(OTHER_TEAM)

    wrong = client_of(slack_world, token="xoxb-unknown")
    other = client_of(slack_world, token="xoxb-simulated-other")
    app_level = client_of(slack_world, token=slack_world.app_token)

    assert refused(lambda: wrong.auth_test()) == "invalid_auth"
    assert refused(lambda: other.auth_test()) == "token_revoked"
    assert refused(lambda: app_level.auth_test()) == "not_allowed_token_type"
    bot = client_of(slack_world)
    assert refused(lambda: bot.apps_connections_open(app_token=slack_world.bot_token)) == (
        "not_allowed_token_type"
    )
    assert "xoxb" not in str([call.arguments for call in slack_world.calls])


@needs_data
def test_a_token_without_the_scope_is_refused(slack_world: SlackWorld) -> None:
    slack_world.grant(["commands"])

    assert refused(lambda: client_of(slack_world).users_info(user=ADA)) == "missing_scope"


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        (ARCHIVED, "is_archived"),
        (WITHOUT_BOT, "not_in_channel"),
        ("C0NOWHERE", "channel_not_found"),
    ],
)
def test_channels_refuse_posts(slack_world: SlackWorld, channel: str, error: str) -> None:
    assert (
        refused(lambda: client_of(slack_world).chat_postMessage(channel=channel, text="x")) == error
    )


def test_people_are_told_apart(slack_world: SlackWorld) -> None:
    client = client_of(slack_world)

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
    assert slack_world.violations == []


def test_files_are_uploaded_in_three_calls(slack_world: SlackWorld) -> None:
    client = client_of(slack_world)
    root = client.chat_postMessage(channel=GENERAL, text="root")

    client.files_upload_v2(
        channel=GENERAL, thread_ts=ts_of(root), content="a,b\n1,2\n", filename="table.csv"
    )

    shared = slack_world.thread(GENERAL, ts_of(root))[1].files[0]
    assert shared["name"] == "table.csv"
    assert slack_world.file(text(shared["id"])) == b"a,b\n1,2\n"
    assert slack_world.violations == []


def test_sessions_statuses_and_the_stop_button(slack_app: Listener) -> None:
    client = client_of(slack_app.world)
    root = slack_app.world.say(ADA, GENERAL, "hello").ts
    client.agents_sessions_setStatus(
        channel_id=GENERAL, thread_ts=root, status="processing", title="Party"
    )
    client.assistant_threads_setStatus(
        channel_id=GENERAL, thread_ts=root, status="is thinking", loading_messages=["a", "b"]
    )

    shown = slack_app.world.status_line(GENERAL, root)
    slack_app.world.pass_time(121)
    slack_app.world.stop_session(ADA, GENERAL, root)

    assert (shown, slack_app.world.status_line(GENERAL, root)) == ("is thinking", "")
    assert slack_app.world.sessions()[0]["history"] == ["processing"]
    stopped = table(slack_app.heard[-1]["event"])
    assert (stopped["type"], stopped["thread_ts"]) == ("agent_session_stopped", root)
    lacking = refused(lambda: client.agents_sessions_setStatus(channel_id=GENERAL, status="active"))
    assert lacking == "thread_ts_required"
    assert slack_app.world.violations == []


def test_a_function_completes_once(slack_app: Listener) -> None:
    slack_app.world.run_function("start_run", {"task": "x"}, ADA)
    execution = text(table(slack_app.heard[0]["event"])["function_execution_id"])
    client = client_of(slack_app.world)

    client.functions_completeSuccess(function_execution_id=execution, outputs={"run": "1"})
    again = refused(
        lambda: client.functions_completeError(function_execution_id=execution, error="late")
    )

    assert again == "execution_not_in_running_state"
    assert slack_app.world.execution(execution) == {
        "id": execution,
        "status": "completed",
        "outputs": {"run": "1"},
        "error": "",
    }


def test_a_stream_expires_and_only_an_update_repairs_it(slack_world: SlackWorld) -> None:
    client = client_of(slack_world)
    root = ts_of(client.chat_postMessage(channel=GENERAL, text="root"))
    stream = ts_of(
        client.chat_startStream(
            channel=GENERAL, thread_ts=root, recipient_team_id=TEAM, recipient_user_id=ADA
        )
    )
    client.chat_appendStream(channel=GENERAL, ts=stream, markdown_text="part one")

    slack_world.pass_time(301)
    stopped = refused(lambda: client.chat_stopStream(channel=GENERAL, ts=stream))
    client.chat_update(channel=GENERAL, ts=stream, text="the whole")

    assert stopped == "message_not_in_streaming_state"
    assert slack_world.message(GENERAL, stream).text == "the whole"


def test_waiting_wakes_on_a_change_and_explains_a_failure(slack_world: SlackWorld) -> None:
    client_of(slack_world).chat_postMessage(channel=GENERAL, text="the only words")

    found = slack_world.until(lambda: slack_world.messages(GENERAL))
    with pytest.raises(TimeoutError, match="the only words"):
        slack_world.until(lambda: slack_world.messages(PRIVATE), timeout_seconds=0.1)

    assert found[0].text == "the only words"


async def test_waiting_from_async_code_sees_what_happens_meanwhile(slack_world: SlackWorld) -> None:
    client = AsyncWebClient(token=slack_world.bot_token, base_url=slack_world.api_url)
    waiting = asyncio.ensure_future(slack_world.until_soon(lambda: slack_world.messages(GENERAL)))

    await client.chat_postMessage(channel=GENERAL, text="now")

    assert [message.text for message in await waiting] == ["now"]


def test_the_thread_page_escapes_what_people_write(slack_world: SlackWorld) -> None:
    client_of(slack_world).chat_postMessage(channel=GENERAL, text="<script>alert(1)</script>")

    with urlopen(f"{slack_world.url}/view/{GENERAL}", timeout=5) as response:
        page = response.read().decode()

    assert "&lt;script&gt;" in page
    assert "<script>" not in page
