"""A statement on the hot path: written in Core, compiled once, run on the driver itself.

SQLAlchemy's own execution takes about as long as a commit. Here its compiler and its types are
asked once for the text and for how values are converted; a run is then the driver's work alone.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Dialect, Select
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.types import TypeEngine

Row = Mapping[str, Any]
_Convert = Callable[[Any], Any]
_KEPT = "baton.cursor"
_LONGEST, _MOST_PARAMETERS = 4096, 50
"""What psycopg 3 remembers at most of how a statement is sent."""
_Taken = TypeVar("_Taken")


class Hot:
    """A statement whose text never changes.

    Every parameter is bound by name and none is a list. Safe to share between threads and
    databases. ``on_sqlite`` is the same in SQLite's words, where these differ. Errors are
    SQLAlchemy's.
    """

    def __init__(
        self,
        statement: UpdateBase | Select[*tuple[Any, ...]],
        *,
        on_sqlite: UpdateBase | None = None,
    ) -> None:
        self._statement = statement
        self._on_sqlite = on_sqlite
        self._forms: dict[str, _Form] = {}

    def first(self, connection: Connection, values: Mapping[str, object]) -> Row | None:
        """Run within the caller's transaction; give the row it returned, if any."""
        return self.first_on(connection.connection, connection.dialect, values)

    def all(self, connection: Connection, values: Mapping[str, object]) -> list[Row]:
        """Run within the caller's transaction; give every row it returned."""
        form = self._form(connection.dialect)
        return form.execute(connection.connection, values, form.fetch_all)

    def count(self, connection: Connection, values: Mapping[str, object]) -> int:
        """Run within the caller's transaction; give how many rows it changed."""
        return self.count_on(connection.connection, connection.dialect, values)

    def each(self, connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
        """Run once for every row, within the caller's transaction; the database sees them at once
        where its driver can do that."""
        form = self._form(connection.dialect)
        if len(rows) == 1:
            # By itself: a driver that can send many at once waits for their end once more.
            form.execute(connection.connection, rows[0], _count)
        else:
            form.each(connection.connection, rows)

    def first_on(
        self, borrowed: PoolProxiedConnection, dialect: Dialect, values: Mapping[str, object]
    ) -> Row | None:
        """Run on a connection of the pool; give the row it returned, if any."""
        form = self._form(dialect)
        return form.execute(borrowed, values, form.fetch)

    def count_on(
        self, borrowed: PoolProxiedConnection, dialect: Dialect, values: Mapping[str, object]
    ) -> int:
        """Run on a connection of the pool; give how many rows it changed."""
        return self._form(dialect).execute(borrowed, values, _count)

    def _form(self, dialect: Dialect) -> _Form:
        form = self._forms.get(dialect.name)
        if form is None:
            # Two threads may both get here; they build the same.
            statement = self._statement
            if dialect.name == "sqlite" and self._on_sqlite is not None:
                statement = self._on_sqlite
            form = self._forms[dialect.name] = _Form(statement, dialect)
        return form


class _Form:
    """A statement as one kind of database takes it."""

    def __init__(self, statement: UpdateBase | Select[*tuple[Any, ...]], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)
        self._dialect = dialect
        self._text = str(compiled)
        assert "POSTCOMPILE" not in self._text, "a list cannot be compiled once"
        remembered = len(self._text) <= _LONGEST and len(compiled.bind_names) <= _MOST_PARAMETERS
        assert remembered or dialect.name == "sqlite", "the driver would read it anew every time"
        self._order: Sequence[str] | None = compiled.positiontup
        self._given: list[tuple[str, _Convert | None]] = []
        self._fixed: dict[str, object] = {}
        for parameter, name in compiled.bind_names.items():
            convert = _impl(parameter.type, dialect).bind_processor(dialect)
            if parameter.required:
                self._given.append((name, convert))
            else:
                self._fixed[name] = _plain(parameter.effective_value, convert)
        self._columns = [(column.name, column.type) for column in statement.exported_columns]
        self._reading: list[tuple[str, _Convert | None]] | None = None

    def execute(
        self,
        borrowed: PoolProxiedConnection,
        values: Mapping[str, object],
        take: Callable[[DBAPICursor], _Taken],
    ) -> _Taken:
        with _translated(self._dialect, self._text), _cursor(borrowed, self._dialect) as cursor:
            cursor.execute(self._text, self._spelled(values))
            return take(cursor)

    def each(self, borrowed: PoolProxiedConnection, rows: Sequence[Mapping[str, object]]) -> None:
        """Run once for every row."""
        with _translated(self._dialect, self._text), _cursor(borrowed, self._dialect) as cursor:
            spelled = [self._spelled(row) for row in rows]
            cursor.executemany(self._text, cast("Sequence[Mapping[str, object]]", spelled))

    def _spelled(self, values: Mapping[str, object]) -> Mapping[str, object] | Sequence[object]:
        parameters = dict(self._fixed)
        for name, convert in self._given:
            value = values[name]
            parameters[name] = value if convert is None else convert(value)
        order = self._order
        return parameters if order is None else [parameters[name] for name in order]

    def fetch(self, cursor: DBAPICursor) -> Row | None:
        """Give the first row by its columns' names."""
        rows = self.fetch_all(cursor)
        return rows[0] if rows else None

    def fetch_all(self, cursor: DBAPICursor) -> list[Row]:
        """Give the rows by their columns' names."""
        # Also where one is wanted, because SQLite commits when a statement has none left to give.
        rows = cursor.fetchall()
        if not rows:
            return []
        reading = self._reading
        if reading is None:
            reading = self._reading = self._readers(cursor)
        return [
            {
                name: value if convert is None else convert(value)
                for (name, convert), value in zip(reading, row, strict=True)
            }
            for row in rows
        ]

    def _readers(self, cursor: DBAPICursor) -> list[tuple[str, _Convert | None]]:
        """Say how each column is read; some types depend on what the database says it sends."""
        return [
            (name, _impl(kind, self._dialect).result_processor(self._dialect, described[1]))
            for (name, kind), described in zip(self._columns, cursor.description, strict=True)
        ]


def command(connection: Connection, text: str) -> None:
    """Run a statement without parameters, such as ``BEGIN``."""
    dialect = connection.dialect
    with _translated(dialect, text), _cursor(connection.connection, dialect) as cursor:
        cursor.execute(text)


@contextmanager
def _cursor(borrowed: PoolProxiedConnection, dialect: Dialect) -> Generator[DBAPICursor]:
    """Give the connection's own cursor: on PostgreSQL a new one takes as long as half a statement.

    SQLite's must be closed, or a statement that has rows left to give stays open.
    """
    if dialect.name != "sqlite":
        cursor = borrowed.info.get(_KEPT)
        if cursor is None:
            cursor = borrowed.info[_KEPT] = borrowed.cursor()
        yield cursor
        return
    cursor = borrowed.cursor()
    try:
        yield cursor
    finally:
        cursor.close()


@contextmanager
def _translated(dialect: Dialect, text: str) -> Generator[None]:
    """Raise the driver's errors as SQLAlchemy's, without the parameters they were about."""
    try:
        yield
    except dialect.loaded_dbapi.Error as error:
        raise DBAPIError.instance(
            text, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect
        ) from error


def _impl(kind: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    return kind.dialect_impl(dialect)


def _plain(value: object, convert: _Convert | None) -> object:
    value = value if convert is None else convert(value)
    return value.value if isinstance(value, Enum) else value


def _count(cursor: DBAPICursor) -> int:
    return cursor.rowcount
