"""Statements on what people think of answers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select

from runtime.domain.conversation import Person
from runtime.storage.channel_tables import rating as table
from runtime.storage.upsert import upsert

_c = table.c
_PUT = upsert(
    table,
    key=("run_id", "principal"),
    change=lambda new: {name: new[name] for name in ("name", "good", "surface", "at")},
)


def put(
    connection: Connection, run_id: str, person: Person, *, good: bool, surface: str, now: datetime
) -> None:
    """Store what somebody thinks; the same person again replaces it."""
    _PUT.count(
        connection,
        {
            "run_id": run_id,
            "principal": person.principal,
            "name": person.name,
            "good": good,
            "surface": surface,
            "at": now,
        },
    )


def of_run(connection: Connection, run_id: str) -> tuple[int, int]:
    """Count who found a run's answer good, and who bad."""
    statement = select(_c.good, func.count()).where(_c.run_id == run_id).group_by(_c.good)
    counts = {bool(row[0]): int(row[1]) for row in connection.execute(statement)}
    return counts.get(True, 0), counts.get(False, 0)
