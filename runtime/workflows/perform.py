"""One task after the other, each with the data flow that the specification lays down."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from runtime.catalog.workflow.task import Schema, Task, Tasks, Transform
from runtime.domain.canonical import canonical
from runtime.domain.errors import BatonError, HandlerChanged, LostLease
from runtime.domain.json import Json
from runtime.workflows import origins, schemas
from runtime.workflows.act import Act
from runtime.workflows.doing import Doing
from runtime.workflows.extend import extended
from runtime.workflows.flow import CONTINUE, END, EXIT, Flow, Frame, Passed
from runtime.workflows.problem import fault, fault_of
from runtime.workflows.timed import within
from runtime.workflows.view import View, moment, scope

MOST_VISITS: Final = 200
_ASKS_FOR_TIME = re.compile(r"\bnow\b|startedAt")


def do_tasks(act: Act, tasks: Tasks, flow: Flow, frame: Frame) -> Passed:
    """Do tasks in order, or where ``then`` leads. ``exit`` and ``end`` are told to the caller."""
    places = {task.name: index for index, task in enumerate(tasks)}
    visits: Counter[str] = Counter()
    index = 0
    while index < len(tasks):
        task = tasks[index]
        visits[task.name] += 1
        if visits[task.name] > MOST_VISITS:
            words = f"it was come back to over {MOST_VISITS} times; use for with while instead"
            raise fault("configuration", words, at=task.reference)
        passed = act.do_task(act, task, flow, frame, frame.name_of(task, visits[task.name]))
        flow = passed.flow
        if passed.then in (END, EXIT):
            return passed
        index = index + 1 if passed.then == CONTINUE else places[passed.then]
    return Passed(flow=flow)


def do_task(act: Act, task: Task, flow: Flow, frame: Frame, name: str) -> Passed:
    """Do one task. Raises ``Faulted``, whatever went wrong with it."""
    try:
        view = view_of(act, task, flow, frame, name)
        if task.condition is not None and not view.condition(task.condition, flow.data):
            return Passed(flow=flow)
        timeout = act.timeout_of(task.timeout, at=task.reference)
        if timeout is None:
            return _carry_out(act, task, flow, frame, name, view)
        seconds = view.seconds(timeout, flow.data)
        return within(
            act.ctx,
            name,
            seconds,
            at=task.reference,
            work=lambda: _carry_out(act, task, flow, frame, name, view),
        )
    except (HandlerChanged, LostLease):
        raise
    except BatonError as error:
        faulted = fault_of(error, at=task.reference)
        if faulted.outside:
            origins.returned(act, {"outside": faulted.outside}, faulted.problem)
        raise faulted from error


def _carry_out(act: Act, task: Task, flow: Flow, frame: Frame, name: str, view: View) -> Passed:
    data = _taken_in(task.input, flow.data, view)
    doing = Doing(
        act=act,
        task=task,
        name=name,
        frame=frame,
        view=view.with_(input=data),
        data=data,
        context=flow.context,
    )
    passed = extended(doing)
    raw = passed.flow.data
    after = doing.view.with_(
        context=passed.flow.context, task={**_described(task, flow.data, view), "output": raw}
    )
    output = after.transform(task.output.value, raw) if task.output.value is not None else raw
    check(task.output.schema, output, act, at=task.reference, what="output")
    context = passed.flow.context
    if task.export.value is not None:
        context = after.with_(output=output).transform(task.export.value, output)
        check(task.export.schema, context, act, at=task.reference, what="exported context")
    then = passed.then if passed.then != CONTINUE else task.then or CONTINUE
    return Passed(flow=Flow(data=output, context=context), then=then)


def _taken_in(given: Transform, data: Json, view: View) -> Json:
    check(given.schema, data, view.act, at=view.at, what="input")
    return view.transform(given.value, data) if given.value is not None else data


def check(schema: Schema | None, value: Json, act: Act, *, at: str, what: str) -> None:
    """Check data against a schema. Raises ``Faulted`` of the type validation."""
    if schema is None:
        return
    document = schema.document
    if schema.resource is not None:
        document = schemas.fetched(act, schema.resource, at=at)
    if not isinstance(document, Mapping):
        return
    wrong = schemas.complaint(document, value)
    if wrong is not None:
        raise fault("validation", f"the {what} does not fit its schema: {wrong}", at=at)


def view_of(act: Act, task: Task, flow: Flow, frame: Frame, name: str) -> View:
    view = scope(act, frame.variables, at=task.reference, context=flow.context)
    started: datetime | None = None
    # Only where it is asked for: it costs an entry in the journal.
    if _ASKS_FOR_TIME.search(canonical(task.definition)):
        started = act.ctx.now(f"{name}/started")
    view = View(act=act, at=view.at, variables=view.variables, moment=started)
    return view.with_(task=_described(task, flow.data, view))


def _described(task: Task, raw: Json, view: View) -> dict[str, Json]:
    described: dict[str, Json] = {
        "name": task.name,
        "reference": task.reference,
        "definition": task.definition,
        # The specification's own example reads the definition's parts from the task itself.
        **task.definition,
        "input": raw,
    }
    if view.moment is not None:
        described["startedAt"] = moment(view.moment.isoformat())
    return described
