"""The outside world: it counts every execution and every post, in a file the product never reads.

A SQLite file with its own fsync. A key is taken once, as a service with idempotency keys does;
that it was *offered* again is counted too, because about half of all doubled writes leave the same
state behind.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from runtime.domain.ids import new_id
from runtime.domain.json import Json, JsonObject
from tests.faults import points

FILE: Final = "outside.sqlite"
_SCHEMA = """
CREATE TABLE execution (number INTEGER PRIMARY KEY, tool TEXT, key TEXT, arguments TEXT, at TEXT);
CREATE TABLE post (
    id TEXT PRIMARY KEY, place TEXT, delivery TEXT, kind TEXT, shown TEXT, edits INTEGER, at TEXT
);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One time that a tool, or the model, was really asked."""

    tool: str
    key: str
    arguments: JsonObject
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One message that people see."""

    id: str
    place: str
    delivery: str
    kind: str
    shown: str


class Outside:
    """One world; any number of processes may be connected to it."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @classmethod
    def of(cls, data: Path) -> Outside:
        """Give the world that lies in a folder of data files."""
        return cls(data / FILE)

    def create(self) -> None:
        """Make an empty world."""
        with self._open() as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(_SCHEMA)

    def execute(self, tool: str, key: str, arguments: JsonObject) -> dict[str, object]:
        """Do what a tool does. It may be cut off before it, and after it before anyone knows."""
        points.reached(f"effect {tool} begins")
        with self._open() as connection:
            connection.execute(
                "INSERT INTO execution (tool, key, arguments, at) VALUES (?, ?, ?, ?)",
                (tool, key, json.dumps(arguments, sort_keys=True), _now()),
            )
        points.reached(f"effect {tool} answered")
        return {"done": tool, **arguments}

    def happened(self, key: str) -> bool:
        """Tell whether a key was taken."""
        return any(one.key == key for one in self.executions())

    def post(self, place: str, delivery: str, kind: str, shown: str) -> str:
        """Post a message; there is no key here, so posting again is a second message."""
        points.reached(f"post {kind} begins")
        name = new_id("post")
        with self._open() as connection:
            connection.execute(
                "INSERT INTO post VALUES (?, ?, ?, ?, ?, 0, ?)",
                (name, place, delivery, kind, shown, _now()),
            )
        points.reached(f"post {kind} answered")
        return name

    def edit(self, post: str, shown: str) -> bool:
        """Change a message in place; False where it is not there."""
        with self._open() as connection:
            done = connection.execute(
                "UPDATE post SET shown = ?, edits = edits + 1 WHERE id = ?", (shown, post)
            )
            return done.rowcount == 1

    def executions(self) -> list[Execution]:
        """Give every execution, in order."""
        with self._open() as connection:
            rows = connection.execute(
                "SELECT tool, key, arguments, at FROM execution ORDER BY number"
            ).fetchall()
        return [
            Execution(tool=tool, key=key, arguments=json.loads(said), at=datetime.fromisoformat(at))
            for tool, key, said, at in rows
        ]

    def posts(self) -> list[Post]:
        """Give every message."""
        with self._open() as connection:
            rows = connection.execute(
                "SELECT id, place, delivery, kind, shown FROM post ORDER BY at"
            ).fetchall()
        return [
            Post(id=id, place=place, delivery=delivery, kind=kind, shown=shown)
            for id, place, delivery, kind, shown in rows
        ]

    @contextmanager
    def _open(self) -> Generator[sqlite3.Connection]:
        connection = sqlite3.connect(self._file, timeout=30, isolation_level=None)
        try:
            connection.execute("PRAGMA synchronous=FULL")
            yield connection
        finally:
            connection.close()


def spelled(value: Json) -> str:
    """Spell arguments so that equal ones are equal text."""
    return json.dumps(value, sort_keys=True)


def _now() -> str:
    return datetime.now(UTC).isoformat()
