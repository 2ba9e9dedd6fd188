"""An answer that grows in Slack: one message of it, whole, whatever dies or refuses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from bots.slack.address import Address
from bots.slack.answer_card import draw_answer
from bots.slack.channel import SlackChannel
from bots.slack.credentials import SlackCredentials
from bots.slack.rate import RateGate
from bots.slack.streams import burst_of
from bots.views import Answer, FileLink
from runtime.domain.delivery import Delivery, DeliveryKind
from runtime.domain.errors import Upstream
from tests.worlds.slack.cast import ADA, GENERAL, TEAM
from tests.worlds.slack.payload import table, tables, text
from tests.worlds.slack.values import Message
from tests.worlds.slack.world import SlackWorld
from tests.worlds.slack_courier import owed_in, speaking_in

WORDS = [f"word{n}" for n in range(200)]
TOLD = Answer(
    run_id="run_1",
    run_number=1,
    outcome="succeeded",
    text=" ".join(WORDS),
    sources=(),
    files=(),
    elapsed_seconds=20.0,
    cost_usd=0.0,
    tokens=0,
    demonstration=False,
    requester=f"slack:{TEAM}/{ADA}",
)
CALLS = ("chat.startStream", "chat.appendStream", "chat.stopStream")
THERE = Address(channel=GENERAL, thread_ts="1700000000.000100", team=TEAM)


@dataclass
class Line:
    """A Slack, and a thread to answer in."""

    world: SlackWorld
    thread: str

    def channel(self, *, streams: bool = True) -> SlackChannel:
        """Give a courier's channel; each is a process of its own."""
        return speaking_in(self.world, streams=streams)

    def owed(self, key: str = "dlv_1") -> Delivery:
        return owed_in(self.thread, key=key, kind=DeliveryKind.ANSWER)

    async def deliver(self, channel: SlackChannel, owed: Delivery, answer: Answer = TOLD) -> str:
        """Send as the courier does, until it is sent: what is in doubt is looked for first."""
        for _ in range(9):
            found = await channel.find(owed) if owed.doubtful else None
            if found is not None:
                return found
            try:
                return await channel.send(owed, answer)
            except Upstream as fault:
                doubtful = owed.doubtful or fault.ambiguous
                owed = replace(owed, attempt=owed.attempt + 1, doubtful=doubtful)
        raise AssertionError("it was never sent")

    async def said(self) -> list[Message]:
        thread = await self.world.thread.soon(GENERAL, self.thread)
        return [message for message in thread if message.bot_id]

    def key_of(self, message: Message) -> str:
        return text(table(message.metadata.get("event_payload")).get("k"))

    def has_taken_effect(self, method: str) -> bool:
        """Say whether the message is as the first such call leaves it."""
        found = self.world.messages(GENERAL, self.thread)[1:]
        if not found or method == "chat.startStream":
            return bool(found)
        if method == "chat.stopStream":
            return bool(found[0].metadata)
        return len(written(found[0])) > len(WORDS) // 3

    async def called(self, method: str) -> int:
        return len(await self.world.calls_of.soon(method))

    async def assert_answered_once(self, ts: str, *, key: str = "dlv_1") -> None:
        """The thread holds one message, whole, with its key, and nothing streams into it."""
        (message,) = await self.said()
        assert message.ts == ts
        assert message.metadata is not None
        assert self.key_of(message) == key
        assert written(message) == WORDS
        assert "Run 1 · succeeded" in await self.world.readable.soon(message)
        assert message.raw.get("streaming_state") in (None, "completed", "errored")


def written(message: Message) -> list[str]:
    blocks = tables(message.raw.get("blocks"))
    return " ".join(text(one["text"]) for one in blocks if one["type"] == "markdown").split()


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    with SlackWorld.start() as world:
        await world.configure.soon(subscriptions=[])
        asked = await world.say.soon(ADA, GENERAL, "please")
        yield Line(world=world, thread=asked.ts)
        assert await world.loop.soon(world.wishes.violations()) == []


@pytest.fixture
async def channel(line: Line) -> AsyncIterator[SlackChannel]:
    channel = line.channel()
    yield channel
    await channel.close()


async def test_an_answer_grows_in_one_message_and_ends_with_its_key(
    line: Line, channel: SlackChannel
) -> None:
    ts = await channel.send(line.owed(), TOLD)

    await line.assert_answered_once(ts)
    (begun,) = await line.world.calls_of.soon("chat.startStream")
    assert begun.arguments["recipient_user_id"] == ADA
    assert begun.arguments["recipient_team_id"] == TEAM
    assert await line.called("chat.appendStream") > 1
    assert await line.called("chat.postMessage") == 0


async def test_what_streams_names_nobody_and_calls_nobody(
    line: Line, channel: SlackChannel
) -> None:
    shouting = replace(TOLD, text="<!here> <@U1> <https:evil|x> & more " + TOLD.text)

    await channel.send(line.owed(), shouting)

    (message,) = await line.said()
    assert "<" not in text(tables(message.raw["blocks"])[0]["text"])
    assert await line.called("chat.startStream") == 1


async def test_switched_off_an_answer_is_posted(line: Line) -> None:
    channel = line.channel(streams=False)

    ts = await channel.send(line.owed(), TOLD)

    await line.assert_answered_once(ts)
    assert await line.called("chat.startStream") == 0
    await channel.close()


@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize(
    "kind", ["reset_before", "reset_after", "server_error", "server_error_after", "rate_limited"]
)
async def test_whatever_happens_to_a_call_the_answer_is_there_once(
    line: Line, channel: SlackChannel, method: str, kind: str
) -> None:
    await line.world.fault.soon(method, kind)

    ts = await line.deliver(channel, line.owed())

    await line.assert_answered_once(ts)


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize(
    "kind", ["reset_before", "reset_after", "server_error", "server_error_after", "rate_limited"]
)
async def test_a_stream_that_is_hard_to_repair_is_repaired_later(
    line: Line, channel: SlackChannel, kind: str, times: int
) -> None:
    await line.world.fault.soon("chat.appendStream", "server_error")
    await line.world.fault.soon("chat.stopStream", kind, times=times)
    await line.world.fault.soon("chat.update", kind, times=times)

    ts = await line.deliver(channel, line.owed())

    await line.assert_answered_once(ts)


@pytest.mark.parametrize("reached", CALLS)
async def test_a_courier_that_dies_leaves_its_message_to_the_next(
    line: Line, channel: SlackChannel, reached: str
) -> None:
    await line.world.fault.soon(reached, "slow_after", delay_seconds=60.0)
    mortal = line.channel()
    dying = asyncio.ensure_future(mortal.send(line.owed(), TOLD))
    await line.world.until_soon(lambda: line.has_taken_effect(reached))
    dying.cancel()
    await asyncio.wait([dying])
    await mortal.close()

    ts = await line.deliver(channel, replace(line.owed(), attempt=2, doubtful=True))

    await line.assert_answered_once(ts)
    assert await line.called("chat.startStream") == 1


async def test_an_expired_stream_is_repaired_in_place(line: Line, channel: SlackChannel) -> None:
    await line.world.fault.soon("chat.startStream", "reset_after")
    with pytest.raises(Upstream) as lost:
        await channel.send(line.owed(), TOLD)
    await line.world.pass_time.soon(301)

    ts = await line.deliver(channel, replace(line.owed(), attempt=2, doubtful=True))

    assert lost.value.ambiguous
    await line.assert_answered_once(ts)


@pytest.mark.parametrize("error", ["message_not_in_streaming_state", "stopped_by_user"])
async def test_who_stops_an_answer_still_gets_all_of_it(
    line: Line, channel: SlackChannel, error: str
) -> None:
    await line.world.fault.soon("chat.appendStream", "error", error=error, after=1)

    ts = await line.deliver(channel, line.owed())

    await line.assert_answered_once(ts)


@pytest.mark.parametrize(
    "error", ["channel_type_not_supported", "user_not_found", "missing_recipient_team_id"]
)
async def test_where_slack_begins_no_stream_the_answer_is_posted(
    line: Line, channel: SlackChannel, error: str
) -> None:
    await line.world.fault.soon("chat.startStream", "error", error=error)

    ts = await channel.send(line.owed(), TOLD)

    await line.assert_answered_once(ts)


async def test_thumbs_that_a_workspace_does_not_take_cost_no_answer(
    line: Line, channel: SlackChannel
) -> None:
    await line.world.fault.soon("chat.stopStream", "error", error="invalid_blocks")

    ts = await channel.send(line.owed(), TOLD)

    await line.assert_answered_once(ts)


async def test_few_streams_are_begun_in_a_minute(line: Line) -> None:
    channel = SlackChannel(
        SlackCredentials(
            signing_secret="", bot_token=line.world.bot_token, api_url=line.world.api_url
        ),
        gate=RateGate(now=lambda: 0.0),
        streams=True,
    )

    for at in range(5):
        await channel.send(line.owed(f"dlv_{at}"), TOLD)

    assert await line.called("chat.startStream") == 3
    assert len(await line.said()) == 5
    await channel.close()


async def test_two_answers_in_doubt_become_two_messages(line: Line, channel: SlackChannel) -> None:
    other = replace(TOLD, text=" ".join(reversed(WORDS)))
    await line.world.fault.soon("chat.startStream", "reset_after", times=2)
    for key, answer in (("dlv_1", TOLD), ("dlv_2", other)):
        with pytest.raises(Upstream):
            await channel.send(line.owed(key), answer)

    for key, answer in (("dlv_2", other), ("dlv_1", TOLD)):
        doubtful = replace(line.owed(key), attempt=2, doubtful=True)
        await line.deliver(channel, doubtful, answer)

    told = {line.key_of(one): written(one) for one in await line.said()}
    assert told == {"dlv_1": WORDS, "dlv_2": [*reversed(WORDS)]}


@pytest.mark.parametrize(
    "unfit",
    [
        replace(TOLD, text="short"),
        replace(TOLD, text=TOLD.text + " see https://evil.example/?q=secret"),
        replace(TOLD, text=TOLD.text + " see evil.example"),
        replace(TOLD, text=TOLD.text + " [see](evil)"),
        replace(TOLD, text="x" * 900),
        replace(TOLD, elapsed_seconds=3_600.0),
        replace(TOLD, requester="console:local/ada"),
        replace(TOLD, requester="slack:T0OTHER/U1"),
        replace(TOLD, requester=""),
    ],
    ids=lambda one: f"{one.requester} {one.elapsed_seconds} {one.text[-20:]}",
)
def test_a_stream_is_begun_only_where_it_fits(unfit: Answer) -> None:
    (fit,), (drawn,) = draw_answer(TOLD), draw_answer(unfit)

    assert burst_of(TOLD, fit, THERE, workspace=TEAM) is not None
    assert burst_of(unfit, drawn, THERE, workspace=TEAM) is None


def test_a_stream_needs_a_thread_and_in_an_organisation_an_own_chat() -> None:
    (drawn,) = draw_answer(TOLD)
    nowhere, own = replace(THERE, thread_ts=""), replace(THERE, channel="D024ADA")

    assert burst_of(TOLD, drawn, nowhere, workspace=TEAM) is None
    assert burst_of(TOLD, drawn, THERE, workspace="E024ORG") is None
    in_own_chat = burst_of(TOLD, drawn, own, workspace="E024ORG")
    assert in_own_chat is not None
    assert in_own_chat.recipient == {}


def test_an_answer_with_files_or_of_several_messages_is_not_one() -> None:
    file = FileLink(name="a.md", media_type="text/markdown", size_bytes=3, digest="0")
    long = replace(TOLD, text="word " * 3_000)

    assert len(draw_answer(long)) > 1
    (drawn,) = draw_answer(replace(TOLD, files=(file,)))
    burst = burst_of(replace(TOLD, files=(file,)), drawn, THERE, workspace=TEAM)

    # Files that nobody can share are listed beneath it.
    assert burst is not None
    assert "a.md" in str(burst.below)


def test_the_parts_of_a_stream_are_the_answer() -> None:
    (drawn,) = draw_answer(TOLD)

    burst = burst_of(TOLD, drawn, THERE, workspace=TEAM)

    assert burst is not None
    assert "".join(burst.parts) == TOLD.text
    assert 2 <= len(burst.parts) <= 6
