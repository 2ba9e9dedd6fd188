"""How a step ends: its state, its parent's wake-up and what people are shown, all or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from runtime.domain.json import Json, JsonObject
from runtime.domain.states import RunStatus, StepStatus
from runtime.domain.step import Step
from runtime.durable import parking
from runtime.durable.attempt import Attempt
from runtime.storage import blobs, runs, steps, trees
from runtime.storage.connection import Connection
from runtime.storage.database import again_when_contended

if TYPE_CHECKING:
    from runtime.durable.engine import Engine

PARENT_IS_READY = "\0parent"
"""The ``waits_for`` of an ended step whose parent it made ready: carry that out next."""


@again_when_contended
def write_end(
    attempt: Attempt,
    status: StepStatus,
    *,
    output: Json = None,
    error: JsonObject | None = None,
) -> Step | None:
    """Write the end, wake the parent, and say so: one transaction. None: it is in other hands.

    A crash before it means the handler is entered again and gets here from its journal.
    """
    engine, step = attempt.engine, attempt.step
    large = blobs.is_large(output)
    attempt.claimed = None
    with engine.database.write() as connection:
        if step.parent_id is None:
            runs.lock(connection, step.run_id)
        stored = blobs.put(connection, large) if large is not None else None
        ended = replace(
            step,
            status=status,
            output=None if stored else output,
            output_blob=stored,
            error=error,
            finished_at=engine.clock.now(),
        )
        if not finish(connection, ended):
            return None
        if status == StepStatus.FAILED:
            trees.cancel_below(connection, step, now=engine.clock.now())
            engine.announcer.cut_off(connection, step)
        if attempt.follower is not None and not engine.stopping:
            claimed = steps.CLAIM.first(connection, engine.claim_of(attempt.follower))
            attempt.claimed = steps.from_row(claimed) if claimed is not None else None
        announce(engine, connection, ended)
        # Last, because siblings that end at the same time queue for the parent's row.
        parent_status = wake(engine, connection, step.parent_id)
    if is_watched(step):
        engine.ring_said(attempt.run.conversation_id)
    if attempt.parent is not None:
        attempt.parent.seen += 1
        if attempt.claimed is not None and parking.keeps_crashing(attempt.claimed):
            attempt.claimed = None if parking.park(engine, attempt.claimed) else attempt.claimed
    elif parent_status == StepStatus.READY:
        ended = replace(ended, waits_for=PARENT_IS_READY)
    return ended


def finish(connection: Connection, ended: Step) -> bool:
    """Write a claimed step's end in the caller's transaction; False where the fence is gone."""
    values = {
        "step_id": ended.id,
        "fence": ended.attempt,
        "new_status": ended.status,
        "new_output": ended.output,
        "new_output_blob": ended.output_blob,
        "new_error": ended.error,
        "now": ended.finished_at,
    }
    return steps.FINISH.count(connection, values) == 1


def wake(engine: Engine, connection: Connection, parent_id: str | None) -> str | None:
    """Tell a parent that a child of it ended; give the state that leaves it in."""
    if parent_id is None:
        return None
    values = {"step_id": parent_id, "ring_again_at": engine.ring_again_at()}
    woken = steps.WAKE.first(connection, values)
    return str(woken["status"]) if woken is not None else None


def announce(engine: Engine, connection: Connection, ended: Step) -> None:
    """Say that a step ended to whoever is shown it, inside the transaction that ends it."""
    if ended.parent_id is None:
        # A run that fails may still have something to show; it comes with the error.
        result = ended.output if isinstance(ended.output, Mapping) else ended.error or {}
        runs.end(
            connection,
            ended.run_id,
            status=RunStatus(ended.status.value),
            output=result,
            error=ended.error,
            now=ended.finished_at or engine.clock.now(),
        )
        engine.announcer.run_ended(connection, ended.run_id)
    if is_watched(ended):
        engine.announcer.step_changed(connection, ended)


def is_watched(step: Step) -> bool:
    """Tell whether people see this step on a card: the root and the tasks right below it."""
    return step.parent_id is None or step.parent_id == f"{step.run_id}:/"
