"""A database in one file, which belongs to a tool and to nobody else."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from runtime.domain.errors import ToolFailed

_BUSY_SECONDS = 10.0


@contextmanager
def small_database(
    file: Path, *, called: str, write: bool = False
) -> Generator[sqlite3.Connection]:
    """Open a SQLite file in one transaction, which is committed only when the block ends well.

    Rows are read by name or by number, and foreign keys hold. ``called`` is the word for it in
    what the model is told.

    Raises:
        ToolFailed: there is no such file, or it is busy; nothing was done then.
    """
    if not file.is_file():
        raise ToolFailed(f"there is no {file.name!r} here; tell the requester that it is missing")
    mode = "rw" if write else "ro"
    connection = sqlite3.connect(
        f"{file.resolve().as_uri()}?mode={mode}",
        uri=True,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
    )
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        try:
            connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
        except sqlite3.OperationalError as error:
            words = f"{called} is busy ({error}); nothing was done, try again"
            raise ToolFailed(words) from None
        try:
            yield connection
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
    finally:
        connection.close()
