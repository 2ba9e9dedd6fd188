"""Statements on signals: news for a run, in the order it came."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, func, insert, literal, select

from runtime.domain.json import Json, JsonObject
from runtime.storage.hot import Hot
from runtime.storage.tables import signal as table

_c = table.c
_AFTER = Hot(
    select(_c.id, _c.payload)
    .where(
        _c.run_id == bindparam("the_run"),
        _c.name == bindparam("the_name"),
        _c.id > bindparam("last"),
    )
    .order_by(_c.id)
    .limit(literal(100))
)


def add(
    connection: Connection, *, run_id: str, name: str, payload: JsonObject, now: datetime
) -> None:
    """Add one signal; handlers read it at their next safe point.

    The caller has locked the run: that makes the order of the ids the order of the commits, so
    that nothing ever comes before what a handler has read already.
    """
    last = connection.execute(select(func.max(_c.id)).where(_c.run_id == run_id)).scalar_one()
    number = int(str(last).rsplit("/", 1)[1]) + 1 if last else 1
    connection.execute(
        insert(table).values(
            id=f"{run_id}/signal/{number:08}", run_id=run_id, name=name, payload=payload, at=now
        )
    )


def after(connection: Connection, *, run_id: str, name: str, last: str) -> list[dict[str, Json]]:
    """Give the signals of a name that came after the one called ``last``, oldest first."""
    rows = _AFTER.all(connection, {"the_run": run_id, "the_name": name, "last": last})
    return [{"id": row["id"], **row["payload"]} for row in rows]
