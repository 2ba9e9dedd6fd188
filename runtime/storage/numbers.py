"""What an operator watches, counted at the moment of asking."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from runtime.domain.states import ApprovalStatus, StepStatus
from runtime.storage.tables import approval, delivery, run, step

_OPEN = (StepStatus.READY, StepStatus.RUNNING, StepStatus.WAITING)


def runs_by_status(connection: Connection) -> dict[str, int]:
    """Count runs."""
    return _grouped(connection, select(run.c.status, func.count()).group_by(run.c.status))


def open_tasks_by_status(connection: Connection) -> dict[str, int]:
    """Count tasks that have not ended."""
    return _grouped(
        connection,
        select(step.c.status, func.count())
        .where(step.c.leaf.is_(False), step.c.status.in_(_OPEN))
        .group_by(step.c.status),
    )


def pending_approvals(connection: Connection) -> int:
    """Count questions that wait for people."""
    statement = select(func.count()).where(approval.c.status == ApprovalStatus.PENDING)
    return int(connection.execute(statement).scalar_one())


def due_deliveries(connection: Connection) -> int:
    """Count messages that are owed."""
    statement = select(func.count()).where(delivery.c.due_at.is_not(None))
    return int(connection.execute(statement).scalar_one())


def seconds_late(connection: Connection, *, now: datetime) -> float:
    """Tell how long the longest overdue step has waited for the sweep; 0 when all is well."""
    oldest = connection.execute(select(func.min(step.c.due_at))).scalar_one_or_none()
    return max(0.0, (now - oldest).total_seconds()) if oldest is not None else 0.0


def spent(connection: Connection) -> tuple[float, int]:
    """Give what all runs have used up: US dollars, tokens."""
    row = connection.execute(
        select(
            func.coalesce(func.sum(run.c.spent_usd), 0.0),
            func.coalesce(func.sum(run.c.spent_tokens), 0),
        )
    ).one()
    return float(row[0]), int(row[1])


def _grouped(connection: Connection, statement: Select[Any, int]) -> dict[str, int]:
    return {str(row[0]): int(row[1]) for row in connection.execute(statement)}
