"""The tasks of a workflow as people are shown them: by the author's names, each with its state.

A workflow's journal has an entry for whatever a task asked for, so how a task stands is read from
the entries below its reference. The order of the document is the order of the card.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from runtime.catalog.workflow.document import Workflow
from runtime.catalog.workflow.sound import inner_of
from runtime.catalog.workflow.task import (
    CallTask,
    DoTask,
    ForkTask,
    ForTask,
    Task,
    Tasks,
    TryTask,
)
from runtime.domain.approval import Approval
from runtime.domain.ids import step_id
from runtime.domain.json import JsonObject, object_of
from runtime.domain.states import ENDED_STEP, ApprovalStatus, StepStatus
from runtime.domain.step import Cost, Step
from runtime.workflows.tasks import KEYS

_MOST = 40
_TURN: Final = re.compile(r"(?:\d+-\d+/turn/)*(\d+)(?:-\d+)?(?:/|$)")
"""The number of a turn below its loop; in parts of a long loop, as ``tasks/loop.py`` names them."""
_RETRY: Final = re.compile(r"(retry|pause)/(\d+)(?:/|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    task: Task
    path: str
    title: str
    entries: tuple[Step, ...]

    @property
    def begun(self) -> bool:
        return bool(self.entries)


def tasks_of(
    workflow: Workflow, root: Step, entries: Sequence[Step], asked: Sequence[Approval]
) -> list[Step]:
    """Give the tasks of a workflow as steps; ``entries`` are what its journal holds."""
    base = root.path.rstrip("/")
    # References begin at the workflow, which may be a step of a plan.
    entries = [replace(one, path=one.path.removeprefix(base)) for one in entries]
    lines = list(_lines(workflow.tasks, root, entries, within=""))[:_MOST]
    latest = max(
        (entry.created_at for line in lines for entry in line.entries), default=root.created_at
    )
    last = max((at for at, line in enumerate(lines) if line.begun), default=-1)
    current = [
        at for at, line in enumerate(lines) if any(one.created_at == latest for one in line.entries)
    ]
    at_work = _faulted(lines, root) if root.error else -1
    if at_work < 0:
        at_work = current[-1] if current else last
    return [
        _step(line, root, asked, passed=at < last, current=at == at_work)
        for at, line in enumerate(lines)
    ]


def _faulted(lines: Sequence[_Line], root: Step) -> int:
    """Give the line that an error names as its place; -1 where it names none of them."""
    place = str(object_of((root.error or {}).get("problem")).get("instance") or "")
    for at, line in enumerate(lines):
        if place == line.task.reference or place.startswith(f"{line.task.reference}/"):
            return at
    return -1


def _lines(tasks: Tasks, root: Step, entries: Sequence[Step], *, within: str) -> Iterator[_Line]:
    for task in tasks:
        title = f"{within}: {task.title}" if within else task.title
        if isinstance(task, DoTask):
            yield from _lines(task.tasks, root, entries, within=title)
        elif isinstance(task, ForkTask) and task.branches:
            for branch in task.branches:
                path = f"{task.reference}/{branch.name}"
                yield _line(branch, path, branch.title, entries)
        else:
            yield _line(task, task.reference, title, entries)


def _line(task: Task, path: str, title: str, entries: Sequence[Step]) -> _Line:
    own = tuple(one for one in entries if one.path == path or one.path.startswith(f"{path}/"))
    return _Line(task=task, path=path, title=title, entries=own)


def _step(
    line: _Line, root: Step, asked: Sequence[Approval], *, passed: bool, current: bool
) -> Step:
    status = _status(line, root, passed=passed, current=current)
    ended = status in ENDED_STEP
    finished = [one.finished_at for one in line.entries if one.finished_at is not None]
    began = [one.started_at or one.created_at for one in line.entries]
    waits = status == StepStatus.WAITING
    path = f"{root.path.rstrip('/')}{line.path}"
    return Step(
        id=step_id(root.run_id, path),
        run_id=root.run_id,
        parent_id=root.id,
        path=path,
        kind="task",
        leaf=False,
        title=f"{line.title}{_progress(line, status)}",
        actor=_owner(line),
        status=status,
        attempt=1,
        wakeups=0,
        failures=0,
        crashes=0,
        due_at=root.due_at if waits else None,
        waits_for=_waits_for(line, root, asked) if waits else "",
        effect=None,
        key=None,
        input=None,
        output=None,
        output_blob=None,
        error=_error(line, root) if status == StepStatus.FAILED else None,
        decision=None,
        cost=Cost(),
        created_at=root.created_at,
        started_at=min(began, default=None),
        finished_at=max(finished, default=None) if ended else None,
    )


def _status(line: _Line, root: Step, *, passed: bool, current: bool) -> StepStatus:
    whole = next((one for one in line.entries if one.path == line.path and not one.leaf), None)
    if whole is not None:
        return whole.status
    over = root.status in ENDED_STEP
    if not line.begun and current and over:
        return root.status
    if not line.begun:
        return StepStatus.SKIPPED if passed or over else StepStatus.READY
    open_ = [one.status for one in line.entries if one.status not in ENDED_STEP]
    if StepStatus.UNKNOWN in open_:
        return StepStatus.UNKNOWN
    if open_:
        waits = all(one == StepStatus.WAITING for one in open_)
        return StepStatus.WAITING if waits else StepStatus.RUNNING
    if not current:
        return StepStatus.SUCCEEDED
    # The last thing done: the task is over only when the workflow is, or has gone on.
    if over:
        return root.status
    return StepStatus.WAITING if root.status == StepStatus.WAITING else StepStatus.RUNNING


def _waits_for(line: _Line, root: Step, asked: Sequence[Approval]) -> str:
    place = step_id(root.run_id, f"{root.path.rstrip('/')}{line.path}")
    for one in asked:
        below = one.step_id == place or one.step_id.startswith(f"{place}/")
        if below and one.status == ApprovalStatus.PENDING:
            people = ", ".join(one.may_decide)
            return f"approval #{one.number}" + (f" by {people}" if people else "")
    deeper = [one.waits_for for one in line.entries if one.waits_for and not one.leaf]
    return deeper[-1] if deeper else root.waits_for


def _progress(line: _Line, status: StepStatus) -> str:
    """Say in which turn a loop is that is not through, and which attempt of a try this is."""
    inner = [one.path.removeprefix(f"{line.path}/") for one in line.entries]
    if isinstance(line.task, ForTask) and status != StepStatus.SUCCEEDED:
        turns = [int(found[1]) for one in inner if (found := _TURN.match(one))]
        many = [object_of(one.input).get("of") for one in line.entries if not one.leaf][:1]
        if turns:
            return f" ({max(turns) + 1}" + (f" of {many[0]})" if many and many[0] else ")")
    if isinstance(line.task, TryTask):
        tried = [found for one in inner if (found := _RETRY.match(one))]
        # A pause comes after the attempt of its number.
        attempt = max((int(one[2]) + (one[1] == "retry") for one in tried), default=1)
        if attempt > 1:
            return f" (attempt {attempt})"
    return ""


def _owner(line: _Line) -> str:
    """Say who does it: an agent with its version, a tool, or what is called."""
    own = [one.actor for one in line.entries if not one.leaf and one.kind in ("agent", "goal")]
    if own:
        return own[-1]
    task = line.task
    if isinstance(task, CallTask):
        name = task.arguments.get("tool")
        literal = isinstance(name, str) and inner_of(name) is None
        return str(name) if task.function == "tool" and literal else task.function
    return KEYS[type(task)]


def _error(line: _Line, root: Step) -> JsonObject | None:
    own = [one.error for one in line.entries if one.path == line.path and one.error]
    return own[-1] if own else root.error
