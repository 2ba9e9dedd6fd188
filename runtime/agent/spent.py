"""How much of a budget is used up: one reading of it, for whoever spends and whoever asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from runtime.domain.budget import Budget
from runtime.domain.conversation import Place
from runtime.domain.run import Run
from runtime.domain.step import Cost
from runtime.policy.budgets import Cap, Of
from runtime.policy.policy import Policy
from runtime.storage import spending
from runtime.storage.connection import Connection
from runtime.storage.spending import Addition

THE_RUN: Final = "the run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spender:
    """Whose spending is looked at: a person somewhere, an agent, and perhaps a run."""

    workspace: str
    principal: str
    name: str
    place: Place | None
    """Where it is spent; None where nothing is counted by channel."""
    agent: str = ""
    run: Run | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One budget and what is used up of it."""

    cap: Cap
    key: str
    """Whose spending, and of which day: what is added counts for this alone."""
    whose: str
    """``the run``, ``agent 'clerk' today``."""
    limit: Budget
    """With what people have added."""
    spent: Cost
    added: Addition
    anew_at: datetime | None
    """When it begins anew; None for a run's, which never does."""


def cap_of_run(run: Run, policy: Policy) -> Cap:
    """Give a run's own budget as one beside those of the policy."""
    return Cap(id="run", of=Of.RUN, limit=run.budget, eligible=policy.default_eligible)


def read_cap(
    connection: Connection, cap: Cap, spender: Spender, *, now: datetime
) -> Reading | None:
    """Read one budget; None where it does not speak of this spender."""
    run, place = spender.run, spender.place
    name = {
        Of.RUN: run.id if run else "",
        Of.AGENT: spender.agent,
        Of.USER: spender.principal,
        Of.CHANNEL: room_of(place) if place else "",
        Of.WORKSPACE: spender.workspace,
    }[cap.of]
    if not name or not cap.speaks_of(name):
        return None
    anew_at = None
    if cap.of is Of.RUN:
        key, spent = name, run.spent if run else Cost()
    else:
        day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        key, anew_at = f"{spender.workspace} {name} {day:%Y-%m-%d}", day + timedelta(days=1)
        spent = spending.spent_since(
            connection,
            day,
            workspace=spender.workspace,
            requester=name if cap.of is Of.USER else None,
            agent=name if cap.of is Of.AGENT else None,
            room=place if cap.of is Of.CHANNEL else None,
        )
    more = spending.added(connection, cap=cap.id, key=key)
    whose = {
        Of.RUN: THE_RUN,
        Of.AGENT: f"agent {spender.agent!r} today",
        Of.USER: f"{spender.name or spender.principal} today",
        Of.CHANNEL: "this channel today",
        Of.WORKSPACE: "this workspace today",
    }[cap.of]
    return Reading(
        cap=cap,
        key=key,
        whose=whose,
        limit=cap.limit.raised(usd=more.usd, tokens=more.tokens, seconds=more.seconds),
        spent=spent,
        added=more,
        anew_at=anew_at,
    )


def room_of(place: Place) -> str:
    """Name a channel as policies do: ``slack:T024/C024``."""
    return f"{place.channel}:{place.workspace}/{spending.room_of(place)}"
