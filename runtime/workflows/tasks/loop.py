"""For each item of a collection. A long loop is divided into steps of their own.

Entering a step again reads its journal, so a step must not hold ten thousand iterations: they are
done in parts of fifty, each a child, and parts of parts where there are more. The cost of an
iteration is then the same at the end as at the beginning.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from runtime.catalog.workflow.task import ForTask
from runtime.domain.json import Json, object_of
from runtime.durable.leaf import Child
from runtime.workflows import origins
from runtime.workflows.doing import Doing
from runtime.workflows.flow import CONTINUE, END, Flow, Passed
from runtime.workflows.problem import fault

KIND: Final = "workflow"
PART: Final = 50
_FEW: Final = 8
"""As many are done where the loop stands."""


def repeat(doing: Doing) -> Passed:
    """Do tasks for each item; what the last gives is what the loop gives."""
    task = doing.task
    assert isinstance(task, ForTask)
    items = doing.view.transform(task.collection, doing.data)
    if items is None:
        return doing.gives(doing.data)
    if not isinstance(items, Sequence) or isinstance(items, str):
        words = f"'in' gives {items!r:.80}, which is no list"
        raise fault("expression", words, at=task.reference)
    passed, _ = iterate(doing, items, first=0, most=_FEW)
    return passed


def iterate(doing: Doing, items: Sequence[Json], *, first: int, most: int) -> tuple[Passed, bool]:
    """Go through some items, of which the first has an index; tell whether ``while`` ended it."""
    task = doing.task
    assert isinstance(task, ForTask)
    if len(items) > most:
        return _in_parts(doing, items, first=first)
    flow = doing.flow
    for index, item in enumerate(items, start=first):
        variables = {task.each: item, task.at: index}
        view = doing.view.with_(**variables, context=flow.context)
        if task.holds is not None and not view.condition(task.holds, flow.data):
            return Passed(flow=flow), True
        frame = doing.frame.inside(task.reference, f"{doing.name}/{index}", **variables)
        passed = doing.inner(task.tasks, flow, frame)
        flow = passed.flow
        if passed.then == END:
            return passed, True
    return Passed(flow=flow), False


def _in_parts(doing: Doing, items: Sequence[Json], *, first: int) -> tuple[Passed, bool]:
    size = PART
    while size * PART < len(items):
        size *= PART
    flow = doing.flow
    for begin in range(0, len(items), size):
        part = items[begin : begin + size]
        child = _part(doing, part, first=first + begin, of=first + len(items), flow=flow)
        ended = object_of(doing.act.ctx.call(child))
        flow = Flow(data=ended["data"], context=ended["context"])
        origins.returned(doing.act, ended, flow.data, flow.context)
        if ended["stopped"]:
            return Passed(flow=flow, then=str(ended["then"])), True
    return Passed(flow=flow, then=CONTINUE), False


def _part(doing: Doing, items: Sequence[Json], *, first: int, of: int, flow: Flow) -> Child:
    """Describe some turns, from ``first`` on; ``of`` is for people: how many there are up to here.

    Of those that begin at the first item, the outermost part has the number of all.
    """
    last = first + len(items) - 1
    return Child(
        name=f"{doing.name}/{first}-{last}",
        kind=KIND,
        title=f"{doing.task.title} {first} to {last}",
        actor=doing.act.workflow.actor,
        input={
            **doing.act.describe(),
            "loop": doing.task.reference,
            "first": first,
            "of": of,
            "items": list(items),
            "data": flow.data,
            "context": flow.context,
            "variables": cast("Json", dict(doing.frame.variables)),
            **origins.below(
                doing.act,
                list(items),
                flow.data,
                flow.context,
                cast("Json", dict(doing.frame.variables)),
            ),
        },
    )
