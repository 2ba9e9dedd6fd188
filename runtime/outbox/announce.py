"""Turn the engine's changes into messages owed to the run's conversation."""

from __future__ import annotations

from runtime.audit import chain
from runtime.domain.delivery import DeliveryKind
from runtime.domain.json import JsonObject
from runtime.domain.ports import Clock
from runtime.domain.states import RunStatus, StepStatus
from runtime.domain.step import Step
from runtime.outbox.unheard import too_late
from runtime.storage import approvals, deliveries, runs, trees
from runtime.storage.connection import Connection


class Announcements:
    """The engine's announcer: it only writes rows; the engine rings after the commit."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def step_changed(self, connection: Connection, step: Step) -> None:
        """Ask for a newer run card."""
        deliveries.touch(connection, step.run_id, now=self._clock.now())

    def run_ended(self, connection: Connection, run_id: str) -> None:
        """Owe the final answer; close what is still being asked."""
        run = runs.read(connection, run_id)
        assert run is not None, f"{run_id} ended and does not exist"
        now = self._clock.now()
        for approval_id in approvals.cancel_run(connection, run_id, now=now):
            deliveries.touch(connection, approval_id, now=now)
        for question in trees.leaves(connection, run_id, kind=DeliveryKind.QUESTION.value):
            # What nobody answered was closed with the run; its card must not go on asking.
            if question.status == StepStatus.CANCELLED:
                deliveries.touch(connection, question.id, now=now)
        facts: JsonObject = {
            "status": run.status,
            "usd": run.spent.usd,
            "tokens": run.spent.tokens,
            "error": run.error,
        }
        chain.append(connection, run_id, "RunEnded", facts, now=now)
        deliveries.owe(
            connection,
            conversation_id=run.conversation_id,
            run_id=run_id,
            kind=DeliveryKind.ANSWER,
            subject_id=f"{run_id}/answer",
            now=now,
        )
        left = too_late(connection, run_id, number=run.number)
        if left and run.status != RunStatus.CANCELLED:
            deliveries.owe(
                connection,
                conversation_id=run.conversation_id,
                run_id=run_id,
                kind=DeliveryKind.NOTICE,
                subject_id=f"{run_id}/too-late",
                now=now,
                payload={"text": left},
            )

    def cut_off(self, connection: Connection, step: Step) -> None:
        """Close what was asked below a task that failed; its cards must not go on asking."""
        now = self._clock.now()
        for approval_id in approvals.cancel_below(connection, step.run_id, now=now):
            facts: JsonObject = {"approval": approval_id, "step": step.path}
            chain.append(connection, step.run_id, "ApprovalNoLongerNeeded", facts, now=now)
            deliveries.touch(connection, approval_id, now=now)
        for question in trees.leaves(connection, step.run_id, kind=DeliveryKind.QUESTION.value):
            if question.status == StepStatus.CANCELLED:
                deliveries.touch(connection, question.id, now=now)

    def step_parked(self, connection: Connection, step: Step) -> None:
        """Tell the conversation that a person must look."""
        run = runs.read(connection, step.run_id)
        assert run is not None, f"{step.run_id} does not exist"
        now = self._clock.now()
        facts: JsonObject = {"step": step.path, "crashes": step.crashes}
        chain.append(connection, run.id, "StepParked", facts, now=now)
        title = step.title or step.path
        deliveries.owe(
            connection,
            conversation_id=run.conversation_id,
            run_id=run.id,
            kind=DeliveryKind.NOTICE,
            subject_id=f"{step.id}/parked",
            now=now,
            payload={
                "text": f"Run #{run.number}: {title!r} stopped its worker {step.crashes} times"
                f" and was set aside. `retry {run.number}` tries it once more; `cancel"
                f" {run.number}` ends the run."
            },
        )
        deliveries.touch(connection, run.id, now=now)
