"""CSV files as tables: to look at, and to ask with SQL."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import PurePosixPath

from runtime.domain.effects import Effect
from runtime.domain.errors import ToolFailed
from runtime.domain.json import Json, JsonObject
from runtime.tools.builtin.csv_table import Table, parse_csv
from runtime.tools.builtin.files import text_of
from runtime.tools.builtin.read_only import ReadOnly
from runtime.tools.decorator import tool
from runtime.tools.tool import CONTAINED, Call, Tool

_SQL_TYPES: Mapping[str, str] = {"integer": "INTEGER", "number": "REAL", "text": "TEXT"}


def read_table(name: str, call: Call, offset: int = 0, limit: int = 100) -> JsonObject:
    """Read a CSV file: its columns with their types, and its rows.

    Args:
        name: As list_files gives it, such as offers.csv.
        offset: How many rows to pass over.
        limit: How many rows to give, at most 1000.
    """
    if offset < 0 or not 1 <= limit <= 1000:
        raise ToolFailed("offset starts at 0, and limit lies between 1 and 1000; correct them")
    table = parse_csv(text_of(call, name), name=name)
    names = [column.name for column in table.columns]
    rows: list[Json] = [
        dict(zip(names, row, strict=True)) for row in table.rows[offset : offset + limit]
    ]
    return {
        "name": name,
        "columns": [{"name": column.name, "type": column.type} for column in table.columns],
        "rows": rows,
        "total_rows": len(table.rows),
        "truncated": offset + limit < len(table.rows),
    }


def query_table(files: list[str], sql: str, call: Call, limit: int = 200) -> JsonObject:
    """Ask CSV files with one SQL SELECT (SQLite's dialect). The files themselves do not change.

    Each file is a table named like it without its ending, other characters than letters, digits
    and _ replaced by _: `vendor-offers.csv` is the table vendor_offers.

    Args:
        files: As list_files gives them, up to ten.
        sql: One SELECT over those tables.
        limit: How many rows to give, at most 1000.
    """
    if not 1 <= len(files) <= 10:
        raise ToolFailed("name one to ten files")
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        tables: dict[str, str] = {}
        for name in files:
            title = _table_name(name)
            if title.lower() in tables:
                raise ToolFailed(f"{name!r} and {tables[title.lower()]!r} would be one table")
            tables[title.lower()] = name
            _load(connection, title, parse_csv(text_of(call, name), name=name))
        return ReadOnly(connection=connection).query(sql, limit=limit)


def _table_name(file: str) -> str:
    title = re.sub(r"\W", "_", PurePosixPath(file).stem, flags=re.ASCII)
    title = title if title and not title[0].isdigit() else f"t_{title}"
    return f"t_{title}" if title.lower().startswith("sqlite_") else title


def _load(connection: sqlite3.Connection, title: str, table: Table) -> None:
    columns = ", ".join(
        f"{_quoted(column.name)} {_SQL_TYPES[column.type]}" for column in table.columns
    )
    try:
        connection.execute(f"CREATE TABLE {_quoted(title)} ({columns})")
        marks = ", ".join("?" * len(table.columns))
        connection.execute("BEGIN")
        # The name is quoted and made of letters, digits and _ alone.
        connection.executemany(
            f"INSERT INTO {_quoted(title)} VALUES ({marks})",  # noqa: S608 - the names are quoted
            table.rows,
        )
        connection.execute("COMMIT")
    except (sqlite3.Error, ValueError, OverflowError) as error:
        raise ToolFailed(f"the table {title!r} cannot be loaded: {error}") from error


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def table_tools() -> list[Tool]:
    """Give ``read_table`` and ``query_table``."""
    return [
        replace(tool(effect=Effect.READ, untrusted=True)(read_table), labels={"keeps": "files"}),
        replace(
            tool(effect=Effect.READ, untrusted=True)(query_table),
            labels={**CONTAINED, "keeps": "files"},
        ),
    ]
