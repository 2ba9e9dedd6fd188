"""Go on without a step of a plan: which may be left out, and leaving it out.

Only steps of the plan in force that have begun and have no result: one at work, one that waits, or
the one a run failed at. A step that has succeeded stays, and a plan of one step is not worth
carrying out without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from runtime.domain.errors import Refused
from runtime.domain.plan import PLANNED
from runtime.domain.run import Run
from runtime.domain.states import ENDED_STEP, RunStatus, StepStatus
from runtime.domain.step import Step
from runtime.storage import trees
from runtime.storage.connection import Connection


def skippable(run: Run, steps: Sequence[Step]) -> list[Step]:
    """Give the steps people may leave out now, of the tasks right below a run's root."""
    place = f"/plan/{run.revision}/"
    planned = [step for step in steps if step.kind in PLANNED and step.path.startswith(place)]
    if len(planned) < 2:
        return []
    if run.status == RunStatus.FAILED:
        return [step for step in planned if step.status == StepStatus.FAILED]
    if run.status != RunStatus.ACTIVE:
        return []
    return [step for step in planned if step.status not in ENDED_STEP]


def choose(connection: Connection, run: Run, ref: str) -> Step:
    """Find the step a person means: its number on the card, its name in the plan, or the only one.

    Raises:
        Refused: with the steps that may be left out, when none or several fit.
    """
    steps = trees.tasks_of_root(connection, run.id)
    found = skippable(run, steps)
    if not found:
        raise Refused(f"run #{run.number} has no step that can be skipped now")
    shown = [step for step in steps if step.kind in PLANNED]
    numbers = {step.id: str(number) for number, step in enumerate(shown, start=1)}
    word = ref.strip().removeprefix("#")
    fits = [step for step in found if word in (numbers[step.id], step.path.rsplit("/", 1)[1])]
    if len(fits) == 1:
        return fits[0]
    if not word and len(found) == 1:
        return found[0]
    listed = "\n".join(f"  {numbers[step.id]}   {step.title or step.path}" for step in found)
    raise Refused(f"say which step of run #{run.number} to go on without, by its number:\n{listed}")


def skip(connection: Connection, step: Step, *, words: str, now: datetime) -> None:
    """Leave out a step and end what is at work below it. The caller commits."""
    trees.cancel_below(connection, step, now=now)
    if not trees.skip(connection, step.id, words=words, now=now):
        raise Refused(f"{step.title or step.path!r} has ended in this moment; look again")
