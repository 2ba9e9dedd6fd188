"""A function in another thread than the caller's, with a time limit that holds even if it hangs."""

from __future__ import annotations

import contextvars
import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Final, Generic, TypeVar

from runtime.domain.errors import TimedOut, Upstream

T = TypeVar("T")

MOST_ABANDONED: Final = 64
"""Hung threads cannot be stopped; with more of them than this, nothing new is begun."""
_MOST_IDLE = 16


class Threads:
    """Runs functions in daemon threads and abandons those that overrun.

    Threads that have done their work wait for more, because to begin one takes longer than many a
    tool does.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._abandoned: list[threading.Event] = []
        self._idle: deque[_Hand] = deque()

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
        self._hand().give(
            f"tool-{name}", lambda: context.run(outcome.fill, function), outcome.ready
        )
        if not outcome.ready.wait(timeout_seconds):
            with self._lock:
                self._abandoned.append(outcome.ready)
            raise TimedOut(
                f"{name!r} gave no answer within {timeout_seconds:g} seconds; "
                "try again later, or ask for less"
            )
        return outcome.take()

    def abandoned(self) -> int:
        """Count the calls that overran and still run."""
        with self._lock:
            self._abandoned = [ended for ended in self._abandoned if not ended.is_set()]
            return len(self._abandoned)

    def _hand(self) -> _Hand:
        try:
            return self._idle.pop()
        except IndexError:
            return _Hand(self._take_back)

    def _take_back(self, hand: _Hand) -> bool:
        """Keep a thread for later; False where enough of them wait."""
        if len(self._idle) >= _MOST_IDLE:
            return False
        self._idle.append(hand)
        return True


class _Hand:
    """A thread that does one thing after another, as long as ``give_back`` takes it back."""

    def __init__(self, give_back: Callable[[_Hand], bool]) -> None:
        self._give_back = give_back
        self._given: SimpleQueue[tuple[str, Callable[[], None], threading.Event]] = SimpleQueue()
        threading.Thread(target=self._work, daemon=True).start()

    def give(self, name: str, work: Callable[[], None], ended: threading.Event) -> None:
        self._given.put((name, work, ended))

    def _work(self) -> None:
        kept = True
        while kept:
            name, work, ended = self._given.get()
            threading.current_thread().name = name
            work()
            del work  # What came of it is the caller's to keep.
            # Before anybody hears of the end: the next call finds this thread waiting.
            kept = self._give_back(self)
            ended.set()


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

    def take(self) -> T:
        if self._error is not None:
            raise self._error
        return self._result[0]
