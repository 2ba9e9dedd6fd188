"""``call: plan``: a task of a workflow that is left open, and handed to the orchestrator."""

from __future__ import annotations

from collections.abc import Mapping

from runtime.catalog.workflow.durations import seconds_of
from runtime.domain.json import Json, JsonObject, object_of
from runtime.domain.plan import GOAL
from runtime.durable.leaf import Child
from runtime.workflows.doing import Doing
from runtime.workflows.flow import Passed
from runtime.workflows.origins import called, heard
from runtime.workflows.problem import fault

_LABEL = "agent:plan"
_LIMITS = {"usd": "usd", "tokens": "tokens", "time": "seconds"}


def pursue(doing: Doing, given: JsonObject) -> Passed:
    """Have a goal reached by a plan of its own: ``{goal, inputs, schema, budget}``.

    Gives the answer: text, or what fits ``schema``. The workflow itself is not at its disposal.
    """
    act = doing.act
    schema = given.get("schema")
    child = Child(
        name=f"{doing.name}/{GOAL}",
        kind=GOAL,
        title=doing.task.title,
        actor=act.kit.planner.actor,
        input={
            "goal": str(given["goal"]),
            "inputs": object_of(given.get("inputs")),
            "schema": schema if isinstance(schema, Mapping) else None,
            "budget": _limits(doing, object_of(given.get("budget"))),
            "without": [act.workflow.name],
        },
    )
    answer = object_of(called(act, child, _LABEL)).get("answer")
    heard(act, _LABEL, answer)
    return doing.gives(answer)


def _limits(doing: Doing, budget: JsonObject) -> JsonObject:
    """Give limits as they are checked; ``time`` is a duration. Raises ``Faulted``."""
    found: dict[str, Json] = {}
    for name, value in budget.items():
        if name not in _LIMITS:
            words = f"a budget has no {name!r}; it has {', '.join(_LIMITS)}"
            raise fault("configuration", words, at=doing.task.reference)
        limit = seconds_of(value) if name == "time" else value
        if isinstance(limit, bool) or not isinstance(limit, int | float) or limit <= 0:
            example = "a duration such as PT1H" if name == "time" else "a number above 0"
            words = f"the budget's {name!r} is {value!r}; write {example}"
            raise fault("configuration", words, at=doing.task.reference)
        found[_LIMITS[name]] = limit
    return found
