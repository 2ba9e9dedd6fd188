"""Reopen a run that failed, at the place where it failed.

What succeeded stays in the journal and is not done again. Only entries that hold a failure, or
were made from one (the draft of an answer, its check), are forgotten, so that their handlers do
them anew; the audit keeps that it happened. What that is says ``rewind.py``. What a person skipped
stays skipped.
"""

from __future__ import annotations

from datetime import datetime

from runtime.domain.errors import Refused
from runtime.domain.plan import StepKind
from runtime.door.rewind import Rewound, rewind, rewind_plan
from runtime.storage import runs, trees
from runtime.storage.connection import Connection


def reopen(connection: Connection, run_id: str, *, now: datetime) -> list[str]:
    """Make a failed run active again; name the steps to ring. The caller commits.

    Raises ``Refused`` where nobody can tell what going on would repeat, or it is not kept any more.
    """
    if not runs.reopen(connection, run_id):
        raise Refused(
            "what this run did was removed when its time was over; ask anew to do it again"
        )
    tree = trees.tree(connection, run_id)
    root = next(step for step in tree if step.parent_id is None)
    found = Rewound(reopened=[root])
    found.add(rewind(root, tree) if root.kind == StepKind.WORKFLOW else rewind_plan(root, tree))
    trees.remove_trees(connection, [step.id for step in found.forgotten])
    for step in found.begun:
        trees.begin_again(connection, step.id, now=now)
    for step in found.reopened:
        trees.make_ready(connection, step.id, now=now)
    below = [step.id for step in found.reopened if step.id != root.id]
    return below or [root.id]
