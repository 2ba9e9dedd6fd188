"""Every channel keeps the courier's promises in its own way: Slack, Teams, console, terminal."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Protocol

import pytest

from bots.channel import Channel
from bots.console.channel import ConsoleChannel
from bots.slack.address import place as slack_place
from bots.slack.channel import SlackChannel
from bots.slack.identity import Installation
from bots.teams.channel import TeamsChannel
from bots.teams.connector import Connector
from bots.teams.identity import Application
from bots.teams.pace import Pace
from bots.teams.reference import Reference
from bots.teams.tokens_out import EntraTokens
from bots.terminal.channel import TerminalChannel
from bots.views import Notice, Shown
from runtime.domain.conversation import Place
from runtime.domain.delivery import Delivery, DeliveryKind
from runtime.domain.errors import Refused, Upstream
from tests.worlds.front_door import a_delivery
from tests.worlds.slack.cast import ADA, ARCHIVED, GENERAL, TEAM
from tests.worlds.slack.world import SlackWorld
from tests.worlds.slack_courier import speaking_in
from tests.worlds.teams.cast import BOT, GROUP, TENANT
from tests.worlds.teams.world import TeamsWorld, teams_world

HELLO = Notice(text="Hello <!channel> & **all** `of` you")
LATER = Notice(text="Good evening")
VENDORS = pytest.mark.parametrize("kept", ["slack", "teams"], indirect=True)


class Vendor(Protocol):
    """What is behind a channel."""

    async def found(self, owed: Delivery) -> str | None:
        """Give the message of a delivery, in the way this vendor lets it be found."""
        ...

    async def trouble(self, kind: str) -> None:
        """Let the next post go wrong."""
        ...

    @property
    def shut(self) -> Place:
        """Give a place that takes nothing any more."""
        ...


@dataclass(frozen=True)
class Kept:
    """A channel, a place to speak in, and the vendor behind it where it has one."""

    channel: Channel
    place: Place
    vendor: Vendor | None = None

    def owed(self, key: str = "dlv_1") -> Delivery:
        return a_delivery(DeliveryKind.NOTICE, id=key, place=self.place)

    async def found(self, owed: Delivery) -> str | None:
        if self.vendor is not None:
            return await self.vendor.found(owed)
        return await self.channel.find(owed)

    @property
    def behind(self) -> Vendor:
        assert self.vendor is not None
        return self.vendor


@dataclass(frozen=True)
class Slack:
    """Slack lets a bot read what it has said."""

    world: SlackWorld
    channel: SlackChannel

    async def found(self, owed: Delivery) -> str | None:
        return await self.channel.find(owed)

    async def trouble(self, kind: str) -> None:
        await self.world.fault.soon("chat.postMessage", kind)

    @property
    def shut(self) -> Place:
        return slack_place(Installation(team_id=TEAM), channel=ARCHIVED, thread_ts="")


@dataclass(frozen=True)
class Teams:
    """Teams does not: clients that show a message tell which delivery it is."""

    world: TeamsWorld
    place: Place

    async def found(self, owed: Delivery) -> str | None:
        shown = [
            message.id
            for message in self.world.connector.messages
            if message.card["refresh"]["action"]["data"]["delivery"] == owed.id
        ]
        assert len(shown) < 2
        return shown[0] if shown else None

    async def trouble(self, kind: str) -> None:
        status, after = {
            "rate_limited": (429, False),
            "server_error": (500, False),
            "reset_after": (0, True),
        }[kind]
        self.world.fault("POST", "/activities", status=status, after=after)

    @property
    def shut(self) -> Place:
        self.world.fault("POST", "/activities", status=403, code="BotNotInConversationRoster")
        return self.place


@asynccontextmanager
async def _slack() -> AsyncGenerator[Kept]:
    with SlackWorld.start() as world:
        await world.configure.soon(subscriptions=[])
        asked = await world.say.soon(ADA, GENERAL, "please")
        channel = speaking_in(world)
        there = slack_place(Installation(team_id=TEAM), channel=GENERAL, thread_ts=asked.ts)
        yield Kept(channel, there, Slack(world, channel))
        assert await world.loop.soon(world.wishes.violations()) == []
        await channel.close()


@asynccontextmanager
async def _teams() -> AsyncGenerator[Kept]:
    with teams_world() as world:
        credentials = world.credentials
        tokens = EntraTokens(Application(credentials, http_client=world.msal_http()))
        channel = TeamsChannel(
            credentials,
            connector=Connector(tokens=tokens, service_urls=credentials.service_urls),
            pace=Pace(now=iter(range(0, 1_000_000, 100)).__next__),
        )
        there = Reference(
            service_url=world.url, conversation=GROUP.id, kind=GROUP.kind, tenant=TENANT, bot=BOT
        ).place
        yield Kept(channel, there, Teams(world, there))
        assert world.connector.violations == []
        await channel.close()


@pytest.fixture(params=["console", "terminal", "slack", "teams"])
async def kept(request: pytest.FixtureRequest) -> AsyncIterator[Kept]:
    if request.param in {"slack", "teams"}:
        async with _slack() if request.param == "slack" else _teams() as vendors:
            yield vendors
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
    assert await kept.found(owed) == sent


async def test_an_update_keeps_the_message_it_updates(kept: Kept) -> None:
    owed = kept.owed()
    sent = await kept.channel.send(owed, HELLO)

    again = await kept.channel.send(replace(owed, external_id=sent, wanted_rev=2), LATER)

    assert again == sent
    assert await kept.found(owed) == sent


async def test_two_deliveries_are_two_messages(kept: Kept) -> None:
    first = await kept.channel.send(kept.owed("dlv_1"), HELLO)
    second = await kept.channel.send(kept.owed("dlv_2"), HELLO)

    assert first != second
    assert await kept.found(kept.owed("dlv_1")) == first
    assert await kept.found(kept.owed("dlv_2")) == second


@pytest.mark.parametrize("shown", [HELLO, Notice(text=""), Notice(text="x" * 50_000)])
async def test_every_length_of_words_is_taken(kept: Kept, shown: Shown) -> None:
    assert await kept.channel.send(kept.owed(), shown)


@VENDORS
@pytest.mark.parametrize(
    ("kind", "ambiguous"), [("rate_limited", False), ("server_error", True), ("reset_after", True)]
)
async def test_trouble_that_passes_says_whether_it_may_have_been_said(
    kept: Kept, kind: str, ambiguous: bool
) -> None:
    await kept.behind.trouble(kind)

    with pytest.raises(Upstream) as trouble:
        await kept.channel.send(kept.owed(), HELLO)

    assert trouble.value.ambiguous is ambiguous


@VENDORS
async def test_a_place_that_never_takes_it_is_refused_in_words(kept: Kept) -> None:
    with pytest.raises(Refused) as refused:
        await kept.channel.send(replace(kept.owed(), place=kept.behind.shut), HELLO)

    assert any(word in refused.value.public for word in ("archived", "removed"))


@VENDORS
async def test_what_was_never_sent_is_not_found_however_long_one_looks(kept: Kept) -> None:
    owed = replace(kept.owed("dlv_never"), doubtful=True, attempt=9)

    assert await kept.found(owed) is None
    assert await kept.channel.find(owed) is None
