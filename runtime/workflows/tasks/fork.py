"""Branches side by side, each a step of its own: all of them, or whichever is first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from runtime.catalog.workflow.task import ForkTask, Task
from runtime.domain.json import Json, object_of
from runtime.durable import failure
from runtime.durable.leaf import Child, Ended
from runtime.workflows import origins
from runtime.workflows.doing import Doing
from runtime.workflows.flow import CONTINUE, END, Flow, Passed

KIND: Final = "workflow"
_SIDE_BY_SIDE: Final = 8


def fork(doing: Doing) -> Passed:
    """Do branches side by side."""
    task = doing.task
    assert isinstance(task, ForkTask)
    children = [_branch(doing, branch) for branch in task.branches]
    if not children:
        return doing.gives([])
    if task.compete:
        return _first(doing, doing.act.ctx.race(f"{doing.name}/race", children))
    return _all(doing, doing.act.ctx.gather(children, cap=_SIDE_BY_SIDE))


def _branch(doing: Doing, branch: Task) -> Child:
    return Child(
        name=f"{doing.name}/{branch.name}",
        kind=KIND,
        title=branch.title,
        actor=doing.act.workflow.actor,
        input={
            **doing.act.describe(),
            "branch": branch.reference,
            "data": doing.data,
            "context": doing.context,
            "variables": cast("Json", dict(doing.frame.variables)),
            **origins.below(
                doing.act, doing.data, doing.context, cast("Json", dict(doing.frame.variables))
            ),
        },
    )


def _first(doing: Doing, ends: Sequence[Ended]) -> Passed:
    """Go on with the winner; where every branch failed, with the first one's error."""
    won = next((end for end in ends if end.succeeded), None)
    if won is None:
        raise failure.to_error(ends[0].path, ends[0].error)
    output = object_of(won.output)
    origins.returned(doing.act, output, output["data"], output["context"])
    then = END if output["then"] == END else CONTINUE
    return Passed(flow=Flow(data=output["data"], context=output["context"]), then=then)


def _all(doing: Doing, ends: Sequence[Ended]) -> Passed:
    """Give every branch's output. What branches export is taken over in their order."""
    for end in ends:
        if not end.succeeded:
            raise failure.to_error(end.path, end.error)
    outputs = [object_of(end.output) for end in ends]
    context = doing.context
    for output in outputs:
        origins.returned(doing.act, output, output["data"], output["context"])
        if output["context"] != doing.context:
            context = output["context"]
    then = END if any(output["then"] == END for output in outputs) else CONTINUE
    data: list[Json] = [output["data"] for output in outputs]
    return Passed(flow=Flow(data=data, context=context), then=then)
