"""Many quick children of one wide fan-out, carried out several to a transaction.

A child that returns without having asked the context for anything has done nothing that must not
be done again: until its end is written it may be carried out anew. So the ends of such children,
and the claims of those that come next, share a transaction. The first child that does ask for
something closes the bunch: what ended is written, what was not begun is given back, others are
called for the rest, and from there on each end is a transaction of its own, as everywhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from runtime.domain.json import Json
from runtime.domain.states import StepStatus
from runtime.domain.step import Step
from runtime.durable import ending
from runtime.durable.attempt import Attempt
from runtime.storage import steps
from runtime.storage.connection import Connection
from runtime.storage.database import again_when_contended

if TYPE_CHECKING:
    from runtime.durable.engine import Engine

LARGEST: Final = 25
"""How many children are claimed at once; each waits for those before it."""


class Bunch:
    """The children of one claim after another, on their parent's thread.

    ``call_others`` is called when the bunch closes.
    """

    def __init__(self, parent: Attempt, *, call_others: Callable[[], None]) -> None:
        self._parent = parent
        self._engine: Engine = parent.engine
        self._call_others = call_others
        self._claimed: list[Step] = []
        self._ended: list[Step] = []
        self._held = ExitStack()
        self.open = True
        """False once a child has asked for something."""

    def claim(self, ids: Sequence[str]) -> list[str]:
        """Write what ended since the last claim, take those of these that are free; name them."""
        self._claimed = self._settle(self._ended, ids)
        self._ended = []
        self._held.close()
        for step in self._claimed:
            self._held.enter_context(self._engine.leases.hold(step.id))
        return [step.id for step in self._claimed]

    def carry_out(self) -> dict[str, Step]:
        """Carry out what was claimed, until the bunch closes; give the states of what was begun."""
        states: dict[str, Step] = {}
        while self._claimed:
            step = self._claimed.pop(0)
            state, _ = self._engine.run_inline(self._parent, step, bunch=self)
            states[step.id] = state or replace(step, status=StepStatus.RUNNING)
        return states

    def end(self, attempt: Attempt, output: Json) -> Step:
        """Note that a child succeeded; it is written with the others."""
        ended = replace(
            attempt.step,
            status=StepStatus.SUCCEEDED,
            output=output,
            finished_at=self._engine.clock.now(),
        )
        self._ended.append(ended)
        return ended

    def close(self) -> None:
        """Write what ended, give back what was not begun, and call others: this takes longer."""
        if not self.open:
            return
        self.open = False
        self._settle(self._ended, [])
        self._held.close()
        for step in self._claimed:
            self._engine.give_back(step)
        self._ended, self._claimed = [], []
        self._call_others()

    @again_when_contended
    def _settle(self, ended: Sequence[Step], ids: Sequence[str]) -> list[Step]:
        """Write ends, wake the parent, and claim what comes next: one transaction.

        A crash before it means that the children are carried out anew, each on its own.
        """
        engine = self._engine
        if not ended and not ids:
            return []
        with engine.database.write() as connection:
            # From the deepest name up, as the renewal of leases locks them.
            written = [
                step
                for step in sorted(ended, key=lambda step: step.id, reverse=True)
                if ending.finish(connection, step)
            ]
            claimed = steps.claim_some(connection, ids, engine.claim_terms()) if ids else []
            for step in written:
                ending.announce(engine, connection, step)
            self._wake(connection, times=len(written))
        if written:
            engine.ring_said(self._parent.run.conversation_id)
        return claimed

    def _wake(self, connection: Connection, *, times: int) -> None:
        for _ in range(times):
            status = ending.wake(self._engine, connection, self._parent.step.id)
            if status == StepStatus.RUNNING:
                # On this very stack; or about to look at its children once more, and at all of
                # them. One that sleeps, in other hands, counts every end.
                self._parent.seen += 1
                return
