"""A short answer in a personal chat: there once, whatever is lost on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from bots.builders import answer
from bots.teams.channel import TeamsChannel
from bots.teams.connector import Connector
from bots.teams.identity import Application
from bots.teams.reference import Reference
from bots.teams.tokens_out import EntraTokens
from bots.views import Answer
from runtime.domain.delivery import DeliveryKind
from runtime.domain.errors import Upstream
from tests.worlds.front_door import a_delivery, a_run, a_view
from tests.worlds.slack.loop_thread import LoopThread
from tests.worlds.teams.cards import readable
from tests.worlds.teams.cast import BOT, GROUP, PERSONAL, TENANT, Chat
from tests.worlds.teams.world import TeamsWorld, teams_world

BEGINS, ENDS = '"informative"', '"final"'


@dataclass
class Line:
    """A channel on a loop of its own, and the Teams it speaks to."""

    world: TeamsWorld
    loop: LoopThread

    def __post_init__(self) -> None:
        credentials = self.world.credentials
        tokens = EntraTokens(Application(credentials, http_client=self.world.msal_http()))
        connector = Connector(tokens=tokens, service_urls=credentials.service_urls)
        self.channel = TeamsChannel(credentials, connector=connector)

    def send(self, chat: Chat = PERSONAL, shown: Answer | None = None, **changes: Any) -> str:
        there = Reference(
            service_url=self.world.url,
            conversation=chat.id,
            kind=chat.kind,
            tenant=TENANT,
            bot=BOT,
        )
        owed = a_delivery(DeliveryKind.ANSWER, place=there.place, **changes)
        return self.loop.run(self.channel.send(owed, shown or an_answer()))

    def parts(self) -> list[str]:
        """Give how the posts so far were part of a stream; empty for plain ones."""
        return [
            next((one["streamType"] for one in call.body.get("entities", [])), "")
            for call in self.world.connector.calls
            if call.method == "POST"
        ]


def an_answer(text: str = "Twelve laptops from Nordlicht IT.") -> Answer:
    return answer(a_view(a_run(answer=text), status="succeeded"))


@pytest.fixture
def line() -> Iterator[Line]:
    loop = LoopThread("teams-stream")
    with teams_world() as world:
        made = Line(world, loop)
        yield made
        loop.run(made.channel.close())
    loop.stop()


def _answers(line: Line, chat: Chat = PERSONAL) -> list[str]:
    found = [one for one in line.world.messages(chat) if "Nordlicht" in readable(one.card)]
    return [one.id for one in found]


def test_a_short_answer_ends_a_stream_and_is_that_message(line: Line) -> None:
    sent = line.send()

    assert _answers(line) == [sent]
    assert line.parts() == ["informative", "final"]
    assert line.world.connector.streams == {sent: "completed"}
    assert line.world.connector.violations == []


@pytest.mark.parametrize("after", [True, False], ids=["it had arrived", "it had not"])
@pytest.mark.parametrize("status", [0, 502], ids=["cut", "502"])
def test_an_end_whose_answer_is_lost_is_sent_again_and_there_once(
    line: Line, status: int, *, after: bool
) -> None:
    line.world.fault("POST", ENDS, status=status, after=after)

    sent = line.send()

    assert _answers(line) == [sent]
    assert line.parts() == ["informative", "final", "final"]


@pytest.mark.parametrize("after", [True, False], ids=["it had arrived", "it had not"])
def test_what_is_lost_twice_is_a_doubt_and_not_posted_a_third_time(
    line: Line, *, after: bool
) -> None:
    line.world.fault("POST", ENDS, status=0, after=after)
    line.world.fault("POST", ENDS, status=502)

    with pytest.raises(Upstream) as lost:
        line.send()

    assert lost.value.ambiguous
    assert len(_answers(line)) == (1 if after else 0)
    assert line.parts() == ["informative", "final", "final"]


@pytest.mark.parametrize(
    ("part", "status"), [(BEGINS, 405), (BEGINS, 0), (BEGINS, 502), (ENDS, 403), (ENDS, 400)]
)
def test_where_no_stream_can_be_had_the_answer_is_posted_plainly(
    line: Line, part: str, status: int
) -> None:
    line.world.fault("POST", part, status=status, code="ContentStreamNotAllowed")

    sent = line.send()

    assert _answers(line) == [sent]
    assert line.parts()[-1] == ""


@pytest.mark.parametrize("part", [BEGINS, ENDS])
def test_a_teams_that_wants_to_be_asked_later_is(line: Line, part: str) -> None:
    line.world.fault("POST", part, status=429, retry_after="7")

    with pytest.raises(Upstream) as later:
        line.send()

    assert (later.value.retry_after_seconds, later.value.ambiguous) == (7.0, False)
    assert _answers(line) == []


def test_a_later_attempt_is_posted_plainly(line: Line) -> None:
    line.send(attempt=2)

    assert line.parts() == [""]


def test_where_others_read_and_where_it_is_long_nothing_is_streamed(line: Line) -> None:
    line.send(GROUP)
    line.send(shown=replace(an_answer(), text="Nordlicht " * 500))

    assert line.parts() == ["", ""]
    assert (len(_answers(line, GROUP)), len(_answers(line))) == (1, 1)


def test_an_answer_that_is_there_is_changed_in_its_place(line: Line) -> None:
    sent = line.send()

    again = line.send(shown=an_answer("Nordlicht IT, twelve."), external_id=sent)

    assert again == sent
    assert line.parts() == ["informative", "final"]
    assert [len(one.revisions) for one in line.world.messages(PERSONAL)] == [2]
