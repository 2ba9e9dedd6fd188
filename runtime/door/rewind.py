"""What must be forgotten of a failed task so that it does its last move anew, and nothing else.

A handler walks the same way again, so only the end of its way may go: what failed last, or the
branches of a fork that failed together. What succeeded stays, also beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from runtime.domain.effects import Effect
from runtime.domain.errors import Refused
from runtime.domain.plan import GOAL, StepKind
from runtime.domain.states import StepStatus
from runtime.domain.step import Step

_ENDED_BADLY: Final = (StepStatus.FAILED, StepStatus.CANCELLED, StepStatus.SKIPPED)


@dataclass(slots=True)
class Rewound:
    """Steps to forget with all below them, tasks to open again, and clocks to set anew."""

    forgotten: list[Step] = field(default_factory=list[Step])
    reopened: list[Step] = field(default_factory=list[Step])
    begun: list[Step] = field(default_factory=list[Step])
    """Entries that say when something with a limit began; it begins now."""

    def add(self, other: Rewound) -> None:
        """Take over what another found."""
        self.forgotten += other.forgotten
        self.reopened += other.reopened
        self.begun += other.begun


def rewind(task: Step, tree: Sequence[Step]) -> Rewound:
    """Open a failed task again. Raises ``Refused`` where nobody can tell what that would repeat."""
    found = Rewound(reopened=[task])
    if task.kind == StepKind.WORKFLOW:
        found.add(_in_workflow(task, tree))
    elif task.kind == GOAL:
        found.add(rewind_plan(task, _below(task, tree)))
    else:
        found.forgotten += _last_failure(task, tree)
    return found


def rewind_plan(root: Step, tree: Sequence[Step]) -> Rewound:
    """Open what failed of the latest plan of a run or of a goal, whose paths begin at ``/``."""
    children = [step for step in tree if step.parent_id == root.id]
    revision = max((_revision(step) for step in children), default=0)
    latest = [step for step in children if _revision(step) == revision]
    tasks = [
        step for step in latest if step.path.startswith(f"/plan/{revision}/") and not step.leaf
    ]
    failed = [step for step in tasks if step.status == StepStatus.FAILED]
    waived = [step for step in tasks if step.waived]
    judged = [step for step in latest if not step.path.startswith("/plan/")]
    if not failed and not judged and not waived:
        return Rewound(forgotten=latest)
    cut = [step for step in tasks if step.status in _ENDED_BADLY[1:] and not step.waived]
    found = Rewound(forgotten=[*judged, *cut])
    for task in failed:
        found.add(rewind(task, tree))
    return found


def _in_workflow(task: Step, tree: Sequence[Step]) -> Rewound:
    own = sorted(
        (step for step in tree if step.parent_id == task.id), key=lambda one: one.created_at
    )
    if not own:
        return Rewound()
    last = own[-1]
    if last.kind == "deadline":
        return _out_of_time(last, own, tree)
    found = Rewound()
    together = [last]
    if last.kind == "race" and not last.output:
        found.forgotten.append(last)
        fork = last.path.removesuffix("/race/winner")
        together = [one for one in own if _is_branch(one, of=fork)]
    elif _is_branch(last, of=_parent(last)):
        together = [one for one in own if _is_branch(one, of=_parent(last))]
    for one in together:
        if one.status != StepStatus.FAILED:
            continue
        if one.leaf:
            found.forgotten.append(one)
        else:
            found.add(rewind(one, tree))
    return found


def _out_of_time(last: Step, own: Sequence[Step], tree: Sequence[Step]) -> Rewound:
    """Give what ran out of time its whole time again; what was cut off in it is done anew."""
    base = last.path.removesuffix("/timeout")
    within = [one for one in own if one.path.startswith(f"{base}/") and one is not last]
    cut = [one for one in within if one.status == StepStatus.CANCELLED]
    for one in cut:
        if any(_is_done(below) for below in _below(one, tree)):
            raise Refused(
                f"{one.title or one.path} was cut off after it had changed something; ask anew,"
                " or let the workflow catch the timeout"
            )
    begun = [one for one in within if one.path == f"{base}/began"]
    return Rewound(forgotten=[last, *cut], begun=begun)


def _is_done(step: Step) -> bool:
    return step.leaf and step.effect not in (None, Effect.READ)


def _is_branch(step: Step, *, of: str) -> bool:
    given = step.input
    return not step.leaf and isinstance(given, dict) and "branch" in given and _parent(step) == of


def _parent(step: Step) -> str:
    return step.path.rsplit("/", 1)[0]


def _last_failure(task: Step, tree: Sequence[Step]) -> list[Step]:
    below = [step for step in tree if step.parent_id == task.id]
    last = max((step.created_at for step in below), default=None)
    return [step for step in below if step.created_at == last and step.status in _ENDED_BADLY]


def _below(task: Step, tree: Sequence[Step]) -> list[Step]:
    """Give the steps below a task, with paths that begin there."""
    prefix = task.path.rstrip("/")
    return [
        replace(step, path=step.path.removeprefix(prefix))
        for step in tree
        if step.path.startswith(f"{prefix}/")
    ]


def _revision(step: Step) -> int:
    parts = step.path.split("/")
    return int(parts[2]) if len(parts) > 2 and parts[2].isdigit() else 0
