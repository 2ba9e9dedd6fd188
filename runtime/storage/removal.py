"""Statements that remove what a run's time is over for. Each touches a few rows; callers commit.

A part of a run is first marked as going, under the run's lock: from then on nobody relies on it.
Then it goes, batch by batch, and a crash in between leaves a mark that is found again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    update,
)

from runtime.domain.retention import Kept, Part
from runtime.domain.run import EVIDENCE
from runtime.domain.states import ApprovalStatus, RunStatus, StepStatus
from runtime.storage import runs
from runtime.storage.governance_tables import grant, handover, inquiry
from runtime.storage.tables import (
    KEEPING,
    UNRECORDED,
    approval,
    approval_decision,
    artifact,
    blob,
    delivery,
    inbox,
    run,
    signal,
    step,
)

_MOVING: Final = (StepStatus.READY, StepStatus.RUNNING, StepStatus.WAITING)
_TEXTS: Final = (step.c.input, step.c.output, step.c.output_blob, step.c.error)
Ended = tuple[datetime, str]
"""When a run ended, and its id."""


def due(
    connection: Connection, part: Part, *, before: datetime, after: Ended | None, limit: int
) -> list[Ended]:
    """Give runs that ended before a moment and still have a part, the oldest first."""
    statement = (
        select(run.c.finished_at, run.c.id)
        .where(text(KEEPING[part]), run.c.finished_at < before)
        .order_by(run.c.finished_at, run.c.id)
        .limit(limit)
    )
    if after is not None:
        at, run_id = after
        later = and_(run.c.finished_at == at, run.c.id > run_id)
        statement = statement.where(or_(run.c.finished_at > at, later))
    return [(row.finished_at, row.id) for row in connection.execute(statement)]


def count_due(connection: Connection, part: Part, *, before: datetime) -> int:
    """Count the runs that ended before a moment and still have a part."""
    statement = select(func.count()).where(text(KEEPING[part]), run.c.finished_at < before)
    return int(connection.execute(statement.select_from(run)).scalar_one())


def oldest(connection: Connection, part: Part, *, since: datetime) -> datetime | None:
    """Give when the first run ended that has a part and is not due yet."""
    statement = select(func.min(run.c.finished_at)).where(
        text(KEEPING[part]), run.c.finished_at >= since
    )
    return connection.execute(statement.select_from(run)).scalar_one_or_none()


def begin(connection: Connection, run_id: str, part: Part) -> bool | None:
    """Lock a run and mark a part of it as going; True where it was not before.

    None where the run has to be left alone: it is at work, something of it is still being decided,
    or the audit has not taken up all of its calls.
    """
    runs.lock(connection, run_id)
    row = connection.execute(select(run.c[part], run.c.status).where(run.c.id == run_id)).first()
    if row is None or row.status == RunStatus.ACTIVE or not _is_quiet(connection, run_id):
        return None
    connection.execute(
        update(run).where(run.c.id == run_id, run.c[part] == Kept.KEPT).values({part: Kept.GOING})
    )
    return row[0] == Kept.KEPT


def lock(connection: Connection, run_id: str) -> None:
    """Lock the run, before its parts, as everybody does."""
    runs.lock(connection, run_id)


def end(connection: Connection, run_id: str, part: Part) -> None:
    """Mark a part of a run as gone."""
    connection.execute(update(run).where(run.c.id == run_id).values({part: Kept.GONE}))


def empty_steps(connection: Connection, run_id: str, *, limit: int) -> int:
    """Take what went in and came out of one batch of a run's steps; give how many there were."""
    full = or_(*(column.is_not(None) for column in _TEXTS))
    found = connection.execute(
        select(step.c.id, step.c.output_blob).where(_of(run_id), full).limit(limit)
    ).all()
    if found:
        nothing = dict.fromkeys((column.name for column in _TEXTS), None)
        chosen = step.c.id.in_([row.id for row in found])
        connection.execute(update(step).where(chosen).values(nothing))
        _drop_blobs(connection, (row.output_blob for row in found))
    return len(found)


def drop_steps(connection: Connection, run_id: str, *, limit: int) -> int:
    """Remove one batch of a run's steps; give how many there were."""
    found = connection.execute(
        select(step.c.id, step.c.output_blob)
        .where(_of(run_id))
        .order_by(step.c.id.desc())
        .limit(limit)
    ).all()
    if found:
        connection.execute(delete(step).where(step.c.id.in_([row.id for row in found])))
        _drop_blobs(connection, (row.output_blob for row in found))
    return len(found)


def drop_signals(connection: Connection, run_id: str, *, limit: int) -> int:
    """Remove one batch of the news a run was told; give how many there were."""
    return _drop(connection, signal, signal.c.run_id == run_id, limit=limit)


def drop_files(connection: Connection, run_id: str, *, limit: int) -> int:
    """Remove one batch of a run's files; give how many there were."""
    found = connection.execute(
        select(artifact.c.id, artifact.c.digest).where(artifact.c.run_id == run_id).limit(limit)
    ).all()
    if found:
        connection.execute(delete(artifact).where(artifact.c.id.in_([row.id for row in found])))
        _drop_blobs(connection, (row.digest for row in found))
    return len(found)


def drop_evidence(connection: Connection, run_id: str | None, *, before: datetime) -> None:
    """Remove the evidence that was made of a run, or of all with None, before a moment."""
    which = and_(artifact.c.step_id == EVIDENCE, artifact.c.at < before)
    if run_id is not None:
        which = and_(which, artifact.c.run_id == run_id)
    found = connection.execute(select(artifact.c.id, artifact.c.digest).where(which)).all()
    connection.execute(delete(artifact).where(artifact.c.id.in_([row.id for row in found])))
    _drop_blobs(connection, (row.digest for row in found))


def drop_deliveries(connection: Connection, run_id: str, *, limit: int) -> int:
    """Remove one batch of what was to be posted about a run; give how many there were."""
    home = select(run.c.conversation_id).where(run.c.id == run_id).scalar_subquery()
    asked = select(approval.c.id).where(approval.c.run_id == run_id)
    about = or_(
        delivery.c.conversation_id == home,
        delivery.c.subject_id == run_id,
        delivery.c.subject_id.in_(asked),
    )
    return _drop(connection, delivery, and_(delivery.c.run_id == run_id, about), limit=limit)


def drop_words(connection: Connection, run_id: str, *, mark: str, name: str | None) -> None:
    """Put a mark in the place of what was written for a run, by people and by agents.

    ``name`` takes the place of the requester's name; None leaves it.
    """
    said = {"reason": mark, "arguments": None}
    asked = select(approval.c.id).where(approval.c.run_id == run_id)
    home = select(run.c.conversation_id).where(run.c.id == run_id).scalar_subquery()
    _set(connection, approval_decision, approval_decision.c.approval_id.in_(asked), said)
    _set(connection, inquiry, inquiry.c.run_id == run_id, {"text": mark, "answer": mark})
    _set(connection, handover, handover.c.run_id == run_id, {"reason": mark})
    _set(connection, grant, grant.c.run_id == run_id, {"where": {}})
    words = {
        "arguments": {},
        "preview": {"what": mark},
        "reason": mark,
        "decision_reason": mark,
        "editable_schema": None,
        "differences": None,
    }
    _set(connection, approval, approval.c.run_id == run_id, words)
    # The keys stay: what was said once is not taken again.
    said_here = and_(inbox.c.conversation_id == home, inbox.c.run_id == run_id)
    _set(connection, inbox, said_here, {"text": "", **({"name": name} if name else {})})
    own: dict[str, object] = {"request": mark, "goal": mark, "input": None, "error": None}
    own |= {"answer": mark, "sources": None, **({"requester_name": name} if name else {})}
    _set(connection, run, run.c.id == run_id, own)


def _set(
    connection: Connection, table: Any, which: ColumnElement[bool], values: dict[str, Any]
) -> None:
    connection.execute(update(table).where(which).values(values))


def _drop(connection: Connection, table: Any, which: ColumnElement[bool], *, limit: int) -> int:
    ids = connection.execute(select(table.c.id).where(which).limit(limit)).scalars().all()
    if ids:
        connection.execute(delete(table).where(table.c.id.in_(ids)))
    return len(ids)


def _of(run_id: str) -> ColumnElement[bool]:
    """Say "a step of this run" by the primary key: ids begin with their run's."""
    return and_(step.c.id >= f"{run_id}:", step.c.id < f"{run_id};")


def _is_quiet(connection: Connection, run_id: str) -> bool:
    unrecorded = and_(_of(run_id), text(UNRECORDED))
    moving = and_(_of(run_id), step.c.status.in_(_MOVING))
    asked = and_(approval.c.run_id == run_id, approval.c.status == ApprovalStatus.PENDING)
    return not connection.execute(
        select(
            or_(
                exists(select(literal(1)).where(unrecorded).select_from(step)),
                exists(select(literal(1)).where(moving).select_from(step)),
                exists(select(literal(1)).where(asked).select_from(approval)),
            )
        )
    ).scalar_one()


def _drop_blobs(connection: Connection, digests: Iterable[str | None]) -> None:
    """Remove bytes that nothing names any more. The same bytes may be another run's as well."""
    named: Sequence[str] = sorted({digest for digest in digests if digest})
    if not named:
        return
    # Whoever stores the same bytes at this moment holds this lock, and is seen afterwards.
    connection.execute(
        select(blob.c.digest).where(blob.c.digest.in_(named)).order_by(blob.c.digest)
        .with_for_update()
    ).all()  # fmt: skip
    used = select(step.c.output_blob).where(step.c.output_blob.in_(named))
    kept = select(artifact.c.digest).where(artifact.c.digest.in_(named))
    still = {*connection.execute(used).scalars(), *connection.execute(kept).scalars()}
    gone = [digest for digest in named if digest not in still]
    connection.execute(delete(blob).where(blob.c.digest.in_(gone)))
