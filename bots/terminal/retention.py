"""``baton retention``: how long what is kept, what goes now, and when the next will."""

from __future__ import annotations

from datetime import datetime, timedelta

from bots.commands.reply import CommandReply
from bots.terminal.wiring import Wiring
from runtime.domain.json import Json
from runtime.domain.retention import Outlook


def outlook(wiring: Wiring) -> CommandReply:
    """Give one line for each class of data; nothing is removed by asking."""
    found = wiring.evidence().outlook()
    data: list[Json] = [
        {
            "class": one.name,
            "holds": one.holds,
            "days": None if one.period is None else one.period / timedelta(days=1),
            "due": one.due,
            "next_at": one.next_at.isoformat() if one.next_at else None,
        }
        for one in found
    ]
    return CommandReply(text="\n".join(map(_line, found)), data={"classes": data})


def _line(one: Outlook) -> str:
    if one.period is None:
        return f"{one.name:<11} {one.holds}: kept until somebody removes it"
    days = one.period / timedelta(days=1)
    return f"{one.name:<11} {one.holds}: {days:g} days; {one.due} due now, {_next(one.next_at)}"


def _next(at: datetime | None) -> str:
    return "nothing after that" if at is None else f"the next on {at:%Y-%m-%d %H:%M} UTC"
