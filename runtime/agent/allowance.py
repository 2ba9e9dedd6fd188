"""What a goal within a workflow may use up: its own limit, below that of the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from runtime.agent.kit import Services
from runtime.domain.budget import UNLIMITED, Budget
from runtime.domain.errors import OverBudget
from runtime.domain.json import object_of
from runtime.domain.plan import GOAL
from runtime.domain.step import Step
from runtime.durable.context import Context
from runtime.storage import trees


def keep_within(ctx: Context, services: Services, name: str) -> None:
    """Check the limit of every goal above the effect ``name``. Raises ``OverBudget``.

    What was done once is not asked again, as with the budget of the run.
    """
    if f"/{GOAL}/" not in f"{ctx.step.path}/" or ctx.holds(name):
        return
    with services.database.read() as connection:
        goals = trees.tasks_above(connection, ctx.step.id, kind=GOAL)
        spent = {goal.id: trees.spent_below(connection, goal) for goal in goals}
    for goal in goals:
        breach = _budget_of(goal).breach(
            spent=spent[goal.id],
            started_at=goal.created_at,
            now=services.clock.now(),
            who=f"the goal {goal.title!r}",
        )
        if breach is not None:
            raise OverBudget(f"{breach.words}; give it a larger budget or a smaller goal")


def _budget_of(goal: Step) -> Budget:
    """Give the limits a goal names; those it does not name are the run's, checked elsewhere."""
    given = object_of(object_of(goal.input).get("budget"))
    named = {name: value for name, value in given.items() if isinstance(value, int | float)}
    return replace(UNLIMITED, **cast("Mapping[str, int]", named))
