"""Posting, updating and finding, against a Slack that loses answers and refuses things."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from bots.channel import Channel
from bots.slack.address import place
from bots.slack.blocks import leaf, rich, section
from bots.slack.channel import SlackChannel
from bots.slack.credentials import SlackCredentials
from bots.slack.drawn import Drawn
from bots.slack.identity import Installation
from bots.views import Notice
from runtime.domain.delivery import Delivery
from runtime.domain.errors import Misconfigured, Refused, Upstream
from tests.worlds.slack.cast import ADA, ARCHIVED, GENERAL, TEAM, WITHOUT_BOT
from tests.worlds.slack.world import SlackWorld
from tests.worlds.slack_courier import owed_in, speaking_in

HELLO = Notice(text="Hello <!here> & <https://evil.example|friend>")


@dataclass
class Line:
    """A channel, the Slack behind it, and a thread to speak in."""

    world: SlackWorld
    channel: SlackChannel
    thread: str

    def owed(self, *, key: str = "dlv_1", channel: str = GENERAL) -> Delivery:
        return owed_in(self.thread, key=key, channel=channel)

    async def posted(self) -> list[str]:
        thread = await self.world.thread.soon(GENERAL, self.thread)
        return [message.ts for message in thread if message.bot_id]


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    with SlackWorld.start() as world:
        channel = speaking_in(world)
        await world.configure.soon(subscriptions=[])
        asked = await world.say.soon(ADA, GENERAL, "please")
        try:
            yield Line(world=world, channel=channel, thread=asked.ts)
        finally:
            await channel.close()


async def test_it_is_a_channel_as_the_courier_knows_channels(line: Line) -> None:
    channel: Channel = line.channel

    assert channel.name == "slack"


async def test_a_post_goes_into_the_thread_with_its_key_and_nothing_unfurls(line: Line) -> None:
    ts = await line.channel.send(line.owed(), HELLO)

    message = await line.world.message.soon(GENERAL, ts)
    (call,) = await line.world.calls_of.soon("chat.postMessage")
    assert message.thread_ts == line.thread
    assert message.metadata["event_payload"] == {"k": "dlv_1"}
    assert message.text.startswith("Hello &lt;!here&gt; &amp;")
    assert call.arguments["unfurl_links"] is False
    assert call.arguments["unfurl_media"] is False
    assert "link_names" not in call.arguments


async def test_a_later_revision_updates_the_message_in_place(line: Line) -> None:
    ts = await line.channel.send(line.owed(), HELLO)

    again = await line.channel.send(replace(line.owed(), external_id=ts), Notice(text="Done"))

    assert again == ts
    assert (await line.world.message.soon(GENERAL, ts)).text == "Done"
    assert await line.posted() == [ts]


@pytest.mark.parametrize("kind", ["reset_after", "server_error_after"])
async def test_a_lost_answer_is_a_doubt_and_the_message_is_found_again(
    line: Line, kind: str
) -> None:
    await line.world.fault.soon("chat.postMessage", kind)

    with pytest.raises(Upstream) as lost:
        await line.channel.send(line.owed(), HELLO)

    assert lost.value.ambiguous
    found = await line.channel.find(line.owed())
    assert [found] == await line.posted()


@pytest.mark.parametrize("kind", ["reset_before", "server_error"])
async def test_what_was_not_posted_is_not_found(line: Line, kind: str) -> None:
    await line.world.fault.soon("chat.postMessage", kind)

    with pytest.raises(Upstream) as failed:
        await line.channel.send(line.owed(), HELLO)

    assert failed.value.ambiguous
    assert await line.channel.find(line.owed()) is None


async def test_only_the_message_with_this_key_is_found(line: Line) -> None:
    await line.channel.send(line.owed(key="dlv_1"), HELLO)
    second = await line.channel.send(line.owed(key="dlv_2"), HELLO)

    assert await line.channel.find(line.owed(key="dlv_2")) == second
    assert await line.channel.find(line.owed(key="dlv_3")) is None


async def test_a_message_far_down_a_long_thread_is_found(line: Line) -> None:
    for number in range(210):
        await line.world.say.soon(ADA, GENERAL, f"talk {number}", line.thread)
    ts = await line.channel.send(line.owed(), HELLO)

    assert await line.channel.find(line.owed()) == ts


async def test_too_many_requests_say_when_to_come_again(line: Line) -> None:
    await line.world.fault.soon("chat.postMessage", "rate_limited", retry_after_seconds=7)

    with pytest.raises(Upstream) as limited:
        await line.channel.send(line.owed(), HELLO)

    assert limited.value.retry_after_seconds == 7
    assert not limited.value.ambiguous
    assert await line.posted() == []


@pytest.mark.parametrize(
    ("channel", "word"), [(ARCHIVED, "unarchive"), (WITHOUT_BOT, "invite"), ("C0NOWHERE", "invite")]
)
async def test_a_place_that_takes_nothing_is_refused_with_what_to_do(
    line: Line, channel: str, word: str
) -> None:
    owed = replace(
        line.owed(), place=place(Installation(team_id=TEAM), channel=channel, thread_ts="")
    )

    with pytest.raises(Refused, match=word):
        await line.channel.send(owed, HELLO)


async def test_a_revoked_token_is_refused_and_not_printed(line: Line) -> None:
    await line.world.fault.soon("chat.postMessage", "revoke_token")

    with pytest.raises(Refused, match="SLACK_BOT_TOKEN") as refused:
        await line.channel.send(line.owed(), HELLO)

    assert line.world.bot_token not in repr(refused.value)


async def test_a_deleted_card_is_posted_anew(line: Line) -> None:
    ts = await line.channel.send(line.owed(), HELLO)
    await line.world.delete.soon(GENERAL, ts)

    again = await line.channel.send(replace(line.owed(), external_id=ts), Notice(text="Done"))

    assert again != ts
    assert await line.posted() == [again]


@pytest.mark.parametrize("error", ["invalid_blocks", "msg_blocks_too_long"])
async def test_where_slack_takes_no_card_the_words_get_through(line: Line, error: str) -> None:
    await line.world.fault.soon("chat.postMessage", "error", error=error)

    ts = await line.channel.send(line.owed(), HELLO)

    message = await line.world.message.soon(GENERAL, ts)
    assert message.text.startswith("Hello &lt;!here&gt;")
    assert "/baton approvals" in message.text
    assert message.blocks == [] or "rich_text" in json.dumps(message.blocks)


async def test_everything_sent_is_what_slack_documents(line: Line) -> None:
    ts = await line.channel.send(line.owed(), HELLO)
    await line.channel.send(replace(line.owed(), external_id=ts), Notice(text="Done"))
    await line.channel.find(line.owed())

    assert await line.world.loop.soon(line.world.wishes.violations()) == []


def test_a_channel_without_a_token_is_not_built() -> None:
    with pytest.raises(Misconfigured, match="SLACK_BOT_TOKEN"):
        SlackChannel(SlackCredentials(signing_secret="s", bot_token=""))


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://hooks.slack.com/actions/T1/2/3", True),
        ("https://hooks.slack-gov.com/actions/T1/2/3", True),
        ("http://hooks.slack.com/actions/T1/2/3", False),
        ("https://hooks.slack.com.evil.example/x", False),
        ("https://hooks.slack.com@evil.example/x", False),
        ("http://127.0.0.1/x", False),
        ("http://169.254.169.254/latest/meta-data", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_private_answers_go_to_slack_and_nowhere_else(url: str, *, allowed: bool) -> None:
    credentials = SlackCredentials(signing_secret="s", bot_token="xoxb-1")

    assert credentials.may_answer_at(url) is allowed


def test_a_simulated_slack_may_take_its_own_answers() -> None:
    credentials = SlackCredentials(
        signing_secret="s", bot_token="xoxb-1", api_url="http://127.0.0.1:8000/api/"
    )

    assert credentials.may_answer_at("http://127.0.0.1:8000/actions/1")
    assert not credentials.may_answer_at("http://127.0.0.1:8001/actions/1")


def test_a_message_knows_when_it_is_too_large() -> None:
    small = Drawn(text="x", blocks=(rich(section(leaf("x"))),))
    large = Drawn(text="x", blocks=(rich(section(leaf("x" * 13_000))),))

    assert small.fits
    assert not large.fits
