"""Statements on questions to the requester about an approval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update

from runtime.domain.approval import Inquiry
from runtime.domain.states import ApprovalStatus
from runtime.storage.hot import Hot
from runtime.storage.tables import approval
from runtime.storage.tables import inquiry as table

_c = table.c
PREFIX = "inq"
"""What their ids begin with, which tells them from the steps that ask."""
_INQUIRIES = select(*_c).order_by(_c.at, _c.id)
_OF_ONE = Hot(_INQUIRIES.where(_c.approval_id == bindparam("the_approval")))
_OPEN_IN = Hot(
    select(*_c)
    .join(approval, approval.c.id == _c.approval_id)
    .where(
        _c.run_id == bindparam("the_run"),
        _c.answered_at.is_(None),
        approval.c.status == ApprovalStatus.PENDING,
    )
    .order_by(_c.at, _c.id)
)


def add(connection: Connection, asked: Inquiry, *, run_id: str) -> None:
    """Insert an open question."""
    connection.execute(
        insert(table).values(
            id=asked.id,
            approval_id=asked.approval_id,
            run_id=run_id,
            asked_by=asked.asked_by,
            asked_by_name=asked.asked_by_name,
            text=asked.text,
            surface=asked.surface,
            at=asked.at,
            answer="",
            answered_by_name="",
        )
    )


def find(connection: Connection, inquiry_id: str) -> Inquiry | None:
    """Give one question."""
    row = connection.execute(select(*_c).where(_c.id == inquiry_id)).mappings().first()
    return _from_row(row) if row else None


def of_approvals(connection: Connection, approval_ids: Sequence[str]) -> list[Inquiry]:
    """Give what was asked about these approvals, oldest first."""
    if len(approval_ids) == 1:
        rows = _OF_ONE.all(connection, {"the_approval": approval_ids[0]})
        return [_from_row(row) for row in rows]
    statement = _INQUIRIES.where(_c.approval_id.in_(approval_ids))
    return [_from_row(row) for row in connection.execute(statement).mappings()]


def open_in(connection: Connection, run_id: str) -> list[Inquiry]:
    """Give a run's questions that nobody has answered and that still matter, oldest first."""
    return [_from_row(row) for row in _OPEN_IN.all(connection, {"the_run": run_id})]


def answer(connection: Connection, inquiry_id: str, *, text: str, name: str, at: datetime) -> bool:
    """Record the answer; False where somebody was faster."""
    result = connection.execute(
        update(table)
        .where(_c.id == inquiry_id, _c.answered_at.is_(None))
        .values(answer=text, answered_by_name=name, answered_at=at)
    )
    return result.rowcount == 1


def _from_row(row: RowMapping | Mapping[str, Any]) -> Inquiry:
    return Inquiry(
        id=row["id"],
        approval_id=row["approval_id"],
        asked_by=row["asked_by"],
        asked_by_name=row["asked_by_name"],
        text=row["text"],
        surface=row["surface"],
        at=row["at"],
        answer=row["answer"],
        answered_by_name=row["answered_by_name"],
        answered_at=row["answered_at"],
    )
