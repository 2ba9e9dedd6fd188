"""Statements on who has handed one approval to whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, select

from runtime.domain.approval import HandedOver
from runtime.storage.governance_tables import handover as table
from runtime.storage.hot import Hot
from runtime.storage.upsert import upsert

_c = table.c
_HANDED = select(*_c).order_by(_c.at, _c.principal)
_OF_ONE = Hot(_HANDED.where(_c.approval_id == bindparam("the_approval")))
_PUT = upsert(
    table,
    key=("approval_id", "principal"),
    change=lambda new: {
        name: new[name]
        for name in ("name", "successor", "successor_name", "reason", "stage", "surface", "at")
    },
)


def put(connection: Connection, one: HandedOver, *, run_id: str) -> None:
    """Insert one, in place of what the same person handed on before."""
    _PUT.count(
        connection,
        {
            "approval_id": one.approval_id,
            "principal": one.principal,
            "run_id": run_id,
            "name": one.name,
            "successor": one.successor,
            "successor_name": one.successor_name,
            "reason": one.reason,
            "stage": one.stage,
            "surface": one.surface,
            "at": one.at,
        },
    )


def of_approvals(connection: Connection, approval_ids: Sequence[str]) -> list[HandedOver]:
    """Give what was handed on of these approvals, oldest first."""
    if len(approval_ids) == 1:
        rows = _OF_ONE.all(connection, {"the_approval": approval_ids[0]})
        return [_from_row(row) for row in rows]
    statement = _HANDED.where(_c.approval_id.in_(approval_ids))
    return [_from_row(row) for row in connection.execute(statement).mappings()]


def _from_row(row: RowMapping | Mapping[str, Any]) -> HandedOver:
    return HandedOver(
        approval_id=row["approval_id"],
        principal=row["principal"],
        name=row["name"],
        successor=row["successor"],
        successor_name=row["successor_name"],
        reason=row["reason"],
        stage=row["stage"],
        surface=row["surface"],
        at=row["at"],
    )
