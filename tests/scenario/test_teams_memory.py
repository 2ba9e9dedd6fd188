"""What a front of Teams keeps of the activities it has taken: next to nothing."""

from __future__ import annotations

import gc
import itertools
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from bots.approval_builder import approval_card
from bots.teams.rendering import draw
from runtime.domain.conversation import Message, Received, Reception
from tests.worlds.front_door import FrontDoor, an_approval
from tests.worlds.teams import activities
from tests.worlds.teams.cards import buttons
from tests.worlds.teams.cast import ADA, CHANNEL, GROUP, PERSONAL
from tests.worlds.teams.front import teams_front
from tests.worlds.teams.world import TeamsWorld, teams_world

_WARM_UP = 150
_ROUNDS = 3
_EACH = 350
_KEPT_BYTES = 400
"""Of each activity: room for a short key in a list with an end; its text alone has 2,000."""
_TEXT = "Buy twelve laptops, please. " * 70


@dataclass
class Forgetful(FrontDoor):
    """A door that keeps nothing itself, so that what grows is the front's."""

    taken: int = 0

    def receive(self, message: Message) -> Received:
        self.taken += 1
        return Received(reception=Reception.STARTED, run_id="run_1", number=1)


@pytest.fixture
def place() -> Iterator[tuple[TeamsWorld, Forgetful]]:
    door = Forgetful()
    with teams_world() as world, teams_front(world, door):
        yield world, door


def test_no_activity_is_kept(place: tuple[TeamsWorld, Forgetful]) -> None:
    """In every round something else may grow by itself; what is kept of each grows in all."""
    world, door = place
    asked = an_approval()
    door.asked[asked.id] = asked
    look = next(iter(buttons(draw(approval_card(asked)).card)))
    chats = (PERSONAL, GROUP, CHANNEL)

    def take(count: int) -> int:
        for number in range(count):
            chat = chats[number % len(chats)]
            assert world.say(ADA, chat, f"{number} {_TEXT}").status == 200
            if number % 5 == 0:
                pressed = activities.execute(
                    ADA, GROUP, service_url=world.url, message_id="17", verb="approval.look",
                    data=look.data, automatic=True,
                )  # fmt: skip
                assert world.deliver(pressed).body["statusCode"] == 200
        for kept in (world.connector.calls, world.connector.messages, door.log):
            kept.clear()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    take(_WARM_UP)
    tracemalloc.start()
    try:
        sizes = [take(0), *(take(_EACH) for _ in range(_ROUNDS))]
    finally:
        tracemalloc.stop()

    grown = [after - before for before, after in itertools.pairwise(sizes)]
    assert door.taken == _WARM_UP + _ROUNDS * _EACH
    assert min(grown) < _EACH * _KEPT_BYTES, f"grew by {grown} bytes in rounds of {_EACH}"
