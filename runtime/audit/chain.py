"""Append to a run's chain, and check it.

Each digest covers its record and the digest before it, so a change, removal or re-ordering shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from runtime.domain import canonical
from runtime.domain.json import Json, JsonObject
from runtime.domain.run import AuditRecord
from runtime.storage import audits
from runtime.storage.connection import Connection

_START = "0" * 64


def append(
    connection: Connection, run_id: str, event: str, facts: JsonObject, *, now: datetime
) -> None:
    """Record a fact in the caller's transaction; recording the same fact again changes nothing."""
    before = audits.last(connection, run_id)
    if before is not None and audits.has(connection, run_id=run_id, event=event, facts=facts):
        return
    sequence = before.sequence + 1 if before else 1
    previous = before.digest if before else _START
    audits.add(
        connection,
        AuditRecord(
            run_id=run_id,
            sequence=sequence,
            at=now,
            event=event,
            facts=facts,
            digest=_digest(run_id, sequence, now, event, facts, previous),
        ),
    )


def first_broken(records: Sequence[AuditRecord]) -> int | None:
    """Give the sequence of the first record that does not fit the chain, or None."""
    previous = _START
    for expected, record in enumerate(records, start=1):
        digest = _digest(
            record.run_id, record.sequence, record.at, record.event, record.facts, previous
        )
        if record.sequence != expected or digest != record.digest:
            return record.sequence
        previous = record.digest
    return None


def _digest(
    run_id: str, sequence: int, at: datetime, event: str, facts: Json, previous: str
) -> str:
    return canonical.digest(
        {
            "run": run_id,
            "sequence": sequence,
            "at": audits.when(at),
            "event": event,
            "facts": facts,
            "previous": previous,
        }
    )
