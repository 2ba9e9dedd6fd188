"""What people want of a run at work: stop, wait, go on, try again, do without a step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from runtime.audit import calls, chain
from runtime.domain.conversation import Person, PersonKind
from runtime.domain.errors import NotFound, Refused
from runtime.domain.json import JsonObject
from runtime.domain.ports import Bell, Clock
from runtime.domain.run import Run
from runtime.domain.states import Control, RunStatus, StepStatus
from runtime.door import skipping
from runtime.door.again import reopen
from runtime.durable import outside
from runtime.observability.personal_data import Clean, cleaner
from runtime.outbox.announce import Announcements
from runtime.policy.access import Right
from runtime.policy.policy import Policy
from runtime.storage import deliveries, runs, trees
from runtime.storage.connection import Connection
from runtime.storage.database import Database, again_when_contended


@dataclass(frozen=True, slots=True, kw_only=True)
class Steering:
    """Each call is one transaction; rings follow it."""

    database: Database
    clock: Clock
    bell: Bell
    policy: Callable[[], Policy]
    clean: Clean = field(default_factory=cleaner)
    """Takes keys and the like out of what people write."""

    @again_when_contended
    def cancel(self, ref: str, person: Person, *, workspace: str | None) -> str:
        """End a run now: whatever waits is closed, whatever runs may write nothing more."""
        with self.database.write() as connection:
            run = self._active(connection, ref, person, workspace, "cancel")
            end_now(connection, run, person, self.clock)
        self.bell.ring(conversations=[run.conversation_id])
        return run.id

    @again_when_contended
    def pause(self, ref: str, person: Person, *, workspace: str | None) -> str:
        """Begin nothing new; effects under way finish and are recorded."""
        with self.database.write() as connection:
            run = self._active(connection, ref, person, workspace, "pause")
            runs.set_control(connection, run.id, control=Control.PAUSED)
            self._record(connection, run, "RunPaused", person)
        self.bell.ring(conversations=[run.conversation_id])
        return run.id

    @again_when_contended
    def resume(self, ref: str, person: Person, *, workspace: str | None) -> str:
        """Go on with a paused run, from where each of its steps stood."""
        with self.database.write() as connection:
            run = self._active(connection, ref, person, workspace, "resume")
            runs.set_control(connection, run.id, control=Control.GO)
            rings = outside.wake_all(connection, run.id, now=self.clock.now())
            self._record(connection, run, "RunResumed", person)
        self._ring(run, rings)
        return run.id

    @again_when_contended
    def retry(self, ref: str, person: Person, *, workspace: str | None) -> str:
        """Try again what failed or was set aside; what succeeded is not done again."""
        with self.database.write() as connection:
            run = self._may(connection, ref, person, workspace, "retry")
            now = self.clock.now()
            if run.status == RunStatus.ACTIVE:
                rings = trees.unpark(connection, run.id, now=now)
                if not rings:
                    raise Refused(f"run #{run.number} is at work; there is nothing to retry")
            elif run.status == RunStatus.FAILED:
                # What is tried again is forgotten by the journal, and must not be by the audit.
                calls.take_up(connection, run.id, now=now)
                rings = reopen(connection, run.id, now=now)
            else:
                raise Refused(f"run #{run.number} has {run.status}; ask anew to do it again")
            self._record(connection, run, "RunRetried", person)
        self._ring(run, rings)
        return run.id

    @again_when_contended
    def skip(
        self, ref: str, step: str, person: Person, reason: str, *, workspace: str | None
    ) -> str:
        """Go on without one step of the plan; what needs it gets nothing from it."""
        reason = self.clean(reason)
        with self.database.write() as connection:
            run = self._may(connection, ref, person, workspace, "skip a step of")
            now = self.clock.now()
            chosen = skipping.choose(connection, run, step)
            by = f"skipped by {person.name or person.principal}"
            words = f"{by}: {reason.strip()}" if reason.strip() else by
            failed = run.status == RunStatus.FAILED
            if failed:
                calls.take_up(connection, run.id, now=now)
            skipping.skip(connection, chosen, words=words, now=now)
            Announcements(self.clock).cut_off(connection, chosen)
            if failed:
                rings = reopen(connection, run.id, now=now)
            else:
                rings = outside.wake(connection, f"{run.id}:/", now=now)
            facts: JsonObject = {"step": chosen.path, "title": chosen.title, "reason": reason}
            self._record(connection, run, "StepSkipped", person, facts)
        self._ring(run, rings)
        return run.id

    def _ring(self, run: Run, rings: list[str]) -> None:
        # A crash before these rings leaves ready steps that are due; the sweep rings them.
        self.bell.ring(steps=rings, conversations=[run.conversation_id])

    def _record(
        self,
        connection: Connection,
        run: Run,
        event: str,
        person: Person,
        more: JsonObject | None = None,
    ) -> None:
        _record(connection, run, event, person, self.clock, more)

    def _active(
        self, connection: Connection, ref: str, person: Person, workspace: str | None, verb: str
    ) -> Run:
        run = self._may(connection, ref, person, workspace, verb)
        if run.status != RunStatus.ACTIVE:
            raise Refused(f"run #{run.number} has {run.status} already")
        return run

    def _may(
        self, connection: Connection, ref: str, person: Person, workspace: str | None, verb: str
    ) -> Run:
        run = runs.find(connection, ref, workspace=workspace, lock=True)
        if run is None:
            raise NotFound(f"there is no run {ref!r}; `runs` lists the latest")
        if not self._steers(person, run):
            raise Refused(
                f"only {run.requester_name or run.requester}, or somebody with the grant 'steer'"
                f" under `access` in policy.yaml, may {verb} run #{run.number}"
            )
        return run

    def _steers(self, person: Person, run: Run) -> bool:
        if person.kind != PersonKind.MEMBER:
            return False
        if run.requester in person.principals:
            return True
        return self.policy().lacks(person, Right.STEER) is None


def end_now(connection: Connection, run: Run, person: Person, clock: Clock) -> None:
    """Cancel a run that a person may cancel; caller holds its lock, commits and rings."""
    now = clock.now()
    runs.set_control(connection, run.id, control=Control.STOPPED)
    trees.end_all(connection, run.id, status=StepStatus.CANCELLED, now=now)
    words = f"cancelled by {person.name or person.principal}"
    runs.end(
        connection,
        run.id,
        status=RunStatus.CANCELLED,
        output={"answer": ""},
        error={"code": "cancelled", "message": words},
        now=now,
    )
    _record(connection, run, "RunCancelled", person, clock)
    Announcements(clock).run_ended(connection, run.id)


def _record(
    connection: Connection,
    run: Run,
    event: str,
    person: Person,
    clock: Clock,
    more: JsonObject | None = None,
) -> None:
    now = clock.now()
    facts: JsonObject = {"by": person.principal, "at": now.isoformat(), **(more or {})}
    chain.append_all(connection, run.id, [(now, event, facts)], now=now)
    deliveries.touch(connection, run.id, now=now)
