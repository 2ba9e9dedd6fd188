"""A database whose process dies at a chosen commit: right before it, or right after."""

from __future__ import annotations

import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import NoReturn

from runtime.storage.connection import Connection
from runtime.storage.database import Database
from runtime.storage.hot import Hot, Row
from tests.worlds.engine import Crash


class MortalDatabase(Database):
    """Counts the commits of the thread that made it. ``dies_at`` names one; None: it lives on.

    Even numbers die before a commit, odd ones after it.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.passed = 0
        self.dies_at: int | None = None
        self._thread = threading.get_ident()

    @contextmanager
    def write(self) -> Generator[Connection]:
        with super().write() as connection:
            yield connection
            self._point()
        self._point()

    def first(self, statement: Hot, values: Mapping[str, object]) -> Row | None:
        self._point()
        row = super().first(statement, values)
        self._point()
        return row

    def count(self, statement: Hot, values: Mapping[str, object]) -> int:
        self._point()
        changed = super().count(statement, values)
        self._point()
        return changed

    def _point(self) -> None:
        if threading.get_ident() != self._thread:
            return
        self.passed += 1
        if self.passed == self.dies_at:
            self._die()

    def _die(self) -> NoReturn:
        raise Crash
