"""Three processes that work on the same runs: in this process, one after another."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final, Protocol

from runtime.domain.approval import Decide, Decided
from runtime.domain.errors import Refused
from tests.worlds import payments
from tests.worlds.engine import Crash, EngineWorld
from tests.worlds.mortal import MortalDatabase
from tests.worlds.payments import Till

PROCESSES: Final = 3


class Company(Protocol):
    """Processes on one database. Clock and bell are those of the world they are begun in."""

    def begin(self, world: EngineWorld, till: Till) -> None:
        """Begin anew, with processes that know nothing of what was before."""
        ...

    def work(self, process: int, step_ids: list[str], *, dies_after: int) -> bool:
        """Carry out steps; False where the process died on the way, after so many commits."""
        ...

    def hear(self, said: list[tuple[int, Decide]]) -> list[Decided | None]:
        """Take what people say, each in the process named; None for what was refused."""
        ...

    def close(self) -> None:
        """End them for good."""
        ...


class Together:
    """A process here is an engine on connections of its own, and dies by an exception.

    No handler and no engine code catches it, so whatever was not committed never was.
    """

    def __init__(self, url: str, home: Path) -> None:
        self._home = home
        self._databases = [MortalDatabase(url) for _ in range(PROCESSES)]
        self._processes: list[payments.Process] = []

    def begin(self, world: EngineWorld, till: Till) -> None:
        self._world, self._till = world, till
        self._end()
        self._processes = [self._started(process) for process in range(PROCESSES)]

    def work(self, process: int, step_ids: list[str], *, dies_after: int) -> bool:
        database = self._databases[process]
        database.passed, database.dies_at = 0, dies_after or None
        try:
            for step_id in step_ids:
                self._processes[process].execute(step_id)
        except Crash:
            # Nothing is left of it but what was committed, and its leases.
            self._processes[process] = self._started(process)
            return False
        finally:
            database.dies_at = None
        return True

    def hear(self, said: list[tuple[int, Decide]]) -> list[Decided | None]:
        return [self._heard(process, one) for process, one in said]

    def close(self) -> None:
        self._end()
        for database in self._databases:
            database.close()

    def _started(self, process: int) -> payments.Process:
        world = EngineWorld(self._databases[process], self._world.clock)
        world.bell = self._world.bell
        return payments.start(world, till=self._till.file, home=self._home)

    def _heard(self, process: int, said: Decide) -> Decided | None:
        with contextlib.suppress(Refused):
            return self._processes[process].decide(said)
        return None

    def _end(self) -> None:
        for process in self._processes:
            process.close()
        self._processes = []
