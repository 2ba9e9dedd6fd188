"""Who is told, inside the engine's transactions, that something people watch has changed."""

from __future__ import annotations

from typing import Protocol

from runtime.domain.step import Step
from runtime.storage.connection import Connection


class Announcer(Protocol):
    """Write what people should see (cards, answers, alarms) in the transaction that made it true.

    An implementer only adds rows; the engine rings the run's conversation after the commit.
    """

    def step_changed(self, connection: Connection, step: Step) -> None:
        """A task of the plan, or the root, began, waits or ended."""
        ...

    def run_ended(self, connection: Connection, run_id: str) -> None:
        """The run has its result."""
        ...

    def cut_off(self, connection: Connection, step: Step) -> None:
        """A task failed, and what had not ended below it was cancelled: nobody need answer it."""
        ...

    def step_parked(self, connection: Connection, step: Step) -> None:
        """A step took its process down too often and will not be tried again by itself."""
        ...


class Silent:
    """Nobody is told; for engines without people, as in benchmarks."""

    def step_changed(self, connection: Connection, step: Step) -> None:
        """Tell nobody."""

    def run_ended(self, connection: Connection, run_id: str) -> None:
        """Tell nobody."""

    def step_parked(self, connection: Connection, step: Step) -> None:
        """Tell nobody."""

    def cut_off(self, connection: Connection, step: Step) -> None:
        """Tell nobody."""
