"""One installation with several processes, for faults of what they stand on."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace

from runtime.storage.database import Database
from tests.faults.checker import Findings, check
from tests.faults.product_process import Spec
from tests.faults.zygote import Zygote

_LOOK_SECONDS = 0.02


class Installation:
    """Processes on one database, that live until everything is done."""

    def __init__(self, zygote: Zygote, spec: Spec) -> None:
        self._zygote = zygote
        self.spec = spec
        self.alive: list[int] = []
        self.ended: dict[int, int | None] = {}

    def start(self, *, at: int | None = None) -> int:
        """Start another process of it; with ``at`` it is killed there."""
        pid = self._zygote.start(replace(self.spec, at=at))
        self.alive.append(pid)
        return pid

    def replace_oldest(self) -> None:
        """Start one more, and tell the one that has run for longest to stop."""
        oldest = self.alive[0]
        self.start()
        os.kill(oldest, signal.SIGTERM)

    def until_done(
        self, disturb: Callable[[], None], *, every_seconds: float, patience_seconds: float = 90.0
    ) -> None:
        """Disturb it again and again until every process has ended by itself.

        One that fails, because the database was away when it started, is started again, as whoever
        runs it would.

        Raises:
            TimeoutError: it never came to rest.
        """
        began = time.monotonic()
        disturbed = began
        while self.alive:
            for one in self._zygote.news():
                if one.pid in self.alive:
                    self.alive.remove(one.pid)
                    self.ended[one.pid] = one.code
                    if one.code is not None and one.code > 0:
                        self.start()
            now = time.monotonic()
            if now - began > patience_seconds:
                self._give_up()
            if self.alive and now - disturbed > every_seconds:
                disturb()
                disturbed = time.monotonic()
            time.sleep(_LOOK_SECONDS)

    def points(self) -> list[str]:
        """Name the points that a process passed which lived to the end."""
        return self.spec.passed.read_text(encoding="utf-8").split("\n")

    def check(self, *, frozen: bool = False) -> Findings:
        """Check every invariant."""
        database = Database(self.spec.database_url, pool_size=1)
        try:
            return check(database, self.spec.outside, frozen=frozen)
        finally:
            database.close()

    def log(self) -> str:
        """Give what the processes logged."""
        log = self.spec.log
        return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""

    def _give_up(self) -> None:
        standing = self.check().violations
        for pid in self.alive:
            os.kill(pid, signal.SIGKILL)
        raise TimeoutError(f"it did not come to rest: {standing}\n{self.log()[-3000:]}")
