"""Setting aside a step that keeps killing its process; its siblings and other runs go on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from runtime.domain.states import StepStatus
from runtime.domain.step import Step
from runtime.storage import runs, steps

if TYPE_CHECKING:
    from runtime.durable.engine import Engine

MOST_CRASHES: Final = 3


def keeps_crashing(step: Step) -> bool:
    """Tell whether a claimed step has stopped its process too often to be entered again."""
    return step.crashes >= MOST_CRASHES


def park(engine: Engine, step: Step) -> bool:
    """Make a claimed step wait for a person; False where a child of it is the one to blame."""
    with engine.database.write() as connection:
        crashed = {"step_id": step.id, "now": engine.clock.now()}
        if connection.execute(steps.HAS_CRASHED_CHILD, crashed).scalar_one():
            return False
        values = {
            "step_id": step.id,
            "fence": step.attempt,
            "seen": step.wakeups,
            "new_pending": 0,
            "wake_at": None,
            "reason": f"{steps.PARKED}it stopped its process {step.crashes} times",
            "new_failures": step.failures,
            "new_error": {"code": "poison", "message": "it stopped its process repeatedly"},
        }
        if steps.SUSPEND.count(connection, values) == 0:
            return True
        parked = replace(step, status=StepStatus.WAITING, waits_for=str(values["reason"]))
        engine.announcer.step_parked(connection, parked)
        run = runs.read(connection, step.run_id)
    if run is not None:
        engine.ring_said(run.conversation_id)
    return True
