"""SQL that can only read: refused by the database itself, bounded in time, rows and memory."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from typing import Final

from runtime.domain.errors import ToolFailed, Upstream
from runtime.domain.json import Json, JsonObject

MOST_ROWS: Final = 1000
_LARGEST_VALUE_BYTES: Final = 1_000_000
_LONGEST_SQL: Final = 20_000
_INSTRUCTIONS_BETWEEN_LOOKS: Final = 2000
_PERMITTED: Final = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE}
)
_PRAGMAS: Final = frozenset(
    {"table_info", "table_xinfo", "table_list", "index_list", "index_info", "foreign_key_list"}
)
_FUNCTIONS_REFUSED: Final = frozenset(
    {"load_extension", "readfile", "writefile", "edit", "fts3_tokenizer", "sqlite_log"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOnly:
    """A connection on which a model may run SQL. The caller opens and closes it."""

    connection: sqlite3.Connection
    seconds: float = 5.0

    def query(self, sql: str, *, limit: int) -> JsonObject:
        """Run one SELECT and give ``columns``, ``rows`` (as objects) and ``truncated``.

        Raises:
            ToolFailed: it would write, is no SQL, or takes too long.
            Upstream: the database is locked by somebody else.
        """
        if not 1 <= limit <= MOST_ROWS:
            raise ToolFailed(f"limit lies between 1 and {MOST_ROWS}; correct it")
        if len(sql) > _LONGEST_SQL:
            raise ToolFailed(f"the SQL is longer than {_LONGEST_SQL} characters; shorten it")
        self._confine()
        try:
            cursor = self.connection.execute(sql)
            if cursor.description is None:
                raise ToolFailed("this SQL gives no rows; write one SELECT")
            names = _distinct([str(column[0]) for column in cursor.description])
            found = cursor.fetchmany(limit + 1)
        except sqlite3.Error as error:
            raise self._explained(error) from error
        except (sqlite3.Warning, ValueError, UnicodeError) as error:
            raise ToolFailed(f"this SQL cannot be run: {error}; write one SELECT") from error
        rows: list[Json] = [
            {name: _cell(value) for name, value in zip(names, row, strict=True)}
            for row in found[:limit]
        ]
        return {"columns": names, "rows": rows, "truncated": len(found) > limit}

    def _confine(self) -> None:
        for category, bound in (
            (sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST_VALUE_BYTES),
            (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
            (sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 100),
            (sqlite3.SQLITE_LIMIT_COMPOUND_SELECT, 50),
            (sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 200),
        ):
            self.connection.setlimit(category, bound)
        self.connection.set_authorizer(_authorize)
        deadline = time.monotonic() + self.seconds
        self.connection.set_progress_handler(
            lambda: time.monotonic() > deadline, _INSTRUCTIONS_BETWEEN_LOOKS
        )

    def _explained(self, error: sqlite3.Error) -> ToolFailed | Upstream:
        code = getattr(error, "sqlite_errorcode", None)
        if code == sqlite3.SQLITE_INTERRUPT:
            return ToolFailed(
                f"the query took longer than {self.seconds:g} seconds and was stopped; "
                "narrow it, or join on keys"
            )
        if code == sqlite3.SQLITE_AUTH or "not authorized" in str(error):
            return ToolFailed("only reading is permitted here; write one SELECT")
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return Upstream("the database is in use; try again later", ambiguous=False)
        return ToolFailed(f"the database says: {str(error)[:300]}; correct the SQL")


def _authorize(
    action: int, first: str | None, second: str | None, _database: str | None, _source: str | None
) -> int:
    if action in _PERMITTED:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() not in _FUNCTIONS_REFUSED:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_UPDATE and first == "sqlite_master":
        # Asked for when a table function such as json_each is set up. SQLite itself refuses to
        # change that table unless a pragma permits it, and that pragma is denied below.
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_PRAGMA and (first or "").lower() in _PRAGMAS:
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def _distinct(names: list[str]) -> list[str]:
    """Number repeated names, as a join of two tables gives them: ``id``, ``id_2``."""
    found: list[str] = []
    for name in names:
        again, spelled = 2, name
        while spelled in found:
            spelled, again = f"{name}_{again}", again + 1
        found.append(spelled)
    return found


def _cell(value: object) -> Json:
    if value is None or isinstance(value, str | int | float):
        return value
    return f"({len(value)} bytes)" if isinstance(value, bytes) else str(value)
