"""Statements on what was spent, and on what people have added to budgets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, and_, func, insert, or_, select

from runtime.domain.conversation import Place
from runtime.domain.ids import new_id
from runtime.domain.step import Cost
from runtime.storage.governance_tables import budget_addition
from runtime.storage.tables import conversation, run, step


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """What was added to one budget, or in all."""

    usd: float = 0.0
    tokens: int = 0
    seconds: float = 0.0


def spent_since(
    connection: Connection,
    since: datetime,
    *,
    workspace: str,
    requester: str | None = None,
    agent: str | None = None,
    room: Place | None = None,
) -> Cost:
    """Sum up what models have cost since a moment: in a workspace, or a part of it.

    ``room`` is any place of a channel; all its threads count.
    """
    usd_and_tokens = (
        func.coalesce(func.sum(step.c.cost_usd), 0.0),
        func.coalesce(func.sum(step.c.tokens), 0),
    )
    statement = (
        select(*usd_and_tokens)
        .select_from(step.join(run, run.c.id == step.c.run_id))
        .where(step.c.kind == "model", step.c.finished_at >= since, run.c.workspace == workspace)
    )
    if requester is not None:
        statement = statement.where(run.c.requester == requester)
    if agent is not None:
        statement = statement.where(step.c.actor.startswith(f"{agent}@", autoescape=True))
    if room is not None:
        statement = statement.where(run.c.conversation_id.in_(_threads_of(room)))
    usd, tokens = connection.execute(statement).one()
    return Cost(usd=float(usd), tokens=int(tokens))


def _threads_of(place: Place) -> Select[tuple[str]]:
    name, _c = room_of(place), conversation.c
    return select(_c.id).where(
        and_(
            _c.channel == place.channel,
            _c.workspace == place.workspace,
            or_(
                _c.key == name,
                *(_c.key.startswith(f"{name}{mark}", autoescape=True) for mark in "/;"),
            ),
        )
    )


def room_of(place: Place) -> str:
    """Give the channel's part of a place: threads are ``CHANNEL/TIME`` or ``CHANNEL;MESSAGE``."""
    return place.key.partition("/")[0].partition(";")[0]


def added(connection: Connection, *, cap: str, key: str) -> Addition:
    """Sum up what people have added to a budget."""
    _c = budget_addition.c
    row = connection.execute(
        select(
            func.coalesce(func.sum(_c.usd), 0.0),
            func.coalesce(func.sum(_c.tokens), 0),
            func.coalesce(func.sum(_c.seconds), 0.0),
        ).where(_c.cap == cap, _c.key == key)
    ).one()
    return Addition(usd=float(row[0]), tokens=int(row[1]), seconds=float(row[2]))


def add(
    connection: Connection,
    addition: Addition,
    *,
    cap: str,
    key: str,
    run_id: str,
    by: str,
    now: datetime,
) -> None:
    """Record what somebody has added; caller commits."""
    connection.execute(
        insert(budget_addition).values(
            id=new_id("add"),
            cap=cap,
            key=key,
            usd=addition.usd,
            tokens=addition.tokens,
            seconds=addition.seconds,
            run_id=run_id,
            by=by,
            at=now,
        )
    )
