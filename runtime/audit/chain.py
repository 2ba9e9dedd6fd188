"""Append to a run's chain, and check it.

Each digest covers its record and the digest before it, so a change, removal or re-ordering shows.
The run's row is the only lock: runs do not wait for each other, and the order of the whole log is
made afterwards, by the sweep.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from runtime.audit import personal
from runtime.audit.record import START, as_json, digest, plain
from runtime.domain.json import JsonObject, object_of
from runtime.domain.run import AuditRecord
from runtime.storage import audits
from runtime.storage.connection import Connection

Fact = tuple[datetime, str, JsonObject]
"""When, what happened in the past tense, and what there is to say about it."""
EXPIRED: Final = None
"""What stands for the facts of a record whose time is over."""


def first(
    connection: Connection,
    run_id: str,
    event: str,
    facts: JsonObject,
    *,
    now: datetime,
    key: personal.Key | None,
) -> AuditRecord:
    """Make the first record of a run that this very transaction adds: nobody else sees it yet, so
    there is nothing to lock and nothing before it. ``key`` is the person's, where it is known."""
    return _next(run_id, None, (now, event, _kept(connection, run_id, facts, "", now, key=key)))


def append(
    connection: Connection, run_id: str, event: str, facts: JsonObject, *, now: datetime
) -> None:
    """Record a fact in the caller's transaction; recording the same fact again changes nothing."""
    audits.lock(connection, run_id)
    requester, before = audits.tip(connection, run_id)
    kept = _kept(connection, run_id, facts, requester, now)
    if before is not None and audits.has(connection, run_id=run_id, event=event, facts=kept):
        return
    audits.add(connection, [_next(run_id, before, (now, event, kept))])


def append_all(
    connection: Connection, run_id: str, facts: Sequence[Fact], *, now: datetime
) -> None:
    """Record several facts in order, in the caller's transaction; who calls knows they are new and
    has locked the run."""
    requester, before = audits.tip(connection, run_id)
    made: list[AuditRecord] = []
    for at, event, one in facts:
        kept = _kept(connection, run_id, one, requester, now)
        before = _next(run_id, before, (at, event, kept))
        made.append(before)
    if made:
        audits.add(connection, made)


def first_broken(records: Sequence[AuditRecord]) -> int | None:
    """Give the sequence of the first record that does not fit the chain, or None."""
    previous = START
    for expected, record in enumerate(records, start=1):
        fits = record.facts is EXPIRED or record.digest == digest(
            as_json(record, previous=previous)
        )
        if record.sequence != expected or not fits:
            return record.sequence
        previous = record.digest
    return None


def _kept(
    connection: Connection,
    run_id: str,
    facts: JsonObject,
    requester: str,
    now: datetime,
    *,
    key: personal.Key | None = None,
) -> JsonObject:
    """Give facts as they are stored: fit for hashing, people's words sealed."""
    said_by = str(facts.get("by") or facts.get("requester") or requester)
    fit = object_of(plain(facts))
    return personal.seal(connection, fit, run_id=run_id, person=said_by, now=now, key=key)


def _next(run_id: str, before: AuditRecord | None, fact: Fact) -> AuditRecord:
    at, event, facts = fact
    bare = AuditRecord(
        run_id=run_id,
        sequence=before.sequence + 1 if before else 1,
        at=at,
        event=event,
        facts=dict(facts),
        digest="",
    )
    previous = before.digest if before else START
    return replace(bare, digest=digest(as_json(bare, previous=previous)))
