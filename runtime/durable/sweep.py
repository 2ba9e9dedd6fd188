"""The sweep: what a crash, a lost ring or the passing of time left to be done.

Runs on every process every few seconds, in bounded batches; two at once do no harm.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from runtime.domain.errors import Upstream

_log = logging.getLogger(__name__)

Chore = Callable[[], int]
"""Does one bounded batch of something overdue and gives how much it found."""


class Sweep:
    """A thread that does its chores every ``seconds``, and again at once after a full batch."""

    def __init__(self, chores: Sequence[Chore], *, seconds: float, batch: int = 500) -> None:
        self._chores = list(chores)
        self._seconds = seconds
        self._batch = batch
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="sweep", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the present chore."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def once(self) -> int:
        """Do every chore once; give the largest number any of them found."""
        most = 0
        for chore in self._chores:
            try:
                most = max(most, chore())
            except Upstream as error:
                _log.warning("sweep: %s", error.public)
            except Exception:
                # One broken chore must not stop the others: they repair what crashes leave.
                _log.exception("a sweep chore broke")
        return most

    def _loop(self) -> None:
        while not self._stop.is_set():
            if self.once() < self._batch:
                self._stop.wait(self._seconds)
