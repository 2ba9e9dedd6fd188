"""The port that every channel implements."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from bots.views import Shown
from runtime.domain.conversation import Place
from runtime.domain.delivery import Delivery


class Channel(Protocol):
    """One way to speak to people: Slack, Teams, the console page, the terminal.

    The courier is the only caller and never calls a channel twice at once for one conversation.
    """

    @property
    def name(self) -> str:
        """Give the channel's name as places carry it: ``slack``."""
        ...

    async def send(self, delivery: Delivery, shown: Shown) -> str:
        """Post what is shown, or update the message that ``delivery.external_id`` names.

        Give the channel's id of the message. A repeat with the same ``delivery.id`` and no
        external id may post again: the courier asks ``find`` first where that is possible.

        Raises:
            Upstream: try later; ``ambiguous`` where the message may have been posted.
            Refused: this conversation will never take it (archived, removed, forbidden).
        """
        ...

    async def find(self, delivery: Delivery) -> str | None:
        """Look for a message that an earlier, interrupted ``send`` may have posted.

        Give its id, or None when it is certainly not there. Raises ``Upstream`` when nobody
        can tell now.
        """
        ...


@runtime_checkable
class HasPages(Protocol):
    """A channel with pages that show somebody all that is theirs, whichever part has changed."""

    def page(self, delivery: Delivery) -> str:
        """Name the page that a delivery redraws; empty where it is a message of its own.

        Of deliveries that were claimed together, one draws the page for all.
        """
        ...


@runtime_checkable
class TakesBack(Protocol):
    """A channel that cannot search its posts: a doubt may end with two, one of which is a copy."""

    async def take_back(self, delivery: Delivery, external_id: str) -> None:
        """Take back a copy of a message; where that cannot be, let it say that it is one.

        Raises as ``send`` does.
        """
        ...


@runtime_checkable
class BeginsThreads(Protocol):
    """A channel in which a conversation may have no thread yet: its first message begins one."""

    def begun(self, delivery: Delivery, external_id: str) -> Place | None:
        """Give the place that this message has begun, or None where it began none."""
        ...
