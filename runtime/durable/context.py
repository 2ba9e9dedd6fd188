"""What a handler may do. A handler is a plain function ``(ctx) -> Json`` that may be re-entered.

Everything that is not a function of the handler's input goes through here, under a name the
handler chooses deterministically: never a counter of executions.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import wraps
from typing import Final, NoReturn, ParamSpec, TypeVar

from runtime.domain.errors import BatonError, Upstream
from runtime.domain.ids import new_id
from runtime.domain.json import Json
from runtime.domain.run import Run
from runtime.domain.states import ENDED_STEP, Control, StepStatus
from runtime.domain.step import Step
from runtime.durable import effects, failure, family, race
from runtime.durable.attempt import Attempt
from runtime.durable.leaf import Child, Ended, Leaf
from runtime.durable.unwind import Interrupted, Lost, Suspend
from runtime.storage import runs, signals, steps
from runtime.storage.connection import Connection
from runtime.storage.database import again_when_contended

VALUE = Leaf()
P = ParamSpec("P")
T = TypeVar("T")


class Pending:
    """Stands for an answer that has not come yet."""


PENDING: Final = Pending()


def _uncatchable(method: Callable[P, T]) -> Callable[P, T]:
    """Let a database that is away unwind the handler, past whatever it catches.

    Trouble of effects is journalled and raised as something else; an ``Upstream`` that gets here
    is the database's own.
    """

    @wraps(method)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(*args, **kwargs)
        except Upstream as error:
            raise Interrupted(error) from error

    return guarded


class Context:
    """The handler's side of one step."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt

    @property
    def run(self) -> Run:
        """The run as it was when this attempt began; ``spent`` moves with every effect here."""
        return self._attempt.run

    @property
    def step(self) -> Step:
        """The step this handler is carrying out."""
        return self._attempt.step

    @property
    def input(self) -> Json:
        """The step's input."""
        return self._attempt.step.input

    @property
    def replaying(self) -> bool:
        """Tell whether the handler is still behind what an earlier entry did."""
        return self._attempt.journal.replaying

    def holds(self, name: str) -> bool:
        """Tell whether an entry is in the journal, finished or not, without asking for it."""
        return self._attempt.journal.get(self._attempt.path(name)) is not None

    def has_ended(self, name: str) -> bool:
        """Tell whether an entry is in the journal and will only be read from there."""
        entry = self._attempt.journal.get(self._attempt.path(name))
        return entry is not None and entry.status in ENDED_STEP

    def knows_of_no_halt(self) -> bool:
        """Tell whether the last write, just now, has seen that nothing is halted anywhere."""
        return self._attempt.news is not None and self._attempt.news.says_no_halt()

    def key(self, name: str) -> str:
        """Give the idempotency key of the effect ``name``: the same for every repeat of it."""
        return effects.key_of(self._attempt, name)

    @_uncatchable
    def do(self, name: str, run: Callable[[], Json], leaf: Leaf = VALUE) -> Json:
        """Run an effect once and journal its result; on re-entry give the journalled result.

        Raises what the effect raised (as journalled); suspends where it must wait.
        """
        return effects.perform(self._attempt, name, run, leaf)

    @_uncatchable
    def do_all(
        self, items: Sequence[tuple[str, Callable[[], Json], Leaf]]
    ) -> list[Json | BatonError]:
        """Run several reads side by side, each journalled by itself; give results or errors."""
        attempt = self._attempt
        attempt.journal.expect(attempt.path(name) for name, _, _ in items)
        fresh = [item for item in items if attempt.journal.get(attempt.path(item[0])) is None]
        if fresh:
            attempt.safe_point()
        futures = {name: attempt.engine.pool.submit(run) for name, run, _ in fresh}
        gathered: list[Json | BatonError] = []
        waits: list[Suspend] = []
        for name, run, leaf in items:
            effect = futures[name].result if name in futures else run
            try:
                gathered.append(effects.perform(attempt, name, effect, leaf))
            except Upstream:
                raise
            except BatonError as error:
                gathered.append(error)
            except Suspend as wait:
                waits.append(wait)
        if waits:
            times = [wait.wake_at for wait in waits if wait.wake_at is not None]
            raise Suspend(waits[0].reason, wake_at=min(times) if times else None)
        return gathered

    @_uncatchable
    def gather(self, children: Sequence[Child], *, cap: int = 8) -> list[Ended]:
        """Do tasks side by side, each once what it needs has succeeded; give all ends, in order."""
        with self._away():
            return family.gather(self._attempt, children, cap=cap)

    @contextmanager
    def _away(self) -> Generator[None]:
        """Let others work on this thread: what was heard before is old afterwards."""
        try:
            yield
        finally:
            self._attempt.news = None

    def call(self, child: Child) -> Json:
        """Do one task and give its output. Raises ``StepFailed`` where it did not succeed."""
        ended = self.gather([child])[0]
        if not ended.succeeded:
            raise failure.to_error(ended.path, ended.error)
        return ended.output

    def sleep(self, name: str, seconds: float) -> None:
        """Wait; nothing is held meanwhile but a row."""
        until = datetime.fromisoformat(
            str(
                self.do(
                    name,
                    lambda: (self._attempt.now() + timedelta(seconds=seconds)).isoformat(),
                    Leaf(kind="timer"),
                )
            )
        )
        if self._attempt.now() < until and not self.replaying:
            raise Suspend(f"until {until:%Y-%m-%d %H:%M:%S} UTC", wake_at=until)

    @_uncatchable
    @again_when_contended
    def open(
        self, name: str, leaf: Leaf, opened: Callable[[Connection, str], None]
    ) -> Json | Pending:
        """Ask the outside something, once; give its answer, or ``PENDING`` while there is none.

        ``opened`` writes the question, in the transaction that journals that it was asked.
        """
        attempt = self._attempt
        entry = attempt.journal.ask(attempt.path(name), kind=leaf.kind)
        if entry is not None:
            return effects.result_of(attempt, entry) if entry.status in ENDED_STEP else PENDING
        attempt.safe_point()
        row = attempt.leaf_row(
            name,
            kind=leaf.kind,
            title=leaf.title,
            actor=leaf.actor,
            input=leaf.input,
            decision=leaf.decision,
            status=StepStatus.WAITING,
            started_at=attempt.now(),
        )
        with attempt.engine.database.write() as connection:
            runs.lock(connection, self.run.id)
            control = steps.lock_owned(connection, step_id=self.step.id, fence=attempt.fence)
            if control is None:
                raise Lost
            attempt.control = Control(control)
            attempt.insert_leaf_in(connection, row)
            opened(connection, str(row["id"]))
        # A crash before this ring leaves deliveries that are due; the sweep rings them.
        attempt.engine.ring_said(self.run.conversation_id)
        attempt.journal.put(steps.from_row(row))
        return PENDING

    def expect(self, names: Sequence[str]) -> None:
        """Announce entries that may come in any order from here on."""
        self._attempt.journal.expect(self._attempt.path(name) for name in names)

    def suspend(self, reason: str, *, wake_at: datetime | None = None) -> NoReturn:
        """Wait until somebody has news for this step, or until a time."""
        raise Suspend(reason, wake_at=wake_at)

    def now(self, name: str) -> datetime:
        """Give the time, the same on every re-entry."""
        return datetime.fromisoformat(str(self.do(name, lambda: self._attempt.now().isoformat())))

    def random(self, name: str) -> float:
        """Give a number from 0 to 1, the same on every re-entry."""
        value = self.do(name, random.random)
        assert isinstance(value, float)
        return value

    def new_id(self, name: str, prefix: str) -> str:
        """Give a fresh id, the same on every re-entry."""
        return str(self.do(name, lambda: new_id(prefix)))

    @_uncatchable
    def take(self, name: str, look: Callable[[], Json | None], leaf: Leaf = VALUE) -> Json | None:
        """Give what ``look`` finds outside, journalled if anything; None where there is no news."""
        found: Json | None = None
        if self._attempt.journal.get(self._attempt.path(name)) is None:
            found = None if self.replaying else look()
            if found is None:
                return None
        return self.do(name, lambda: found, leaf)

    def ran_out(self, name: str) -> bool:
        """Tell whether ``run_out`` said so in an earlier entry; then all below it is left."""
        if self._attempt.journal.get(self._attempt.path(f"{name}/timeout")) is None:
            return False
        self._attempt.journal.leave(f"{self._attempt.path(name)}/")
        return True

    @_uncatchable
    def run_out(self, name: str, until: datetime) -> bool:
        """Tell whether the time for what is below ``name`` is over; then it is cancelled."""
        if self.replaying or self._attempt.now() < until:
            return False
        family.cancel(self._attempt, name)
        self.do(f"{name}/timeout", lambda: True, Leaf(kind="deadline"))
        self._attempt.journal.leave(f"{self._attempt.path(name)}/")
        return True

    @_uncatchable
    def race(self, name: str, children: Sequence[Child]) -> list[Ended]:
        """Do tasks side by side until the first has succeeded, and cancel the others.

        Gives the winner alone; where none succeeds, all ends, in order.
        """
        with self._away():
            return race.race(self._attempt, name, children)

    @_uncatchable
    def take_signals(self, name: str, *, of: str, last: str) -> list[dict[str, Json]]:
        """Give what came after the signal ``last`` (each with its ``id``), journalled if any.

        A safe point: call it where the handler can take news into account.
        """
        attempt = self._attempt
        news: list[dict[str, Json]] = []
        if attempt.journal.get(attempt.path(name)) is None:
            if self.replaying or (attempt.news and attempt.news.says_nothing_after(last)):
                return []
            with attempt.engine.database.read() as connection:
                news = signals.after(connection, run_id=self.run.id, name=of, last=last)
            if not news:
                return []
        taken = self.do(name, lambda: news, Leaf(kind="signal", title=of))
        assert isinstance(taken, list)
        return [dict(signal) for signal in taken if isinstance(signal, dict)]
