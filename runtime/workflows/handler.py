"""Where a step of kind ``workflow`` begins: a whole workflow, some turns of a loop, or a branch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final, cast

from runtime.catalog.workflow.document import Workflow
from runtime.catalog.workflow.task import (
    DoTask,
    ForkTask,
    ForTask,
    ListenTask,
    Task,
    Tasks,
    TryTask,
)
from runtime.domain.errors import BadExpression, Faulted
from runtime.domain.json import Json, JsonObject, object_of
from runtime.durable.context import Context
from runtime.workflows import origins
from runtime.workflows.act import Act, Outfit
from runtime.workflows.doing import Doing
from runtime.workflows.flow import Flow, Frame, Passed
from runtime.workflows.perform import check, do_task, do_tasks, view_of
from runtime.workflows.problem import fault_of
from runtime.workflows.tasks import loop
from runtime.workflows.timed import within
from runtime.workflows.view import scope

KIND: Final = loop.KIND


def carry_out(ctx: Context, outfit: Outfit) -> Json:
    """Carry out a workflow. Input: ``{workflow, input}``; gives ``{answer, output}``.

    Raises ``Faulted`` with the problem document of an error nobody caught, ``NotFound``.
    """
    given = object_of(ctx.input)
    kit = outfit.services.kits.of(ctx.run)
    workflow = kit.catalog.workflow(str(given["workflow"]))
    started = str(given.get("started") or ctx.now("started").isoformat())
    act = Act(
        ctx=ctx,
        outfit=outfit,
        kit=kit,
        workflow=workflow,
        input=given.get("input"),
        started=started,
        index=dict(_indexed(workflow)),
        do_tasks=do_tasks,
        do_task=do_task,
        sources=origins.begin(ctx, workflow, given),
    )
    try:
        if "loop" in given:
            return _turns(act, given)
        if "branch" in given:
            return _branch(act, given)
        return _whole(act)
    except Faulted as error:
        # Whoever catches it above must know whose words are in it.
        if ctx.step.parent_id is not None:
            error.outside = object_of(origins.below(act, error.problem).get("outside"))
        raise


def _whole(act: Act) -> Json:
    workflow = act.workflow
    timeout = act.timeout_of(workflow.timeout, at="/")
    if timeout is None:
        output = _from_input_to_output(act)
    else:
        view = scope(act, {}, at="/", context=None)
        seconds = view.seconds(timeout, act.input)
        output = within(
            act.ctx, "all", seconds, at="/", work=lambda: _from_input_to_output(act, name="all")
        )
    if act.ctx.step.parent_id is not None:
        return {"answer": output, "output": output, **origins.below(act, output)}
    # A run's answer is read by people.
    answer = output if isinstance(output, str) else json.dumps(output, ensure_ascii=False, indent=2)
    return {"answer": answer, "output": output, "sources": [], "demonstration": False}


def _from_input_to_output(act: Act, *, name: str = "") -> Json:
    workflow = act.workflow
    view = scope(act, {}, at="/", context=None)
    try:
        check(workflow.input.schema, act.input, act, at="/", what="input")
        data = act.input
        if workflow.input.value is not None:
            data = view.transform(workflow.input.value, data)
        passed = do_tasks(act, workflow.tasks, Flow(data=data), Frame(name=name))
        output = passed.flow.data
        if workflow.output.value is not None:
            view = view.with_(context=passed.flow.context)
            output = view.transform(workflow.output.value, output)
        check(workflow.output.schema, output, act, at="/", what="output")
    except BadExpression as error:
        raise fault_of(error, at="/") from error
    return output


def _turns(act: Act, given: JsonObject) -> Json:
    """Go through some items of a loop whose other items are done elsewhere."""
    task = act.index[str(given["loop"])]
    frame = _frame(given, task.reference)
    flow = Flow(data=given["data"], context=given["context"])
    doing = Doing(
        act=act,
        task=task,
        name="turn",
        frame=frame,
        view=view_of(act, task, flow, frame, "turn").with_(input=flow.data),
        data=flow.data,
        context=flow.context,
    )
    items = cast("list[Json]", given["items"])
    passed, stopped = loop.iterate(doing, items, first=cast("int", given["first"]), most=loop.PART)
    return {**_spelled(act, passed), "stopped": stopped}


def _branch(act: Act, given: JsonObject) -> Json:
    task = act.index[str(given["branch"])]
    frame = _frame(given, task.reference.rsplit("/", 2)[0])
    flow = Flow(data=given["data"], context=given["context"])
    return _spelled(act, do_task(act, task, flow, frame, frame.name_of(task)))


def _frame(given: JsonObject, reference: str) -> Frame:
    return Frame(reference=reference, variables=object_of(given["variables"]))


def _spelled(act: Act, passed: Passed) -> dict[str, Json]:
    data, context = passed.flow.data, passed.flow.context
    return {
        "data": data,
        "context": context,
        "then": passed.then,
        **origins.below(act, data, context),
    }


def _indexed(workflow: Workflow) -> Iterator[tuple[str, Task]]:
    use = workflow.use
    lists: list[Tasks] = [workflow.tasks, tuple(use.functions.values())]
    lists += [tasks for one in use.extensions for tasks in (one.before, one.after)]
    while lists:
        for task in lists.pop():
            yield task.reference, task
            lists += _held(task)


def _held(task: Task) -> list[Tasks]:
    if isinstance(task, DoTask | ForTask):
        return [task.tasks]
    if isinstance(task, ForkTask):
        return [task.branches]
    if isinstance(task, TryTask):
        return [task.tasks, task.catch.tasks]
    if isinstance(task, ListenTask) and task.each is not None:
        return [task.each.tasks]
    return []
