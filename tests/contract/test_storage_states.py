"""The database itself refuses every change of state that ``domain.states`` does not allow."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import pytest
from sqlalchemy import Boolean, Float, Integer, Table, insert, select, update
from sqlalchemy.exc import IntegrityError

from runtime.domain.states import (
    LEGAL_APPROVAL,
    LEGAL_RUN,
    LEGAL_STEP,
    ApprovalStatus,
    RunStatus,
    StepStatus,
)
from runtime.storage import tables
from runtime.storage.columns import UtcDateTime
from runtime.storage.database import Database
from runtime.testing import START

Guarded = tuple[Table, type[StrEnum], Mapping[Any, frozenset[Any]]]
GUARDED: dict[str, Guarded] = {
    "run": (tables.run, RunStatus, LEGAL_RUN),
    "step": (tables.step, StepStatus, LEGAL_STEP),
    "approval": (tables.approval, ApprovalStatus, LEGAL_APPROVAL),
}


def fill(table: Table, **values: object) -> dict[str, object]:
    """Give a row with something in every column that must not be empty."""
    row: dict[str, object] = {}
    for column in table.c:
        if column.nullable or column.name in values or column.name == "number":
            continue
        if isinstance(column.type, UtcDateTime):
            row[column.name] = START
        else:
            row[column.name] = 0 if isinstance(column.type, (Integer, Float, Boolean)) else ""
    return {**row, **values}


def try_change(database: Database, guarded: Guarded, before: StrEnum, after: StrEnum) -> bool:
    """Tell whether the database lets a row go from one state to another."""
    table, _, _ = guarded
    id = f"{table.name}_{before}_{after}"
    with database.write() as connection:
        connection.execute(insert(table).values(**fill(table, id=id, status=before.value)))
    try:
        with database.write() as connection:
            connection.execute(update(table).where(table.c.id == id).values(status=after.value))
    except IntegrityError as error:
        if f"illegal change of {table.name} state" not in str(error):
            raise
    with database.read() as connection:
        return connection.execute(select(table.c.status).where(table.c.id == id)).scalar() == after


@pytest.mark.parametrize("name", list(GUARDED))
def test_exactly_the_legal_changes_of_state_are_possible(database: Database, name: str) -> None:
    guarded = GUARDED[name]
    _, states, legal = guarded

    possible = {
        (before, after)
        for before in states
        for after in states
        if before != after and try_change(database, guarded, before, after)
    }

    assert possible == {(before, after) for before in states for after in legal[before]}


@pytest.mark.parametrize("name", list(GUARDED))
def test_writing_a_state_over_itself_is_no_change(database: Database, name: str) -> None:
    guarded = GUARDED[name]

    assert all(try_change(database, guarded, state, state) for state in guarded[1])
