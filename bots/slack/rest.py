"""What nobody else takes: every delivery is answered, and nobody's click is swallowed."""

from __future__ import annotations

import re
from collections.abc import Mapping

from slack_bolt.async_app import AsyncAck, AsyncApp

from bots.slack.hand import STALE, Hand

_ANYTHING = re.compile(r"^.*$", re.DOTALL)


class Rest:
    """Registered last: bolt gives a request to the first listener that fits."""

    def __init__(self, hand: Hand) -> None:
        self._hand = hand

    def register(self, app: AsyncApp) -> None:
        """Take everything: an event that nobody listens for would count as a failed delivery."""
        app.event(_ANYTHING)(self.ignored)
        app.action(_ANYTHING)(self.unknown)
        app.view(_ANYTHING)(self.ignored)
        app.view_closed(_ANYTHING)(self.ignored)
        app.shortcut(_ANYTHING)(self.ignored)
        app.options(_ANYTHING)(self.ignored)

    async def unknown(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Say that a button means nothing any more."""
        self._hand.tell(self._hand.read(body), STALE)
        await ack()

    async def ignored(self, ack: AsyncAck) -> None:
        """Take delivery; closing a dialog decides nothing."""
        await ack()
