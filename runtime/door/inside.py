"""What the card of a run shows of the workflows in it: their journals, as far as is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from runtime.domain.approval import Approval
from runtime.domain.json import object_of
from runtime.domain.plan import StepKind
from runtime.domain.run import Run
from runtime.domain.states import StepStatus
from runtime.domain.step import Step
from runtime.door.pinned_workflow import PinnedWorkflows
from runtime.door.tasks import tasks_of
from runtime.storage import trees
from runtime.storage.connection import Connection

_MOST: Final = 3
"""Of so many workflows side by side the insides are shown."""
_DEEPEST: Final = 4
"""Parts of parts of a loop; four levels are six million turns."""
_TOLD: Final = (StepStatus.RUNNING, StepStatus.WAITING, StepStatus.UNKNOWN, StepStatus.FAILED)


def journal_of(connection: Connection, task: Step) -> list[Step]:
    """Give the entries of a workflow's step, and where in its long loop it is."""
    entries = trees.entries_of(connection, task.id)
    if not entries or not _is_open_part(entries[-1]):
        return entries
    latest: Step | None = entries[-1]
    for _ in range(_DEEPEST):
        if latest is None or not _is_open_part(latest):
            break
        latest = trees.latest_of(connection, latest.id)
        entries += [latest] if latest is not None else []
    return entries


def inside(
    connection: Connection,
    run: Run,
    steps: Sequence[Step],
    asked: Sequence[Approval],
    workflows: PinnedWorkflows,
) -> dict[str, tuple[Step, ...]]:
    """Give the tasks of the workflows among some steps of a plan that are at work, or failed."""
    found: dict[str, tuple[Step, ...]] = {}
    told = [one for one in steps if one.kind == StepKind.WORKFLOW and one.status in _TOLD]
    for step in told[:_MOST]:
        workflow = workflows.of(connection, run, str(object_of(step.input).get("workflow")))
        if workflow is not None:
            entries = journal_of(connection, step)
            found[step.id] = tuple(tasks_of(workflow, step, entries, asked))
    return found


def _is_open_part(step: Step) -> bool:
    return not step.leaf and "loop" in object_of(step.input) and step.status in _TOLD
