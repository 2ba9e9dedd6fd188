"""Statements on what concerns one person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select

from runtime.domain.approval import Approval
from runtime.domain.run import Run
from runtime.domain.states import RunStatus
from runtime.domain.step import Cost
from runtime.storage import approvals, runs
from runtime.storage.tables import approval, run

_r = run.c
_a = approval.c


def runs_of(connection: Connection, principal: str, *, active: bool, limit: int) -> list[Run]:
    """Give somebody's runs that are, or are not, at work; newest first."""
    is_active = _r.status == RunStatus.ACTIVE.value
    statement = (
        select(*_r)
        .where(_r.requester == principal, is_active if active else ~is_active)
        .order_by(_r.number.desc())
        .limit(limit)
    )
    return [runs.from_row(row) for row in connection.execute(statement).mappings()]


def decided_by(connection: Connection, principal: str, *, limit: int) -> list[Approval]:
    """Give what somebody decided, newest first."""
    statement = (
        select(_a.id)
        .where(_a.decided_by == principal)
        .order_by(_a.decided_at.desc(), _a.number.desc())
        .limit(limit)
    )
    found = [
        approvals.find(connection, one, workspace=None)
        for one in connection.execute(statement).scalars()
    ]
    return [one for one in found if one is not None]


def spent_since(connection: Connection, principal: str, since: datetime) -> Cost:
    """Sum what somebody's runs that began since then have cost."""
    row = connection.execute(
        select(
            func.coalesce(func.sum(_r.spent_usd), 0.0), func.coalesce(func.sum(_r.spent_tokens), 0)
        ).where(_r.requester == principal, _r.created_at >= since)
    ).one()
    return Cost(usd=float(row[0]), tokens=int(row[1]))
