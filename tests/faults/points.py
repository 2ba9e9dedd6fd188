"""Where a process may die: before and after each commit, effect and post.

The points a process passes are numbered. A dry run tells how many there are; a kill names one.
"""

from __future__ import annotations

import inspect
import os
import signal
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from runtime.storage.database import Database

_QUIET = frozenset({"leases.renew", "worker.__call__", "expire.__call__"})
"""Heartbeats and idle sweeps commit without pause; what they write is not a step's progress."""


class Points:
    """The points of this process. ``at`` is the one where ``number`` is sent to it.

    Where ``of`` names beginnings of labels, no others are counted.
    """

    def __init__(
        self, record: Path, *, at: int | None, number: signal.Signals, of: Sequence[str] = ()
    ) -> None:
        self._record = record
        self._of = tuple(of) or ("",)
        self._at = at
        self._number = number
        self._lock = threading.Lock()
        self._passed: list[str] = []

    def reached(self, label: str) -> None:
        """Count a point; at the chosen one, leave its name behind and do not come back."""
        if not label.startswith(self._of):
            return
        with self._lock:
            self._passed.append(label)
            if len(self._passed) != self._at:
                return
            self._record.write_text(label, encoding="utf-8")
            os.kill(os.getpid(), self._number)

    def passed(self) -> list[str]:
        """Give the names of the points passed so far."""
        with self._lock:
            return list(self._passed)


class _Here:
    points: Points | None = None


def watch(points: Points) -> None:
    """Let this process's commits be points. Call it once, in a process made for it."""
    _Here.points = points
    _watch_write()
    for name in ("first", "count"):
        _watch_single(name)


def reached(label: str) -> None:
    """Pass a point of this process, where it has any."""
    if _Here.points is not None:
        _Here.points.reached(label)


def _watch_write() -> None:
    original = Database.write

    @contextmanager
    def write(self: Database) -> Generator[Any]:
        label = _caller()
        with original(self) as connection:
            yield connection
            _commit(label, "before")
        _commit(label, "after")

    Database.write = write


def _watch_single(name: str) -> None:
    original: Callable[..., Any] = getattr(Database, name)

    def single(self: Database, *arguments: Any) -> Any:
        label = _caller()
        _commit(label, "before")
        result = original(self, *arguments)
        _commit(label, "after")
        return result

    setattr(Database, name, single)


def _commit(label: str, when: str) -> None:
    if label not in _QUIET:
        reached(f"commit {label} {when}")


def _caller() -> str:
    frame = inspect.currentframe()
    while frame is not None:
        file = Path(frame.f_code.co_filename)
        if file.name not in ("contextlib.py", "points.py", "database.py"):
            return f"{file.stem}.{frame.f_code.co_name}"
        frame = frame.f_back
    return "nobody"
