"""How the courier speaks to the console: the page reads the thread itself."""

from __future__ import annotations

from bots.views import Shown
from runtime.domain.delivery import Delivery


class ConsoleChannel:
    """Always succeeds: a delivery is shown by being in the thread, under its own id."""

    @property
    def name(self) -> str:
        """Give the channel's name."""
        return "console"

    async def send(self, delivery: Delivery, shown: Shown) -> str:
        """Nothing to post; a page that is open notices the change by itself."""
        del shown
        return delivery.id

    async def find(self, delivery: Delivery) -> str | None:
        """Give the delivery's own id: in the thread it is always there."""
        return delivery.id
