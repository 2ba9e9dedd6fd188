"""A running front, the door behind it, and the Teams around it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bots.approval_builder import approval_card
from bots.teams.drawn import Drawn
from bots.teams.rendering import draw
from bots.views import Shown
from runtime.domain.approval import Decide, Decided
from runtime.domain.conversation import Message, Person, Received
from runtime.domain.ports import Clock
from tests.worlds.front_door import FrontDoor, an_approval
from tests.worlds.teams import activities
from tests.worlds.teams.cast import GROUP, Chat
from tests.worlds.teams.connector import Posted
from tests.worlds.teams.front import teams_front
from tests.worlds.teams.world import TeamsWorld, teams_world


class DownError(Exception):
    """What a database that is away looks like, with somebody's words in its message."""


@dataclass
class Door(FrontDoor):
    """The front door, which a test can shut."""

    down: bool = field(default=False)

    def receive(self, message: Message) -> Received:
        if self.down:
            raise DownError(message.text)
        return super().receive(message)

    def approval_for(self, ref: str, person: Person) -> Any:
        if self.down:
            raise DownError(ref)
        return super().approval_for(ref, person)

    def decide(self, decide: Decide) -> Decided:
        if self.down:
            raise DownError(decide.approval)
        return super().decide(decide)


@dataclass(frozen=True)
class Place:
    """A front, its door, and the Teams around it."""

    world: TeamsWorld
    door: Door

    def card(self, shown: Shown, chat: Chat = GROUP) -> Posted:
        """Let a card be there already, as the courier posts it."""
        drawn: Drawn = draw(shown)
        message = Posted(
            id=activities.new_id(), conversation=chat.id, revisions=[dict(drawn.activity)]
        )
        self.world.connector.messages.append(message)
        return message

    def approval(self, chat: Chat = GROUP, **changes: Any) -> Posted:
        """Let an approval be open, and its card be there."""
        asked = an_approval(**changes)
        self.door.asked[asked.id] = asked
        return self.card(approval_card(asked), chat)


@contextmanager
def teams_place(*, links: tuple[Clock, str] | None = None) -> Generator[Place]:
    """Run the front, against a door that a test can shut; see ``teams_front`` for ``links``."""
    door = Door()
    with teams_world() as world, teams_front(world, door, links=links):
        yield Place(world, door)
