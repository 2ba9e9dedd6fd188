"""Insert a row or change the one that is there already, in one statement that locks it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import ColumnCollection, ColumnElement, Table
from sqlalchemy.dialects import postgresql, sqlite

from runtime.storage.hot import Hot

New = ColumnCollection[str, ColumnElement[Any]]
"""The row that was to be inserted, as the change may refer to it."""


def upserting(
    table: Table,
    dialect: Any,
    *,
    key: Sequence[str],
    change: Callable[[New], Mapping[str, object]],
    only_if: Callable[[New], ColumnElement[bool]] | None = None,
    returning: Sequence[ColumnElement[Any]] = (),
) -> Any:
    """Give the statement in one dialect; its parameters are all columns of the table.

    ``key`` names the columns of a unique constraint. With ``only_if``, a row that is there and
    does not fit stays as it is, and nothing is returned.
    """
    statement = dialect.insert(table)
    new = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=list(key),
        set_=dict(change(new)),
        where=only_if(new) if only_if is not None else None,
    )
    return statement.returning(*returning) if returning else statement


def upsert(
    table: Table,
    *,
    key: Sequence[str],
    change: Callable[[New], Mapping[str, object]],
    only_if: Callable[[New], ColumnElement[bool]] | None = None,
    returning: Sequence[ColumnElement[Any]] = (),
) -> Hot:
    """Give the statement for both databases, as ``upserting`` makes it."""
    of = partial(upserting, table, key=key, change=change, only_if=only_if, returning=returning)
    return Hot(of(postgresql), on_sqlite=of(sqlite))


def insert_unless_there(table: Table, *, key: Sequence[str]) -> Hot:
    """Give a statement that inserts nothing where the key is taken; its parameters are all columns.

    Where another transaction is about to take the key, it waits to see whether that one does.
    """

    def of(dialect: Any) -> Any:
        return dialect.insert(table).on_conflict_do_nothing(index_elements=list(key))

    return Hot(of(postgresql), on_sqlite=of(sqlite))
