"""The verb ``budget``: what is left, of what, and who says so."""

from __future__ import annotations

import math
from datetime import datetime

from bots.commands.asked import Asked
from bots.commands.grammar import Command
from bots.commands.reply import CommandReply
from bots.spelling import duration, exact, money
from runtime.domain.budget import NO_TOKENS_LIMIT, BudgetLeft
from runtime.domain.json import Json, JsonObject


def budget(command: Command, asked: Asked) -> CommandReply:
    """Show what is left for a run; without one, for whoever asks, here and today."""
    found = asked.runtime.budgets(command.target, asked.person, asked.place)
    what = f"Run {command.target}" if command.target else "Today, for a run of yours begun here"
    lines = [line for one in found for line in _lines(one)]
    nothing = "no budget of the day is set; each run has its own: budget RUN"
    return CommandReply(
        text="\n".join([f"{what}:", *lines]) if lines else f"{what}: {nothing}",
        data={"budgets": [_object(one) for one in found]},
    )


def _lines(one: BudgetLeft) -> list[str]:
    more = ", with what was added" if one.was_added else ""
    anew = f"; anew at {_moment(one.anew_at)}" if one.anew_at else ""
    return [
        f"- {exact(one.whose)} ({exact(one.source)}{more}{anew})",
        *(f"    {part}" for part in _parts(one)),
    ]


def _parts(one: BudgetLeft) -> list[str]:
    limit, parts = one.limit, list[str]()
    if math.isfinite(limit.usd):
        left = max(limit.usd - one.spent.usd, 0.0)
        parts.append(f"{money(left)} left of {money(limit.usd)}")
    if limit.tokens < NO_TOKENS_LIMIT:
        left_tokens = max(limit.tokens - one.spent.tokens, 0)
        parts.append(f"{left_tokens:,} tokens left of {limit.tokens:,}")
    if math.isfinite(limit.seconds):
        left = max(limit.seconds - one.took_seconds, 0.0)
        parts.append(f"{duration(left)} left of {duration(limit.seconds)}")
    return parts


def _object(one: BudgetLeft) -> JsonObject:
    limit = one.limit
    return {
        "whose": one.whose,
        "source": one.source,
        "usd": _pair(limit.usd, one.spent.usd),
        "tokens": None
        if limit.tokens >= NO_TOKENS_LIMIT
        else {"limit": limit.tokens, "left": max(limit.tokens - one.spent.tokens, 0)},
        "seconds": _pair(limit.seconds, one.took_seconds),
        "anew_at": one.anew_at.isoformat() if one.anew_at else None,
    }


def _pair(limit: float, used: float) -> Json:
    if not math.isfinite(limit):
        return None
    return {"limit": limit, "left": max(limit - used, 0.0)}


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
