"""Statements on the audit chain."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select

from runtime.domain.json import Json
from runtime.domain.run import AuditRecord
from runtime.storage.tables import audit as table
from runtime.storage.tables import run

_c = table.c


def last(connection: Connection, run_id: str) -> AuditRecord | None:
    """Give the newest record, with the run locked so that two appends cannot fork the chain."""
    connection.execute(select(run.c.number).where(run.c.id == run_id).with_for_update()).first()
    row = (
        connection.execute(
            select(*_c).where(_c.run_id == run_id).order_by(_c.sequence.desc()).limit(1)
        )
        .mappings()
        .first()
    )
    return AuditRecord(**row) if row else None


def has(connection: Connection, *, run_id: str, event: str, facts: Json) -> bool:
    """Tell whether this very fact is on record already (a handler may be entered again)."""
    rows = connection.execute(select(_c.facts).where(_c.run_id == run_id, _c.event == event))
    return any(row.facts == facts for row in rows)


def add(connection: Connection, record: AuditRecord) -> None:
    """Append a record."""
    connection.execute(
        insert(table).values(
            run_id=record.run_id,
            sequence=record.sequence,
            at=record.at,
            event=record.event,
            facts=record.facts,
            digest=record.digest,
        )
    )


def of_run(connection: Connection, run_id: str) -> list[AuditRecord]:
    """Give a run's records in order."""
    statement = select(*_c).where(_c.run_id == run_id).order_by(_c.sequence)
    return [AuditRecord(**row) for row in connection.execute(statement).mappings()]


def when(at: datetime) -> str:
    """Spell a time as the chain's digests do: the same on every database."""
    return at.isoformat(timespec="microseconds")
