"""Every channel keeps the courier's promises in its own way: Slack, the console, the terminal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from bots.channel import Channel
from bots.console.channel import ConsoleChannel
from bots.slack.channel import SlackChannel
from bots.slack.credentials import SlackCredentials
from bots.slack.identity import Installation
from bots.slack.inbound import place as slack_place
from bots.slack.rate import RateGate
from bots.terminal.channel import TerminalChannel
from bots.views import Notice, Shown
from runtime.domain.conversation import Place
from runtime.domain.delivery import Delivery, DeliveryKind
from runtime.domain.errors import Refused, Upstream
from tests.worlds.slack.cast import ADA, ARCHIVED, GENERAL, TEAM
from tests.worlds.slack.world import SlackWorld

HELLO = Notice(text="Hello <!channel> & **all** `of` you")
LATER = Notice(text="Good evening")


@dataclass(frozen=True)
class Kept:
    """A channel, a place to speak in, and the Slack behind it where it has one."""

    channel: Channel
    place: Place
    world: SlackWorld | None = None

    def owed(self, key: str = "dlv_1") -> Delivery:
        return Delivery(
            id=key,
            conversation_id="cnv_1",
            place=self.place,
            run_id="run_1",
            kind=DeliveryKind.NOTICE,
            subject_id="run_1",
            payload={},
            wanted_rev=1,
            sent_rev=0,
            external_id=None,
            attempt=1,
            doubtful=False,
        )


@pytest.fixture(params=["console", "terminal", "slack"])
async def kept(request: pytest.FixtureRequest) -> AsyncIterator[Kept]:
    if request.param == "slack":
        with SlackWorld.start() as world:
            await world.configure.soon(subscriptions=[])
            asked = await world.say.soon(ADA, GENERAL, "please")
            channel = SlackChannel(
                SlackCredentials(
                    signing_secret="", bot_token=world.bot_token, api_url=world.api_url
                ),
                gate=RateGate(now=iter(range(0, 1_000_000, 100)).__next__),
            )
            installation = Installation(team_id=TEAM)
            there = slack_place(installation, channel=GENERAL, thread_ts=asked.ts)
            yield Kept(channel, there, world)
            assert await world.loop.soon(world.wishes.violations()) == []
            await channel.close()
        return
    channels: dict[str, Channel] = {"console": ConsoleChannel(), "terminal": TerminalChannel()}
    there = Place(channel=str(request.param), workspace="local", key="a", address={})
    yield Kept(channels[str(request.param)], there)


async def test_a_channel_has_the_name_that_its_places_carry(kept: Kept) -> None:
    assert kept.channel.name == kept.place.channel


async def test_what_is_sent_has_an_id_and_is_found_again(kept: Kept) -> None:
    owed = kept.owed()

    sent = await kept.channel.send(owed, HELLO)

    assert sent
    assert await kept.channel.find(owed) == sent


async def test_an_update_keeps_the_message_it_updates(kept: Kept) -> None:
    owed = kept.owed()
    sent = await kept.channel.send(owed, HELLO)

    again = await kept.channel.send(replace(owed, external_id=sent, wanted_rev=2), LATER)

    assert again == sent
    assert await kept.channel.find(owed) == sent


async def test_two_deliveries_are_two_messages(kept: Kept) -> None:
    first = await kept.channel.send(kept.owed("dlv_1"), HELLO)
    second = await kept.channel.send(kept.owed("dlv_2"), HELLO)

    assert first != second
    assert await kept.channel.find(kept.owed("dlv_1")) == first
    assert await kept.channel.find(kept.owed("dlv_2")) == second


@pytest.mark.parametrize("shown", [HELLO, Notice(text=""), Notice(text="x" * 50_000)])
async def test_every_length_of_words_is_taken(kept: Kept, shown: Shown) -> None:
    assert await kept.channel.send(kept.owed(), shown)


@pytest.fixture
async def slack() -> AsyncIterator[Kept]:
    with SlackWorld.start() as world:
        channel = SlackChannel(
            SlackCredentials(signing_secret="", bot_token=world.bot_token, api_url=world.api_url)
        )
        there = slack_place(Installation(team_id=TEAM), channel=GENERAL, thread_ts="")
        yield Kept(channel, there, world)
        await channel.close()


@pytest.mark.parametrize(
    ("kind", "ambiguous"), [("rate_limited", False), ("server_error", True), ("reset_after", True)]
)
async def test_trouble_that_passes_says_whether_it_may_have_been_said(
    slack: Kept, kind: str, ambiguous: bool
) -> None:
    assert slack.world is not None
    await slack.world.fault.soon("chat.postMessage", kind)

    with pytest.raises(Upstream) as trouble:
        await slack.channel.send(slack.owed(), HELLO)

    assert trouble.value.ambiguous is ambiguous


async def test_a_place_that_never_takes_it_is_refused_in_words(slack: Kept) -> None:
    archived = slack_place(Installation(team_id=TEAM), channel=ARCHIVED, thread_ts="")

    with pytest.raises(Refused) as refused:
        await slack.channel.send(replace(slack.owed(), place=archived), HELLO)

    assert "archived" in refused.value.public


async def test_what_was_never_sent_is_not_found(slack: Kept) -> None:
    assert await slack.channel.find(slack.owed("dlv_never")) is None
