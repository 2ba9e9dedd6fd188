"""How the courier speaks to terminals: whoever sits there reads the run itself."""

from __future__ import annotations

from bots.views import Shown
from runtime.domain.delivery import Delivery


class TerminalChannel:
    """Always succeeds: the command that asked draws the run, now or with ``baton status``."""

    @property
    def name(self) -> str:
        """Give the channel's name."""
        return "terminal"

    async def send(self, delivery: Delivery, shown: Shown) -> str:
        """Nothing to post; the terminal that asked may be gone long since."""
        del shown
        return delivery.id

    async def find(self, delivery: Delivery) -> str | None:
        """Give the delivery's own id: there is never a second copy to look for."""
        return delivery.id
