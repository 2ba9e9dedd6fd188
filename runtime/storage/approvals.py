"""Statements on approvals. A question is answered by one conditional update, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, insert, select, update

from runtime.domain.approval import Approval, OnExpiry, Preview, Question, Stage, Verdict
from runtime.domain.states import ApprovalStatus
from runtime.storage.tables import approval as table
from runtime.storage.tables import approval_decision as said
from runtime.storage.tables import run

_c = table.c
_select: Select[Any] = select(*_c, run.c.number.label("run_number")).join(
    run, run.c.id == _c.run_id
)


def from_row(row: RowMapping | Mapping[str, Any]) -> Approval:
    """Give the domain value of a row."""
    return Approval(
        id=row["id"],
        number=row["number"],
        run_id=row["run_id"],
        run_number=row["run_number"],
        step_id=row["step_id"],
        question=Question(row["question"]),
        tool=row["tool"],
        arguments=row["arguments"] or {},
        digest=row["digest"],
        agent=row["agent"],
        policy=row["policy"],
        rule=row["rule"],
        reason=row["reason"],
        preview=Preview(**row["preview"]),
        stages=tuple(
            Stage(eligible=tuple(stage["eligible"]), quorum=stage["quorum"])
            for stage in row["stages"] or ()
        ),
        stage=row["stage"],
        status=ApprovalStatus(row["status"]),
        version=row["version"],
        nonce=row["nonce"],
        requester=row["requester"],
        on_expiry=OnExpiry(row["on_expiry"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        decided_by=row["decided_by"],
        decided_by_name=row["decided_by_name"],
        decided_at=row["decided_at"],
        decided_on=row["decided_on"],
        decision_reason=row["decision_reason"],
        verdict=Verdict(row["verdict"]) if row["verdict"] else None,
    )


def add(connection: Connection, approval: Approval, *, workspace: str) -> None:
    """Insert a question; its number is given by the database."""
    values = asdict(approval)
    del values["number"], values["run_number"], values["may_decide"]
    values["workspace"] = workspace
    values["stages"] = [asdict(stage) for stage in approval.stages]
    connection.execute(insert(table).values(**values))


def find(
    connection: Connection, ref: str, *, workspace: str | None, lock: bool = False
) -> Approval | None:
    """Give the approval that a person means by id or number, locked against other deciders."""
    ref = ref.strip().lstrip("#")
    is_number = ref.isascii() and ref.isdigit() and len(ref) < 18
    statement = _select.where(_c.number == int(ref) if is_number else _c.id == ref)
    if workspace is not None:
        statement = statement.where(_c.workspace == workspace)
    if lock:
        statement = statement.with_for_update(of=table)
    row = connection.execute(statement).mappings().first()
    return from_row(row) if row else None


def of_step(connection: Connection, step_id: str) -> Approval | None:
    """Give the newest approval that a step waits for."""
    statement = _select.where(_c.step_id == step_id).order_by(_c.number.desc()).limit(1)
    row = connection.execute(statement).mappings().first()
    return from_row(row) if row else None


def pending(
    connection: Connection, *, workspace: str | None, run_id: str | None, limit: int = 200
) -> list[Approval]:
    """Give what waits for people, oldest first."""
    statement = _select.where(_c.status == ApprovalStatus.PENDING).order_by(_c.number).limit(limit)
    if workspace is not None:
        statement = statement.where(_c.workspace == workspace)
    if run_id is not None:
        statement = statement.where(_c.run_id == run_id)
    return [from_row(row) for row in connection.execute(statement).mappings()]


def of_run(connection: Connection, run_id: str) -> list[Approval]:
    """Give every approval of a run, oldest first."""
    statement = _select.where(_c.run_id == run_id).order_by(_c.number)
    return [from_row(row) for row in connection.execute(statement).mappings()]


def rejected_before(connection: Connection, *, run_id: str, digest: str) -> Approval | None:
    """Give the rejection of the identical call in this run, if there was one."""
    statement = _select.where(
        _c.run_id == run_id, _c.digest == digest, _c.status == ApprovalStatus.REJECTED
    ).limit(1)
    row = connection.execute(statement).mappings().first()
    return from_row(row) if row else None


def say(connection: Connection, *, same_person: tuple[str, ...] = (), **values: object) -> bool:
    """Record one person's verdict in one stage; False where they have spoken already.

    ``same_person`` names their other accounts: a person counts once, wherever they speak.
    """
    known = connection.execute(
        select(said.c.id).where(
            said.c.approval_id == values["approval_id"],
            said.c.stage == values["stage"],
            said.c.principal.in_((values["principal"], *same_person)),
        )
    ).first()
    if known is not None:
        return False
    connection.execute(insert(said).values(**values))
    return True


def agreed(connection: Connection, approval_id: str, *, stage: int) -> int:
    """Count the people who have approved in a stage."""
    statement = select(said.c.id).where(
        said.c.approval_id == approval_id,
        said.c.stage == stage,
        said.c.verdict == Verdict.APPROVE,
    )
    return len(connection.execute(statement).all())


def change(
    connection: Connection, approval: Approval, *, expected_version: int, **values: object
) -> bool:
    """Change a pending approval if it is still as it was seen; False where somebody was faster."""
    result = connection.execute(
        update(table)
        .where(
            _c.id == approval.id,
            _c.status == ApprovalStatus.PENDING,
            _c.version == expected_version,
        )
        .values(version=_c.version + 1, **values)
    )
    return result.rowcount == 1


def supersede(connection: Connection, approval_id: str) -> None:
    """Void an approval that was given for something that has changed since."""
    connection.execute(
        update(table)
        .where(_c.id == approval_id, _c.status == ApprovalStatus.APPROVED)
        .values(status=ApprovalStatus.SUPERSEDED, version=_c.version + 1)
    )


def cancel_run(connection: Connection, run_id: str, *, now: datetime) -> list[str]:
    """Close every pending question of a run; name them."""
    statement = (
        update(table)
        .where(_c.run_id == run_id, _c.status == ApprovalStatus.PENDING)
        .values(status=ApprovalStatus.CANCELLED, decided_at=now, version=_c.version + 1)
        .returning(_c.id)
    )
    return list(connection.execute(statement).scalars())


def overdue(connection: Connection, *, now: datetime, limit: int) -> list[Approval]:
    """Give pending questions whose time is up; rows another sweep holds are skipped."""
    statement = (
        _select.where(_c.status == ApprovalStatus.PENDING, _c.expires_at <= now)
        .order_by(_c.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True, of=table)
    )
    return [from_row(row) for row in connection.execute(statement).mappings()]


def conversation_of(connection: Connection, approval_id: str) -> str:
    """Name the conversation of an approval's run."""
    statement = (
        select(run.c.conversation_id).join(table, _c.run_id == run.c.id).where(_c.id == approval_id)
    )
    return str(connection.execute(statement).scalar_one())


def turned_down(connection: Connection, run_id: str) -> list[Approval]:
    """Give the questions of a run that people rejected, or let expire."""
    refused = (ApprovalStatus.REJECTED, ApprovalStatus.EXPIRED)
    return [one for one in of_run(connection, run_id) if one.status in refused]
