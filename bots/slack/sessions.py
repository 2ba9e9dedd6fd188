"""The state of a run as Slack's own agent session, which brings Slack's own Stop button.

https://docs.slack.dev/reference/methods/agents.sessions.setStatus
"""

from __future__ import annotations

import logging
from collections import OrderedDict

from bots.slack import escape
from bots.slack.address import Address
from bots.slack.api import CallError
from bots.slack.line import Line
from bots.views import RunCard
from runtime.domain.errors import Upstream

log = logging.getLogger(__name__)

_STATES = {"running": "processing", "waiting": "suspended", "paused": "suspended"}
_NOT_HERE = frozenset({"feature_disabled", "not_authorized", "missing_scope", "unknown_method"})
_MOST_TOLD = 5_000


class Sessions:
    """Tells Slack once for each change; a failure costs nobody their card."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._told: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._without: set[str] = set()
        """Teams whose Slack has no agent sessions."""

    async def tell(self, address: Address, card: RunCard) -> None:
        """Set the session of a run's thread to what the run does."""
        status = _STATES.get(card.status, "active")
        key = (address.channel, address.thread_ts)
        if not address.thread_ts or address.team in self._without or self._told.get(key) == status:
            return
        try:
            await self._line.paced(
                "agents.sessions.setStatus",
                address,
                {
                    "channel_id": address.channel,
                    "thread_ts": address.thread_ts,
                    "status": status,
                    "title": escape.plain(card.goal, limit=200),
                },
            )
        except Upstream:
            # The next change of the card, if not this one, tells it.
            return
        except CallError as fault:
            if fault.code in _NOT_HERE:
                self._without.add(address.team)
            log.info("an agent session was not told %r: %s", status, fault.code)
            return
        self._told[key] = status
        self._told.move_to_end(key)
        if len(self._told) > _MOST_TOLD:
            self._told.popitem(last=False)
