"""Statements on audit records: a chain for each run, in one log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, insert, literal, select, update

from runtime.domain.json import Json
from runtime.domain.run import AuditRecord
from runtime.storage.audit_tables import audit as table
from runtime.storage.hot import Hot
from runtime.storage.tables import run

_c = table.c
_COLUMNS = (
    _c.run_id,
    _c.sequence,
    _c.at,
    _c.event,
    _c.facts,
    _c.digest,
    _c.position,
)
_PLACING = (
    update(table)
    .where(_c.run_id == bindparam("the_run"), _c.sequence == bindparam("the_sequence"))
    .values(position=bindparam("new_position"))
)


_LOCK = Hot(select(run.c.id).where(run.c.id == bindparam("the_run")).with_for_update())
_TIP = Hot(
    select(run.c.requester, *_COLUMNS)
    .select_from(run.outerjoin(table, _c.run_id == run.c.id))
    .where(run.c.id == bindparam("the_run"))
    .order_by(_c.sequence.desc())
    .limit(literal(1))
)
_FACTS = Hot(
    select(_c.facts).where(_c.run_id == bindparam("the_run"), _c.event == bindparam("the_event"))
)
GIVEN = ("run_id", "sequence", "at", "event", "facts", "digest")
"""The columns of a new record; the sweep gives it its position."""
_ADD = Hot(
    insert(table).values({name: bindparam(f"new_{name}", type_=_c[name].type) for name in GIVEN})
)


def lock(connection: Connection, run_id: str) -> None:
    """Lock a run so that two appends cannot fork its chain."""
    _LOCK.first(connection, {"the_run": run_id})


def tip(connection: Connection, run_id: str) -> tuple[str, AuditRecord | None]:
    """Name who asked for a run, and give its newest record; the run is locked already."""
    row = _TIP.first(connection, {"the_run": run_id})
    if row is None:
        return "", None
    record = {column.name: row[column.name] for column in _COLUMNS}
    return str(row["requester"] or ""), AuditRecord(**record) if record["run_id"] else None


def has(connection: Connection, *, run_id: str, event: str, facts: Json) -> bool:
    """Tell whether this very fact is on record already (a handler may be entered again)."""
    rows = _FACTS.all(connection, {"the_run": run_id, "the_event": event})
    return any(row["facts"] == facts for row in rows)


def add(connection: Connection, records: Sequence[AuditRecord]) -> None:
    """Append records."""
    _ADD.each(
        connection,
        [{f"new_{name}": value for name, value in row(record).items()} for record in records],
    )


def row(record: AuditRecord) -> dict[str, object]:
    """Give a record as a new row."""
    return {name: getattr(record, name) for name in GIVEN}


def of_run(connection: Connection, run_id: str) -> list[AuditRecord]:
    """Give a run's records in order."""
    statement = select(*_COLUMNS).where(_c.run_id == run_id).order_by(_c.sequence)
    return [AuditRecord(**row) for row in connection.execute(statement).mappings()]


def runs_of(connection: Connection, requester: str) -> list[str]:
    """Name the runs that somebody asked for, oldest first."""
    statement = select(run.c.id).where(run.c.requester == requester).order_by(run.c.number)
    return list(connection.execute(statement).scalars())


def unplaced(connection: Connection, *, limit: int) -> list[tuple[str, int, str]]:
    """Give run, sequence and digest of records that are not in the log yet, in order."""
    statement = (
        select(_c.run_id, _c.sequence, _c.digest)
        .where(_c.position.is_(None))
        .order_by(_c.run_id, _c.sequence)
        .limit(limit)
    )
    return [(row.run_id, row.sequence, row.digest) for row in connection.execute(statement)]


def place(connection: Connection, placed: Sequence[tuple[str, int, int]]) -> None:
    """Give records, named by run and sequence, their positions in the log."""
    connection.execute(
        _PLACING,
        [
            {"the_run": run_id, "the_sequence": sequence, "new_position": position}
            for run_id, sequence, position in placed
        ],
    )


def log_size(connection: Connection) -> int:
    """Count the records in the log."""
    last_position = connection.execute(select(func.max(_c.position))).scalar_one_or_none()
    return 0 if last_position is None else int(last_position) + 1


def leaves(connection: Connection, first: int, last: int) -> list[tuple[int, str]]:
    """Give positions and digests from ``first`` up to, and without, ``last``."""
    statement = (
        select(_c.position, _c.digest)
        .where(_c.position >= first, _c.position < last)
        .order_by(_c.position)
    )
    return [(row.position, row.digest) for row in connection.execute(statement)]


def runs_on_record(connection: Connection, *, after: str, limit: int) -> list[str]:
    """Name runs that have records, in the order of their ids."""
    statement = (
        select(_c.run_id).where(_c.run_id > after).distinct().order_by(_c.run_id).limit(limit)
    )
    return list(connection.execute(statement).scalars())


def expire(connection: Connection, *, before: datetime, limit: int) -> int:
    """Take the facts out of records whose time is over; their hashes keep the log whole."""
    old = connection.execute(
        select(_c.run_id, _c.sequence)
        .where(_c.at < before, _c.facts.is_not(None), _c.position.is_not(None))
        .limit(limit)
    ).all()
    for row in old:
        connection.execute(
            update(table)
            .where(_c.run_id == row.run_id, _c.sequence == row.sequence)
            .values(facts=None)
        )
    return len(old)
