"""What the outside may do to a step: answer what it asked, wake it, stop it.

Each call is part of the caller's transaction and names the steps to ring after the commit.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from runtime.domain.json import Json
from runtime.domain.states import StepStatus
from runtime.storage import leaves, steps, trees
from runtime.storage.connection import Connection

RING_GRACE = timedelta(seconds=5)


def answer(
    connection: Connection,
    leaf_id: str,
    *,
    status: StepStatus,
    output: Json,
    error: Json = None,
    now: datetime,
) -> list[str] | None:
    """Answer a waiting (or doubtful) leaf; None where it is no longer open.

    The answer and the wake-up of its owner are one transaction: a decision that lands while the
    owner is about to sleep is never lost.
    """
    owner = leaves.answer_leaf(
        connection, leaf_id, status=status, output=output, error=error, now=now
    )
    if owner is None:
        return None
    return wake(connection, owner, now=now)


def wake(connection: Connection, step_id: str, *, now: datetime) -> list[str]:
    """Tell a step that there is news."""
    values = {"step_id": step_id, "ring_again_at": now + RING_GRACE}
    woken = steps.NUDGE.first(connection, values)
    return [step_id] if woken and woken["status"] == StepStatus.READY else []


def wake_all(connection: Connection, run_id: str, *, now: datetime) -> list[str]:
    """Give every task of a run news, and name all that are ready.

    Also those that run: one may be about to sleep on the strength of what it saw before.
    """
    return trees.nudge_all(connection, run_id, ring_again_at=now + RING_GRACE)
