"""Statements on what people think of answers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from runtime.domain.conversation import Person
from runtime.storage.channel_tables import rating as table

_c = table.c


def put(
    connection: Connection, run_id: str, person: Person, *, good: bool, surface: str, now: datetime
) -> None:
    """Store what somebody thinks; the same person again replaces it, also twice at once."""
    insert = sqlite_insert if connection.dialect.name == "sqlite" else postgresql_insert
    values: dict[str, object] = {
        "name": person.name, "good": good, "surface": surface, "at": now,
    }  # fmt: skip
    connection.execute(
        insert(table)
        .values(run_id=run_id, principal=person.principal, **values)
        .on_conflict_do_update(index_elements=[_c.run_id, _c.principal], set_=values)
    )


def of_run(connection: Connection, run_id: str) -> tuple[int, int]:
    """Count who found a run's answer good, and who bad."""
    statement = select(_c.good, func.count()).where(_c.run_id == run_id).group_by(_c.good)
    counts = {bool(row[0]): int(row[1]) for row in connection.execute(statement)}
    return counts.get(True, 0), counts.get(False, 0)
