"""Statements on which calls the audit has taken up."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, and_, select, text, update

from runtime.domain.step import Step
from runtime.storage import runs
from runtime.storage.steps import from_row
from runtime.storage.tables import UNRECORDED
from runtime.storage.tables import step as table

_c = table.c
_OPEN: ColumnElement[bool] = and_(text(UNRECORDED))


def unrecorded(connection: Connection, *, limit: int) -> list[Step]:
    """Give calls that have ended and are not on record, grouped by run."""
    chosen = (
        select(_c.id).where(_OPEN).order_by(_c.finished_at).limit(limit).subquery().alias("chosen")
    )
    statement = (
        select(*_c).join(chosen, chosen.c.id == _c.id).order_by(_c.run_id, _c.finished_at, _c.id)
    )
    return [from_row(row) for row in connection.execute(statement).mappings()]


def lock(connection: Connection, run_id: str) -> None:
    """Lock the run, before its steps, as everybody does."""
    runs.lock(connection, run_id)


def claim(connection: Connection, run_id: str, step_ids: Sequence[str] | None) -> list[Step]:
    """Mark calls of a run as on record and give those that were not, in the order of their ends."""
    statement = update(table).where(_c.run_id == run_id, _OPEN).values(recorded=True)
    if step_ids is not None:
        statement = statement.where(_c.id.in_(step_ids))
    else:
        # A run's steps lie side by side under their ids.
        statement = statement.where(_c.id > f"{run_id}:", _c.id < f"{run_id};")
    rows = connection.execute(statement.returning(*_c)).mappings()
    return sorted(map(from_row, rows), key=lambda step: (str(step.finished_at), step.id))
