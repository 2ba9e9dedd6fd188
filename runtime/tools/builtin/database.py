"""SQL on the SQLite files of the data folder, for reading alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from runtime.domain.effects import Effect
from runtime.domain.errors import ToolFailed
from runtime.domain.json import JsonObject
from runtime.tools.builtin.read_only import ReadOnly
from runtime.tools.decorator import tool
from runtime.tools.tool import CONTAINED, Call, Tool


def query_database(database: str, sql: str, call: Call, limit: int = 200) -> JsonObject:
    """Ask a SQLite database with one SELECT. It cannot be changed this way.

    To see what it holds: SELECT name, sql FROM sqlite_master.

    Args:
        database: The file's name in the data folder, such as ledger.sqlite.
        sql: One SELECT.
        limit: How many rows to give, at most 1000.
    """
    path = within(call.data, database)
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=2.0)
    except sqlite3.Error as error:
        raise ToolFailed(f"{database!r} cannot be opened: {error}; name a SQLite file") from error
    with closing(connection):
        return ReadOnly(connection=connection).query(sql, limit=limit)


def within(folder: Path, name: str) -> Path:
    """Give the file of this name, provided that it really lies in the folder.

    Links are followed first, so that none leads outside.

    Raises:
        ToolFailed: it lies elsewhere, or is not there.
    """
    root = folder.resolve()
    try:
        path = (root / name).resolve()
        inside = path.is_relative_to(root) and path.is_file()
    except (ValueError, OSError, RuntimeError):
        inside = False
        path = root
    if not inside:
        there = sorted(entry.name for entry in root.glob("*.[sd][qb]*") if entry.is_file())
        raise ToolFailed(f"there is no database {name!r}; there are: {', '.join(there) or 'none'}")
    return path


def database_tools() -> list[Tool]:
    """Give ``query_database``."""
    asked = tool(effect=Effect.READ, timeout_seconds=15, untrusted=True)(query_database)
    return [replace(asked, labels={**CONTAINED, "keeps": "databases"})]
