"""Statements on the files of runs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from runtime.domain.ids import new_id
from runtime.domain.run import EVIDENCE, Artifact
from runtime.storage.hot import Hot
from runtime.storage.tables import artifact as table

_c = table.c
_OF_RUN = Hot(select(*_c).where(_c.run_id == bindparam("the_run")).order_by(_c.at, _c.id))


def put(connection: Connection, run_id: str, artifact: Artifact, *, now: datetime) -> None:
    """Store a file of a run; the same step writing the same name again replaces it."""
    connection.execute(
        delete(table).where(
            _c.run_id == run_id, _c.name == artifact.name, _c.step_id == artifact.step_id
        )
    )
    connection.execute(
        insert(table).values(
            id=new_id("art"),
            run_id=run_id,
            name=artifact.name,
            media_type=artifact.media_type,
            size_bytes=artifact.size_bytes,
            digest=artifact.digest,
            step_id=artifact.step_id,
            at=now,
        )
    )


def of_run(connection: Connection, run_id: str) -> list[Artifact]:
    """Give the newest version of every file of a run, by name."""
    newest: dict[str, Artifact] = {}
    # Evidence last: nothing that an agent wrote stands in its place.
    rows = _OF_RUN.all(connection, {"the_run": run_id})
    for row in sorted(rows, key=lambda row: row["step_id"] == EVIDENCE):
        newest[row["name"]] = Artifact(
            name=row["name"],
            media_type=row["media_type"],
            size_bytes=row["size_bytes"],
            digest=row["digest"],
            step_id=row["step_id"],
        )
    return [newest[name] for name in sorted(newest)]
