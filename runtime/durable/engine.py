"""The engine: claim a step, run its handler, write how it ended, wake who waits for it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from runtime.domain.errors import BatonError, HandlerChanged, LostLease, Upstream
from runtime.domain.ids import new_id
from runtime.domain.json import Json, JsonObject
from runtime.domain.ports import Bell, Clock
from runtime.domain.states import StepStatus
from runtime.domain.step import Step
from runtime.domain.words import storable
from runtime.durable import ending, failure, parking
from runtime.durable.announcer import Announcer
from runtime.durable.attempt import Attempt
from runtime.durable.bunch import Bunch
from runtime.durable.context import Context
from runtime.durable.leases import Leases
from runtime.durable.retry import Retry
from runtime.durable.unwind import GiveBack, Interrupted, Lost, Suspend
from runtime.storage import blobs, runs, steps
from runtime.storage.database import Database, again_when_contended
from runtime.storage.presence import presence

_log = logging.getLogger(__name__)

Handler = Callable[[Context], Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long things may take before somebody else looks after them."""

    lease_seconds: float = 15.0
    ring_grace_seconds: float = 5.0
    """How long a ready step may stay unclaimed before the sweep rings again."""


class Engine:
    """One per process. Any thread may call ``execute``."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        bell: Bell,
        handlers: Mapping[str, Handler],
        announcer: Announcer,
        timing: Timing = Timing(),
    ) -> None:
        self.database = database
        self.clock = clock
        self.bell = bell
        self.announcer = announcer
        self.process = new_id("proc")
        self.presence = presence(database, process=self.process)
        self.leases = Leases(
            database,
            clock,
            process=self.process,
            seconds=timing.lease_seconds,
            beside=self.presence.keep,
        )
        self.under_way: set[str] = set()
        """Irreversible effects that a thread of this process is in the middle of."""
        self.pool = ThreadPoolExecutor(max_workers=16, thread_name_prefix="effect")
        self.stopping = False
        self._timing = timing
        self._handlers = dict(handlers)
        self._retry = Retry()

    def start(self) -> None:
        """Show that this process lives, and begin renewing leases."""
        self.presence.keep()
        self.leases.start()

    def stop(self) -> None:
        """Begin nothing new: handlers give their steps back at their next safe point."""
        self.stopping = True

    def close(self) -> None:
        """Stop renewing leases; call after the worker threads have ended."""
        self.leases.stop()
        self.pool.shutdown(wait=False, cancel_futures=True)
        if not self.under_way:
            # Else the end of the process says it: a call may go on until then.
            self.presence.close()

    def may_still_act(self, leaf: Step) -> bool:
        """Tell whether whoever wrote an effect's intent may yet carry it out."""
        if leaf.owner is None or leaf.owner == self.process:
            return leaf.id in self.under_way
        return self.presence.lives(leaf.owner)

    def ring_again_at(self) -> datetime:
        """Give the time at which the sweep rings a step that was not claimed."""
        return self.clock.now() + timedelta(seconds=self._timing.ring_grace_seconds)

    def ring_said(self, conversation_id: str) -> None:
        """Say that a conversation has deliveries due."""
        self.bell.ring(conversations=[conversation_id])

    def execute(self, step_id: str) -> None:
        """Carry out a step if it is free, and go on with what that made or left ready nearby.

        Harmless for a step that is taken, waiting, ended or unknown.
        """
        current: str | None = step_id
        while current is not None and not self.stopping:
            current = self._execute_one(current)

    def run_inline(
        self,
        parent: Attempt,
        step: Step,
        *,
        follower: str | None = None,
        bunch: Bunch | None = None,
    ) -> tuple[Step | None, Step | None]:
        """Carry out a claimed child on its parent's thread.

        Give its new state (None if it was lost), and the follower where it was claimed in the
        transaction that ended the child.
        """
        attempt = Attempt(self, parent.run, step, parent=parent, follower=follower)
        attempt.bunch = bunch
        with self.leases.hold(step.id):
            ended = self._carry_out(attempt)
        parent.run = replace(parent.run, spent=attempt.run.spent)
        parent.control = attempt.control
        return ended, attempt.claimed

    def _execute_one(self, step_id: str) -> str | None:
        step = self.claim(step_id)
        if step is None:
            return None
        with self.database.read() as connection:
            run = runs.read(connection, step.run_id)
        assert run is not None, f"step {step.id} has no run"
        attempt = Attempt(self, run, step)
        began = time.monotonic()
        with self.leases.hold(step.id):
            ended = self._carry_out(attempt)
        if ended is None:
            return None
        if ended.waits_for == ending.PARENT_IS_READY:
            return step.parent_id
        return self._sibling(step) if time.monotonic() - began > _QUICK_SECONDS else None

    def _sibling(self, step: Step) -> str | None:
        """Name a child of the same parent for which nobody was called.

        Only after a child that took its time: quick ones are done soonest by the parent's thread
        alone, which needs no other to wait for.
        """
        if step.parent_id is None:
            return None
        with self.database.read() as connection:
            return steps.some_ready_child(connection, step.parent_id)

    def claim(self, step_id: str) -> Step | None:
        """Take a step that is ready, or whose holder's lease ran out; None where it is not free."""
        row = self.database.first(steps.CLAIM, self.claim_of(step_id))
        step = steps.from_row(row) if row is not None else None
        if step is not None and parking.keeps_crashing(step) and parking.park(self, step):
            return None
        return step

    def claim_of(self, step_id: str) -> dict[str, object]:
        """Give what a claim of one step says: it is never taken from a thread of this process."""
        in_hand = self.leases.holds(step_id)
        return {
            "step_id": step_id,
            "not_from": self.process if in_hand else "",
            **self.claim_terms(),
        }

    def has_in_hand(self, step_id: str, owner: str) -> bool:
        """Tell whether a thread of this process is at work on a step, which ``owner`` has.

        Its lease may have ended, for renewals come late on a busy machine. But that thread lives as
        surely as whoever asks, and gives the step back or ends it: nothing has crashed.
        """
        return owner == self.process and self.leases.holds(step_id)

    def claim_terms(self) -> dict[str, object]:
        """Give what every claim of this process says: who takes it, when, and until when."""
        return {
            "now": self.clock.now(),
            "lease_end": self.leases.end(),
            "process": self.process,
        }

    def _carry_out(self, attempt: Attempt) -> Step | None:
        """Enter the handler until the step ends, waits or is lost; give its state, None if lost."""
        first = attempt.step.attempt == 1
        while True:
            try:
                if not first:
                    attempt.read_journal()
                first = False
                handler = self._handlers.get(attempt.step.kind)
                if handler is None:
                    raise HandlerChanged(
                        f"no handler for {attempt.step.kind!r} in this version; deploy one that has"
                    )
                output = handler(Context(attempt))
                attempt.journal.finish()
            except Suspend as wait:
                waiting = self._suspend(attempt, wait)
                if waiting is not None:
                    return waiting
            except GiveBack:
                return self.give_back(attempt.step)
            except (Lost, LostLease):
                _log.debug("step %s is in other hands", attempt.step.id)
                return None
            except (Upstream, Interrupted) as broken:
                error = broken.error if isinstance(broken, Interrupted) else broken
                delay = self._retry.delay(attempt.failures + 1, error)
                if delay is None:
                    return self._end(attempt, StepStatus.FAILED, error=failure.to_json(error))
                waiting = self._wait_for_retry(attempt, error, delay)
                if waiting is not None:
                    return waiting
            except BatonError as error:
                return self._end(attempt, StepStatus.FAILED, error=failure.to_json(error))
            except Exception as error:
                # A bug: the step fails, its journal stays, the log has the trace.
                _log.exception("handler of %s broke", attempt.step.id)
                return self._end(attempt, StepStatus.FAILED, error=failure.to_json(error))
            else:
                return self._end(attempt, StepStatus.SUCCEEDED, output=output)

    @again_when_contended
    def _suspend(
        self, attempt: Attempt, wait: Suspend, *, failures: int = 0, error: JsonObject | None = None
    ) -> Step | None:
        """Make the step wait, unless news came since it looked; then give None: enter again."""
        values = {
            "step_id": attempt.step.id,
            "fence": attempt.fence,
            "seen": attempt.seen,
            "new_pending": wait.pending,
            "wake_at": wait.wake_at,
            "reason": storable(wait.reason[:300]),
            "new_failures": failures,
            "new_error": error,
        }
        waiting = replace(
            attempt.step,
            status=StepStatus.WAITING,
            waits_for=wait.reason[:300],
            due_at=wait.wake_at,
            error=error,
        )
        if not ending.is_watched(attempt.step):
            if self.database.count(steps.SUSPEND, values):
                return waiting
        else:
            with self.database.write() as connection:
                suspended = steps.SUSPEND.count(connection, values) > 0
                if suspended:
                    self.announcer.step_changed(connection, waiting)
            if suspended:
                self.ring_said(attempt.run.conversation_id)
                return waiting
        return self._look_again(attempt)

    def _look_again(self, attempt: Attempt) -> Step | None:
        with self.database.read() as connection:
            own = steps.read_step(connection, attempt.step.id)
            run = runs.read(connection, attempt.run.id)
        if own is None or own.attempt != attempt.fence or own.status != StepStatus.RUNNING:
            return own if own is not None else attempt.step
        attempt.seen = own.wakeups
        if run is not None:
            attempt.run, attempt.control = run, run.control
        return None

    def give_back(self, step: Step) -> Step:
        """Make a claimed step ready again, for somebody else."""
        values = {"step_id": step.id, "fence": step.attempt, "now": self.clock.now()}
        self.database.count(steps.GIVE_BACK, values)
        self.bell.ring(steps=[step.id])
        return replace(step, status=StepStatus.READY)

    def _wait_for_retry(self, attempt: Attempt, error: Upstream, delay: float) -> Step | None:
        attempt.failures += 1
        return self._suspend(
            attempt,
            Suspend(
                f"a retry: {error.public}", wake_at=self.clock.now() + timedelta(seconds=delay)
            ),
            failures=attempt.failures,
            error=failure.to_json(error),
        )

    def _end(
        self,
        attempt: Attempt,
        status: StepStatus,
        *,
        output: Json = None,
        error: JsonObject | None = None,
    ) -> Step | None:
        bunch = attempt.bunch
        if bunch is not None and bunch.open:
            if status == StepStatus.SUCCEEDED and blobs.is_large(output) is None:
                return bunch.end(attempt, output)
            bunch.close()
        return ending.write_end(attempt, status, output=output, error=error)


_QUICK_SECONDS = 0.05
