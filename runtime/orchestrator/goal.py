"""What is to be reached: the request of a run, or one task of a workflow that is left open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from runtime.agent.kit import Kit, Services
from runtime.domain.errors import Refused
from runtime.domain.json import Json, JsonObject, object_of
from runtime.domain.plan import GOAL
from runtime.domain.run import Run
from runtime.durable.context import Context

MOST_DEPTH: Final = 3
"""How many goals may lie within each other; a plan may use a workflow that has a goal again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A goal and what may be used for it."""

    text: str
    inputs: JsonObject
    agent: str | None = None
    """Set where the requester named an agent; then nothing is planned."""
    schema: JsonObject | None = None
    """What the answer must look like; it is text where this is None."""
    without: tuple[str, ...] = ()
    """Workflows that are not to be used: the one this goal is a task of."""
    is_run: bool = True
    """Whether reaching it ends the run, and its plan is the one people are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pursuit:
    """A goal in the hands of the orchestrator."""

    ctx: Context
    services: Services
    kit: Kit
    goal: Goal


def goal_of_run(run: Run) -> Goal:
    """Give the goal of a whole run."""
    return Goal(text=run.request, inputs=run.input, agent=run.agent)


def goal_of_task(ctx: Context) -> Goal:
    """Give the goal of a task of a workflow. Raises ``Refused`` where goals lie too deep."""
    given = object_of(ctx.input)
    depth = ctx.step.path.split("/").count(GOAL)
    if depth > MOST_DEPTH:
        raise Refused(
            f"goals lie {depth} deep in each other and at most {MOST_DEPTH} may;"
            " let the workflow do more of it itself"
        )
    schema: Json = given.get("schema")
    without = given.get("without")
    return Goal(
        text=str(given["goal"]),
        inputs=object_of(given.get("inputs")),
        schema=schema if isinstance(schema, Mapping) else None,
        without=tuple(str(name) for name in without) if isinstance(without, list) else (),
        is_run=False,
    )
