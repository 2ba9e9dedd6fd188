"""Reopen a run that failed, at the place where it failed.

What succeeded stays in the journal and is not done again. Only entries that hold a failure, or
were made from one (the draft of an answer, its check), are forgotten, so that their handlers do
them anew; the audit keeps that it happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from runtime.domain.states import StepStatus
from runtime.domain.step import Step
from runtime.storage import runs, trees
from runtime.storage.connection import Connection

_FAILED = (StepStatus.FAILED, StepStatus.CANCELLED, StepStatus.SKIPPED)


def reopen(connection: Connection, run_id: str, *, now: datetime) -> list[str]:
    """Make a failed run active again; name the steps to ring. The caller commits."""
    tree = trees.tree(connection, run_id)
    root = next(step for step in tree if step.parent_id is None)
    runs.reopen(connection, run_id)
    forgotten, reopened = _plan_of_retry(root, tree)
    trees.remove_trees(connection, [step.id for step in forgotten])
    for step in [*reopened, root]:
        trees.make_ready(connection, step.id, now=now)
    return [step.id for step in reopened] or [root.id]


def _plan_of_retry(root: Step, tree: Sequence[Step]) -> tuple[list[Step], list[Step]]:
    children = [step for step in tree if step.parent_id == root.id]
    revision = max((_revision(step) for step in children), default=0)
    latest = [step for step in children if _revision(step) == revision]
    tasks = [
        step for step in latest if step.path.startswith(f"/plan/{revision}/") and not step.leaf
    ]
    failed = [step for step in tasks if step.status == StepStatus.FAILED]
    judged = [step for step in latest if not step.path.startswith("/plan/")]
    if not failed and not judged:
        return latest, []
    forgotten = judged + [step for step in tasks if step.status in _FAILED[1:]]
    for task in failed:
        forgotten += _last_failure(task, tree)
    return forgotten, failed


def _last_failure(task: Step, tree: Iterable[Step]) -> list[Step]:
    """Give what must go so that a failed task does its last move anew."""
    below = [step for step in tree if step.parent_id == task.id]
    last = max((step.created_at for step in below), default=None)
    return [step for step in below if step.created_at == last and step.status in _FAILED]


def _revision(step: Step) -> int:
    parts = step.path.split("/")
    return int(parts[2]) if len(parts) > 2 and parts[2].isdigit() else 0
