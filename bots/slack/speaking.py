"""For whom calls are made at this moment: whoever installed the app where it is spoken to.

One front serves many workspaces, each with a token of its own. What a request or a delivery sets
holds for everything it does, also for what it leaves to be done after its answer.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final

from bots.slack.identity import Installation
from bots.slack.payload import Payload

_SPEAKING_FOR: Final[ContextVar[Installation | None]] = ContextVar("speaking_for", default=None)


def speak_for(installation: Installation) -> None:
    """Make the calls of this request or delivery for this installation."""
    _SPEAKING_FOR.set(installation)


def speaking_for() -> Installation:
    """Give for whom calls are made; one without ids where nobody has said."""
    return _SPEAKING_FOR.get() or Installation(team_id="")


def installation_in(body: Payload) -> Installation:
    """Read from any signed body which installation it was delivered to."""
    granted = next(iter(body.items("authorizations")), Payload(None))
    return Installation(
        team_id=granted.identifier("team_id")
        or body.identifier("team", "id")
        or body.identifier("team_id"),
        enterprise_id=granted.identifier("enterprise_id")
        or body.identifier("enterprise", "id")
        or body.identifier("team", "enterprise_id")
        or body.identifier("enterprise_id"),
    )
