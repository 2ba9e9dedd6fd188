"""Extensions: what a workflow does before and after every task of a kind."""

from __future__ import annotations

from dataclasses import replace

from runtime.catalog.workflow.document import Extension
from runtime.catalog.workflow.task import (
    CallTask,
    DoTask,
    EmitTask,
    ForkTask,
    ForTask,
    ListenTask,
    RaiseTask,
    RunTask,
    SetTask,
    SwitchTask,
    Task,
    Tasks,
    TryTask,
    WaitTask,
)
from runtime.domain.json import Json, JsonObject
from runtime.workflows.doing import Doing
from runtime.workflows.flow import EXIT, Flow, Passed
from runtime.workflows.tasks import KINDS

_WORDS: dict[type[Task], str] = {
    CallTask: "call",
    DoTask: "composite",
    ForkTask: "composite",
    EmitTask: "emit",
    ForTask: "for",
    ListenTask: "listen",
    RaiseTask: "raise",
    RunTask: "run",
    SetTask: "set",
    SwitchTask: "switch",
    TryTask: "try",
    WaitTask: "wait",
}


def extended(doing: Doing) -> Passed:
    """Do a task with what its extensions put around it.

    An extension that exits takes the task's place: what it has then is the task's output.
    """
    if doing.frame.extended:
        return KINDS[type(doing.task)](doing)
    applied = [one for one in doing.act.workflow.use.extensions if _applies(one, doing)]
    context = doing.context
    for one in applied:
        before = _around(doing, one, one.before, Flow(data=doing.data, context=context), "before")
        context = before.flow.context
        if before.then == EXIT:
            return Passed(flow=before.flow)
    passed = KINDS[type(doing.task)](_with_context(doing, context))
    for one in applied:
        after = _around(doing, one, one.after, passed.flow, "after")
        flow = Flow(data=passed.flow.data, context=after.flow.context)
        passed = Passed(flow=flow, then=passed.then)
    return passed


def _applies(extension: Extension, doing: Doing) -> bool:
    if extension.extend not in ("all", _WORDS[type(doing.task)]):
        return False
    return extension.when is None or doing.view.condition(extension.when, doing.data)


def _around(doing: Doing, one: Extension, tasks: Tasks, flow: Flow, side: str) -> Passed:
    if not tasks:
        return Passed(flow=flow)
    place = tasks[0].reference.rsplit("/", 2)[0]
    frame = doing.frame.inside(place, f"{doing.name}/{one.name}/{side}", task=_task(doing))
    return doing.act.do_tasks(doing.act, tasks, flow, replace(frame, extended=True))


def _task(doing: Doing) -> JsonObject:
    task = doing.task
    return {"name": task.name, "reference": task.reference, "definition": task.definition}


def _with_context(doing: Doing, context: Json) -> Doing:
    return replace(doing, context=context, view=doing.view.with_(context=context))
