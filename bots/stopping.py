"""Wait until the process is told to stop."""

from __future__ import annotations

import signal
import threading


def until_stopped() -> None:
    """Return at the first SIGINT or SIGTERM; only the main thread may ask."""
    stop = threading.Event()

    def told(_number: int, _frame: object) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, told)
    stop.wait()
