"""A function in a thread of its own, with a time limit that holds even if it hangs."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from runtime.domain.errors import TimedOut, Upstream

T = TypeVar("T")

MOST_ABANDONED: Final = 64
"""Hung threads cannot be stopped; with more of them than this, nothing new is begun."""


class Threads:
    """Runs functions in daemon threads and abandons those that overrun."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._abandoned: list[threading.Thread] = []

    def run(self, function: Callable[[], T], *, name: str, timeout_seconds: float) -> T:
        """Run ``function`` and give its result, or raise what it raised.

        Raises:
            TimedOut: the limit passed. The thread goes on, unheard: its result goes nowhere.
            Upstream: too many abandoned threads still hang; nothing was begun.
        """
        if self.abandoned() >= MOST_ABANDONED:
            raise Upstream(
                f"{MOST_ABANDONED} earlier tool calls still hang, so {name!r} was not begun; "
                "restart the worker if this goes on",
                ambiguous=False,
            )
        outcome = _Outcome[T]()
        context = contextvars.copy_context()
        thread = threading.Thread(
            target=context.run, args=(outcome.fill, function), name=f"tool-{name}", daemon=True
        )
        thread.start()
        if not outcome.ready.wait(timeout_seconds):
            with self._lock:
                self._abandoned.append(thread)
            raise TimedOut(
                f"{name!r} gave no answer within {timeout_seconds:g} seconds; "
                "try again later, or ask for less"
            )
        return outcome.take()

    def abandoned(self) -> int:
        """Count the threads that overran and still run."""
        with self._lock:
            self._abandoned = [thread for thread in self._abandoned if thread.is_alive()]
            return len(self._abandoned)


class _Outcome(Generic[T]):
    """Where a thread leaves what came of it."""

    def __init__(self) -> None:
        self.ready = threading.Event()
        self._result: list[T] = []
        self._error: BaseException | None = None

    def fill(self, function: Callable[[], T]) -> None:
        try:
            self._result.append(function())
        except BaseException as error:
            self._error = error
        finally:
            self.ready.set()

    def take(self) -> T:
        if self._error is not None:
            raise self._error
        return self._result[0]
