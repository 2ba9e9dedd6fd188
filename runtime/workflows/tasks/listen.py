"""Wait for events, each taken once and kept in the journal in the order it was taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, cast

from runtime.catalog.workflow.task import EachEvent, EventFilter, ListenTask, Strategy
from runtime.domain.json import Json, JsonObject, object_of
from runtime.storage import events
from runtime.workflows import origins
from runtime.workflows.doing import Doing
from runtime.workflows.flow import END, Flow, Passed
from runtime.workflows.matching import fits, types_of

_BATCH: Final = 100


@dataclass(slots=True, kw_only=True)
class _Heard:
    """What a listener has taken so far; the journal gives it again on every entry."""

    number: int
    """The last event it has looked at."""
    read: list[Json] = field(default_factory=list[Json])
    expected: dict[str, Json] = field(default_factory=dict[str, Json])
    met: set[int] = field(default_factory=set[int])
    """Which filters have had their event, for ``all``."""
    until: set[int] = field(default_factory=set[int])
    """The same for the events that end the listening."""


def listen(doing: Doing) -> Passed:
    """Wait for the events of the strategy; give them as a list."""
    task = doing.task
    assert isinstance(task, ListenTask)
    since = doing.once("listen", lambda: _begin(doing, task.to), name=f"{doing.name}/listening")
    heard = _Heard(number=cast("int", since))
    flow = doing.flow
    outputs: list[Json] = []
    index = 0
    while not _is_over(doing, task.to, heard):
        taken = doing.act.ctx.take(
            f"{doing.name}/event/{index}", _looking(doing, task.to, heard), doing.leaf("event")
        )
        if taken is None:
            types = " or ".join(sorted(types_of(_wanted(task.to)) - {events.ANY_TYPE}))
            doing.act.ctx.suspend(f"an event of type {types}" if types else "an event")
        origins.heard(doing.act, "event", object_of(taken).get("event"))
        counts = _take(object_of(taken), heard, task)
        index += 1
        if counts and task.each is not None:
            place = f"{doing.name}/{len(heard.read) - 1}"
            passed = _do_each(doing, task.each, heard, flow, place)
            outputs.append(passed.flow.data)
            flow = Flow(data=doing.data, context=passed.flow.context)
            if passed.then == END:
                return Passed(flow=Flow(data=outputs, context=flow.context), then=END)
    doing.once("listen", lambda: _stop(doing), name=f"{doing.name}/heard")
    data = outputs if task.each is not None else heard.read
    return Passed(flow=Flow(data=data, context=flow.context))


def _begin(doing: Doing, strategy: Strategy) -> Json:
    """Note who waits, and from which event on. Doing it again notes the same."""
    act = doing.act
    with act.outfit.services.database.write() as connection:
        events.listen(
            connection,
            key=act.ctx.key(doing.name),
            step_id=act.ctx.step.id,
            workspace=act.ctx.run.workspace,
            types=types_of(_wanted(strategy)),
        )
        return events.last(connection, act.ctx.run.workspace)


def _wanted(strategy: Strategy) -> list[EventFilter]:
    """Give every filter that an event may meet, those that end the listening among them."""
    until = strategy.until.filters if isinstance(strategy.until, Strategy) else ()
    return [*strategy.filters, *until]


def _stop(doing: Doing) -> Json:
    with doing.act.outfit.services.database.write() as connection:
        events.stop_listening(connection, doing.act.ctx.key(doing.name))
    return None


def _looking(doing: Doing, strategy: Strategy, heard: _Heard) -> Callable[[], Json | None]:
    """Give the function that finds the next event worth taking."""

    def look() -> Json | None:
        number = heard.number
        while True:
            with doing.act.outfit.services.database.read() as connection:
                found = events.after(
                    connection,
                    workspace=doing.act.ctx.run.workspace,
                    number=number,
                    types=None,
                    limit=_BATCH,
                )
            for one in found:
                taken = _judged(doing, strategy, heard, one.content)
                if taken is not None:
                    return {**taken, "number": one.number, "event": one.content}
                number = one.number
            if len(found) < _BATCH:
                return None

    return look


def _judged(
    doing: Doing, strategy: Strategy, heard: _Heard, event: JsonObject
) -> dict[str, Json] | None:
    """Say which filter an event meets, if any; one that ends the listening is not counted."""
    if isinstance(strategy.until, Strategy):
        until = _met(doing, strategy.until, heard, heard.until, event)
        if until is not None:
            return {"until": until[0], "expected": until[1]}
    met = _met(doing, strategy, heard, heard.met, event)
    return None if met is None else {"filter": met[0], "expected": met[1]}


def _met(
    doing: Doing, strategy: Strategy, heard: _Heard, met: set[int], event: JsonObject
) -> tuple[int, dict[str, Json]] | None:
    filters: tuple[EventFilter, ...] = strategy.filters
    if not filters:
        return 0, {}
    for index, wanted in enumerate(filters):
        if strategy.mode == "all" and index in met:
            continue
        expected = dict(heard.expected)
        if fits(wanted, event, view=doing.view, data=doing.data, expected=expected):
            return index, expected
    return None


def _take(taken: JsonObject, heard: _Heard, task: ListenTask) -> bool:
    """Write down an event; tell whether it counts among what the task gives."""
    heard.number = cast("int", taken["number"])
    heard.expected = dict(object_of(taken["expected"]))
    if "until" in taken:
        heard.until.add(cast("int", taken["until"]))
        return False
    heard.met.add(cast("int", taken["filter"]))
    event = object_of(taken["event"])
    heard.read.append(event.get("data") if task.read in ("data", "raw") else event)
    return True


def _is_over(doing: Doing, strategy: Strategy, heard: _Heard) -> bool:
    if strategy.mode == "all":
        return len(heard.met) == len(strategy.filters)
    if isinstance(strategy.until, Strategy):
        wanted = len(strategy.until.filters) if strategy.until.mode == "all" else 1
        return len(heard.until) >= wanted
    if strategy.until is not None and strategy.mode == "any":
        return bool(heard.read) and doing.view.condition(strategy.until, heard.read)
    return bool(heard.read)


def _do_each(doing: Doing, each: EachEvent, heard: _Heard, flow: Flow, place: str) -> Passed:
    item = heard.read[-1]
    variables: Mapping[str, Json] = {each.item: item, each.at: len(heard.read) - 1}
    frame = doing.frame.inside(doing.task.reference, place, **variables)
    passed = doing.inner(each.tasks, Flow(data=item, context=flow.context), frame)
    view = doing.view.with_(**variables, context=passed.flow.context)
    data = passed.flow.data
    if each.output.value is not None:
        data = view.transform(each.output.value, data)
    context = passed.flow.context
    if each.export.value is not None:
        context = view.with_(output=data).transform(each.export.value, data)
    return Passed(flow=Flow(data=data, context=context), then=passed.then)
