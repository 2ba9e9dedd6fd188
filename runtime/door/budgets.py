"""What is left of budgets, for whoever asks before it is used up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from runtime.agent.spent import Reading, Spender, cap_of_run, read_cap
from runtime.catalog.watch import Library
from runtime.domain.budget import BudgetLeft
from runtime.domain.conversation import Person, Place
from runtime.domain.ports import Clock
from runtime.domain.run import Run
from runtime.policy.budgets import Of
from runtime.policy.policy import Policy
from runtime.storage import conversations
from runtime.storage.connection import Connection
from runtime.storage.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """Reads every budget that speaks of a run, or of a person where they are."""

    database: Database
    clock: Clock
    policy: Callable[[], Policy]
    library: Library

    def of_run(self, run: Run) -> list[BudgetLeft]:
        """Give the run's own budget, and those of the day that its next step would meet."""
        with self.database.read() as connection:
            place = conversations.read(connection, run.conversation_id).place
            spender = Spender(
                workspace=run.workspace,
                principal=run.requester,
                name=run.requester_name,
                place=place,
                run=run,
            )
            own = read_cap(
                connection, cap_of_run(run, self.policy()), spender, now=self.clock.now()
            )
            return [*([self._left(own, run)] if own else []), *self._of_day(connection, spender)]

    def of_person(self, person: Person, place: Place) -> list[BudgetLeft]:
        """Give the budgets of the day that a run of this person, begun here, would meet."""
        spender = Spender(
            workspace=place.workspace, principal=person.principal, name=person.name, place=place
        )
        with self.database.read() as connection:
            return self._of_day(connection, spender)

    def _of_day(self, connection: Connection, spender: Spender) -> list[BudgetLeft]:
        now = self.clock.now()
        found: list[Reading | None] = []
        for cap in self.policy().budgets:
            if cap.of is not Of.AGENT:
                found.append(read_cap(connection, cap, spender, now=now))
                continue
            found += [
                read_cap(connection, cap, replace(spender, agent=agent), now=now)
                for agent in self.library.current().agents
            ]
        return [self._left(one, spender.run) for one in found if one is not None]

    def _left(self, reading: Reading, run: Run | None) -> BudgetLeft:
        of_run = reading.cap.of is Of.RUN
        own = reading.cap.id == "run"
        return BudgetLeft(
            whose=reading.whose,
            source="set when it was started" if own else f"policy.yaml, budget {reading.cap.id!r}",
            limit=reading.limit,
            spent=reading.spent,
            took_seconds=_took(run, self.clock.now()) if run and of_run else 0.0,
            was_added=reading.limit != reading.cap.limit,
            anew_at=reading.anew_at,
        )


def _took(run: Run, now: datetime) -> float:
    return ((run.finished_at or now) - run.created_at).total_seconds()
