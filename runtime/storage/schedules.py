"""Statements on workflows that start by themselves."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, cast

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from runtime.domain.conversation import Person, PersonKind, Place
from runtime.domain.json import JsonObject
from runtime.domain.run import Run
from runtime.domain.schedule import Scheduled, ScheduleState
from runtime.storage.schedule_tables import schedule as table
from runtime.storage.tables import inbox, principal

_c = table.c
STARTED = "schedule"
"""What the keys of messages begin with that nobody said: a workflow has started by itself."""


def put(connection: Connection, one: Scheduled) -> None:
    """Set a workflow going, in place of how it was set going before."""
    before = connection.execute(select(_c.version, _c.approvals).where(_is(one))).first()
    connection.execute(delete(table).where(_is(one)))
    connection.execute(
        insert(table).values(
            workspace=one.workspace,
            workflow=one.workflow,
            sponsor=_person(one.sponsor),
            place=asdict(one.place),
            # Whoever has read the row as it was must not take this one for it.
            version=(before.version if before else 0) + 1,
            # Who sets it going anew does not thereby say where its approvals are shown.
            **{**_changing(one), **({"approvals": before.approvals} if before else {})},
        )
    )


def change(connection: Connection, before: Scheduled, after: Scheduled) -> bool:
    """Change a row; False where it is no longer as it was read."""
    changed = connection.execute(
        update(table)
        .where(_is(before), _c.version == before.version)
        .values(version=before.version + 1, **_changing(after))
    )
    return changed.rowcount == 1


def active(connection: Connection) -> list[Scheduled]:
    """Give what starts by itself now, everywhere."""
    return _read(connection, _c.state == ScheduleState.ACTIVE.value)


def listed(connection: Connection, *, workspace: str | None) -> list[Scheduled]:
    """Give what was set going in a workspace; in all with None."""
    return _read(connection, *([] if workspace is None else [_c.workspace == workspace]))


def approvals_of(connection: Connection, run: Run) -> Place | None:
    """Give where approvals of a run are shown as well, because it has started by itself."""
    if run.agent is None:
        return None
    begun_so = select(inbox.c.key).where(
        inbox.c.conversation_id == run.conversation_id,
        inbox.c.run_id == run.id,
        inbox.c.key.startswith(f"{STARTED}:", autoescape=True),
    )
    if connection.execute(begun_so.limit(1)).first() is None:
        return None
    place = connection.execute(
        select(_c.approvals).where(_c.workspace == run.workspace, _c.workflow == run.agent)
    ).scalar_one_or_none()
    return Place(**cast("dict[str, Any]", place)) if place else None


def kind_of(connection: Connection, person: Person) -> PersonKind:
    """Give what a person's account is, as it was last seen."""
    statement = select(principal.c.kind).where(principal.c.id == person.principal)
    found = connection.execute(statement).scalar_one_or_none()
    return PersonKind(found) if found else person.kind


def _read(connection: Connection, *conditions: Any) -> list[Scheduled]:
    statement = select(*_c).where(*conditions).order_by(_c.workflow, _c.workspace)
    return [_from_row(row) for row in connection.execute(statement).mappings()]


def _is(one: Scheduled) -> Any:
    return (_c.workspace == one.workspace) & (_c.workflow == one.workflow)


def _changing(one: Scheduled) -> dict[str, object]:
    return {
        "input": dict(one.input),
        "state": one.state.value,
        "since": one.since,
        "spec": one.spec,
        "due_at": one.due_at,
        "event_number": one.event_number,
        "gathered": dict(one.gathered),
        "last_run": one.last_run,
        "last_number": one.last_number,
        "last_at": one.last_at,
        "note": one.note,
        "approvals": None if one.approvals is None else asdict(one.approvals),
    }


def _person(person: Person) -> dict[str, str]:
    return {
        "channel": person.channel,
        "workspace": person.workspace,
        "external_id": person.external_id,
        "name": person.name,
    }


def _from_row(row: RowMapping) -> Scheduled:
    return Scheduled(
        workspace=row["workspace"],
        workflow=row["workflow"],
        sponsor=Person(**cast("dict[str, Any]", row["sponsor"])),
        place=Place(**cast("dict[str, Any]", row["place"])),
        input=cast("JsonObject", row["input"] or {}),
        state=ScheduleState(row["state"]),
        since=row["since"],
        spec=row["spec"],
        due_at=row["due_at"],
        event_number=row["event_number"],
        gathered=cast("JsonObject", row["gathered"] or {}),
        last_run=row["last_run"],
        last_number=row["last_number"],
        last_at=row["last_at"],
        note=row["note"],
        version=row["version"],
        approvals=Place(**cast("dict[str, Any]", row["approvals"])) if row["approvals"] else None,
    )
