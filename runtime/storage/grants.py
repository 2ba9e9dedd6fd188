"""Statements on grants. A use is taken by one conditional update, or not at all."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, RowMapping, Select, insert, select, update

from runtime.domain.grant import Bound, Grant
from runtime.storage.governance_tables import grant as table
from runtime.storage.governance_tables import grant_use as taken
from runtime.storage.tables import run

_c = table.c
_select: Select[tuple[object, ...]] = select(*_c, run.c.number.label("run_number")).join(
    run, run.c.id == _c.run_id
)


def add(connection: Connection, one: Grant, *, workspace: str) -> Grant:
    """Insert a grant; give it with its number."""
    number = connection.execute(
        insert(table)
        .values(
            id=one.id,
            workspace=workspace,
            run_id=one.run_id,
            tool=one.tool,
            where=[[bound.path, bound.test, bound.value] for bound in one.where],
            uses=one.uses,
            used=0,
            sum_path=one.sum_path,
            sum_limit=one.sum_limit,
            sum_used=0.0,
            given_by=one.given_by,
            given_by_name=one.given_by_name,
            given_at=one.given_at,
            expires_at=one.expires_at,
            revoked_by_name="",
        )
        .returning(_c.number)
    ).scalar_one()
    found = find(connection, str(number), workspace=None)
    assert found is not None
    return found


def find(connection: Connection, ref: str, *, workspace: str | None) -> Grant | None:
    """Give the grant a person means by number."""
    if not (ref.isascii() and ref.isdigit() and len(ref) < 10):
        return None
    statement = _select.where(_c.number == int(ref))
    if workspace is not None:
        statement = statement.where(_c.workspace == workspace)
    row = connection.execute(statement).mappings().first()
    return _from_row(row) if row else None


def usable(connection: Connection, *, run_id: str, tool: str, now: datetime) -> list[Grant]:
    """Give what is left of a run's grants for a tool, oldest first."""
    statement = _select.where(
        _c.run_id == run_id,
        _c.tool == tool,
        _c.revoked_at.is_(None),
        _c.expires_at > now,
        _c.used < _c.uses,
    ).order_by(_c.number)
    return [_from_row(row) for row in connection.execute(statement).mappings()]


def listed(connection: Connection, *, workspace: str | None, run_id: str | None) -> list[Grant]:
    """Give the grants of runs at work, newest first; of one run, all of them."""
    statement = _select.order_by(_c.number.desc()).limit(100)
    if workspace is not None:
        statement = statement.where(_c.workspace == workspace)
    if run_id is None:
        statement = statement.where(run.c.status == "active", _c.revoked_at.is_(None))
    else:
        statement = statement.where(_c.run_id == run_id)
    return [_from_row(row) for row in connection.execute(statement).mappings()]


def used_for(connection: Connection, key: str) -> str | None:
    """Name the grant that a call has used before; its journal entry was lost in a crash."""
    return connection.execute(
        select(taken.c.grant_id).where(taken.c.key == key)
    ).scalar_one_or_none()


def use(connection: Connection, one: Grant, *, key: str, amount: float, now: datetime) -> bool:
    """Take one use for a call; False where it was used up, revoked or over meanwhile."""
    statement = update(table).where(
        _c.id == one.id, _c.revoked_at.is_(None), _c.expires_at > now, _c.used < _c.uses
    )
    if one.sum_path:
        statement = statement.where(_c.sum_used + amount <= _c.sum_limit)
    result = connection.execute(statement.values(used=_c.used + 1, sum_used=_c.sum_used + amount))
    if result.rowcount != 1:
        return False
    connection.execute(insert(taken).values(key=key, grant_id=one.id, amount=amount, at=now))
    return True


def revoke(connection: Connection, one: Grant, *, name: str, now: datetime) -> bool:
    """Take it back; False where somebody was faster."""
    result = connection.execute(
        update(table)
        .where(_c.id == one.id, _c.revoked_at.is_(None))
        .values(revoked_at=now, revoked_by_name=name)
    )
    return result.rowcount == 1


def _from_row(row: RowMapping) -> Grant:
    return Grant(
        id=row["id"],
        number=row["number"],
        run_id=row["run_id"],
        run_number=row["run_number"],
        tool=row["tool"],
        where=tuple(Bound(path=one[0], test=one[1], value=one[2]) for one in row["where"] or ()),
        uses=row["uses"],
        used=row["used"],
        sum_path=row["sum_path"],
        sum_limit=row["sum_limit"],
        sum_used=row["sum_used"],
        given_by=row["given_by"],
        given_by_name=row["given_by_name"],
        given_at=row["given_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        revoked_by_name=row["revoked_by_name"],
    )
