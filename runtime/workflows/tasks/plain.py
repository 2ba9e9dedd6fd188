"""Tasks that touch nothing outside: set, do, switch, raise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from runtime.catalog.workflow.task import DoTask, RaiseTask, SetTask, SwitchTask
from runtime.domain.errors import Faulted
from runtime.domain.json import Json, JsonObject
from runtime.workflows.doing import Doing
from runtime.workflows.flow import CONTINUE, Passed
from runtime.workflows.problem import fault


def set_data(doing: Doing) -> Passed:
    """Give data."""
    task = doing.task
    assert isinstance(task, SetTask)
    return doing.gives(doing.once("set", lambda: doing.view.transform(task.value, doing.data)))


def do(doing: Doing) -> Passed:
    """Do tasks one after the other."""
    task = doing.task
    assert isinstance(task, DoTask)
    frame = doing.frame.inside(task.reference, doing.name)
    return doing.inner(task.tasks, doing.flow, frame)


def switch(doing: Doing) -> Passed:
    """Go where the first case that holds leads; the data stays as it is."""
    task = doing.task
    assert isinstance(task, SwitchTask)

    def choose() -> Json:
        for case in task.cases:
            if case.when is not None and doing.view.condition(case.when, doing.data):
                return {"case": case.name, "then": case.then}
        default = next((case for case in task.cases if case.when is None), None)
        return {"case": default.name, "then": default.then} if default else None

    chosen = doing.once("switch", choose)
    then = str(chosen["then"]) if isinstance(chosen, Mapping) else CONTINUE
    return doing.gives(doing.data, then=then)


def raise_error(doing: Doing) -> Passed:
    """Raise an error."""
    task = doing.task
    assert isinstance(task, RaiseTask)
    doing.once("raise", lambda: _raised(doing, _error(doing, task)))
    raise AssertionError("a journalled failure is raised again")


def _error(doing: Doing, task: RaiseTask) -> JsonObject:
    if not isinstance(task.error, str):
        return task.error
    found = doing.act.workflow.use.errors.get(task.error)
    if found is None:
        words = f"use.errors has no {task.error!r}; add it"
        raise fault("configuration", words, at=task.reference)
    return found


def _raised(doing: Doing, error: JsonObject) -> NoReturn:
    problem = doing.view.fill(error, doing.data)
    assert isinstance(problem, Mapping)
    raise Faulted({**problem, "instance": problem.get("instance") or doing.task.reference})
