"""Words of the moment in Teams keep to its pace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from bots.teams.connector import Connector
from bots.teams.pace import Pace
from bots.teams.reference import Reference
from bots.teams.whisper import Whisper
from tests.worlds.slack.loop_thread import LoopThread
from tests.worlds.teams.cards import readable
from tests.worlds.teams.cast import BOT, GROUP, PERSONAL, TENANT
from tests.worlds.teams.world import TeamsWorld, teams_world


class NoToken:
    """As on this machine, where nobody asks for one."""

    async def authorization(self) -> str:
        return ""

    def forget(self) -> None:
        pass


@dataclass
class Voice:
    """What whispers, on a loop of its own and by a clock that stands still."""

    world: TeamsWorld
    loop: LoopThread

    def __post_init__(self) -> None:
        self.pace = Pace(now=lambda: 0.0)
        self.connector = Connector(
            tokens=NoToken(), service_urls=self.world.credentials.service_urls
        )

    @property
    def there(self) -> Reference:
        return Reference(
            service_url=self.world.url, conversation=GROUP.id, kind="groupChat",
            tenant=TENANT, bot=BOT,
        )  # fmt: skip

    def says(self, *sayings: Callable[[Whisper], None]) -> list[str]:
        """Say all of it; give what has arrived since."""
        before = len(self.world.connector.messages)

        async def say() -> None:
            for one in sayings:
                whisper = Whisper(self.connector, pace=self.pace)
                one(whisper)
                await whisper.close()

        self.loop.run(say())
        return [readable(one.card) for one in self.world.connector.messages[before:]]


@pytest.fixture
def voice() -> Iterator[Voice]:
    loop = LoopThread("teams-whisper")
    with teams_world(signed=False) as world:
        made = Voice(world, loop)
        yield made
        loop.run(made.connector.close())
    loop.stop()


def test_a_conversation_that_teams_turned_away_is_not_spoken_to_until_it_may_be(
    voice: Voice,
) -> None:
    elsewhere = replace(voice.there, conversation=PERSONAL.id)
    voice.world.fault("POST", "/activities", status=429, retry_after="100")

    said = voice.says(
        lambda whisper: whisper.reply(voice.there, "first"),
        lambda whisper: whisper.reply(voice.there, "second"),
        lambda whisper: whisper.put(voice.there, "17", {"type": "message"}),
        lambda whisper: whisper.remove(voice.there, "17"),
        lambda whisper: whisper.reply(elsewhere, "third"),
    )

    assert said == ["third"]
    assert [one.method for one in voice.world.connector.calls] == ["POST", "POST"]


def test_a_conversation_whose_pace_is_used_up_is_told_no_more(
    voice: Voice, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="bots.teams")

    def used_up() -> bool:
        return voice.pace.admit(tenant=TENANT, conversation=GROUP.id, patience_seconds=1_000) > 15

    assert voice.says(lambda whisper: whisper.reply(voice.there, "first")) == ["first"]
    while not used_up():
        pass

    assert voice.says(lambda whisper: whisper.reply(voice.there, "late")) == []
    # Not waited for either: nobody reads an answer to what they asked half a minute ago.
    assert "a reply was lost: pace_used_up" in caplog.text
    assert len(voice.world.connector.calls) == 1
