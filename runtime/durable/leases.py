"""Leases: which steps this process may write, and until when.

One thread renews all of them in one statement. A process that was stopped or cut off from the
database past its lease notices by the monotonic clock and starts no further effect.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime, timedelta

from runtime.domain.errors import Upstream
from runtime.domain.ports import Clock
from runtime.storage import steps
from runtime.storage.database import Database

_log = logging.getLogger(__name__)


class Leases:
    """The leases of one process. ``seconds`` is how long one lasts without renewal.

    ``beside`` is called after each renewal: whatever else has to be kept up for as long.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        process: str,
        seconds: float,
        beside: Callable[[], None] = lambda: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._clock = clock
        self._process = process
        self._seconds = seconds
        self._beside = beside
        self._monotonic = monotonic
        self._held: dict[str, int] = {}
        self._lost: set[str] = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._renewed_at = self._monotonic()

    def end(self) -> datetime:
        """Give the end of a lease that begins now."""
        return self._clock.now() + timedelta(seconds=self._seconds)

    @contextmanager
    def hold(self, step_id: str) -> Generator[None]:
        """Renew this step's lease until the block ends."""
        with self._lock:
            if not self._held:
                self._renewed_at = self._monotonic()
            self._held[step_id] = self._held.get(step_id, 0) + 1
        try:
            yield
        finally:
            with self._lock:
                self._held[step_id] -= 1
                if not self._held[step_id]:
                    del self._held[step_id]
                    self._lost.discard(step_id)

    def holds(self, step_id: str) -> bool:
        """Tell whether a thread of this process is at work on a step."""
        with self._lock:
            return step_id in self._held

    def valid(self, step_id: str | None = None) -> bool:
        """Tell whether leases were renewed recently enough to begin another effect.

        With a step: also that its own lease was among those renewed. A process that slept past
        its lease finds another owner when it renews, and must not take that for good news.
        """
        if step_id in self._lost:
            return False
        return self._monotonic() - self._renewed_at < self._seconds * 0.9

    def start(self) -> None:
        """Begin renewing, on a thread of its own so that no handler can starve it."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._beat, name="leases", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop renewing; what is still held expires."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def renew(self) -> None:
        """Renew all leases held, in one statement."""
        with self._lock:
            held = list(self._held)
        began = self._monotonic()
        if held:
            values = {"held": held, "process": self._process, "lease_end": self.end()}
            with self._database.write() as connection:
                renewed = set(connection.execute(steps.RENEW, values).scalars())
            with self._lock:
                # What ended meanwhile is not renewed either; it begins no further effect.
                self._lost.update(self._held.keys() & set(held) - renewed)
        self._renewed_at = began

    def _beat(self) -> None:
        while not self._stop.wait(self._seconds / 4):
            try:
                self.renew()
                self._beside()
            except Upstream as error:
                # Not renewed: valid() turns false and handlers stop at their next effect.
                _log.warning("leases not renewed: %s", error.public)
            except Exception:
                # The same; but the thread must live, for the next beat may succeed.
                _log.exception("leases not renewed")
