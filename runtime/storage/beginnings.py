"""All rows that a new run begins with: itself, its root step, its first fact, its card, and the
event that asked for it.

PostgreSQL takes them as two statements, because a trip there costs more than a row; as one, they
would be longer than what its driver remembers how to send.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, bindparam, func, select
from sqlalchemy.dialects.postgresql import Insert, insert

from runtime.domain.run import AuditRecord, Run
from runtime.storage import audits, conversations, deliveries, runs, steps
from runtime.storage.audit_tables import audit
from runtime.storage.hot import Hot
from runtime.storage.tables import delivery, inbox, run, step

_EMPTY_IN_ROOT = (
    "parent_id", "owner", "effect", "key", "output", "output_blob", "error", "decision",
    "started_at", "finished_at",
)  # fmt: skip
"""The columns that hold nothing in the root step of a run that begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """The rows, as the modules of their tables make them."""

    run: Mapping[str, object]
    root: Mapping[str, object]
    fact: AuditRecord
    card: Mapping[str, object]
    events: Sequence[Mapping[str, object]]
    """One, or two where a channel delivers the same event under two keys."""


def begin(connection: Connection, beginning: Beginning) -> Run | None:
    """Write all of it; None where one of the events was taken meanwhile: then the caller must roll
    back."""
    if connection.dialect.name == "sqlite":
        return _one_by_one(connection, beginning)
    values = _spelled(beginning)
    row = _RUN_OF_EVENT[len(beginning.events)].first(connection, values)
    assert row is not None, "an insert gives its row"
    if row["taken"] < len(beginning.events):
        return None
    _REST.first(connection, values)
    return runs.from_row(row)


def _one_by_one(connection: Connection, beginning: Beginning) -> Run | None:
    added = runs.add(connection, beginning.run)
    steps.insert_tasks(connection, [beginning.root])
    audits.add(connection, [beginning.fact])
    deliveries.add(connection, beginning.card)
    return added if conversations.take(connection, beginning.events) else None


def _spelled(beginning: Beginning) -> dict[str, object]:
    lost = [name for name in _EMPTY_IN_ROOT if beginning.root[name] is not None]
    assert not lost, f"a root step that begins has {lost} already"
    parts: dict[str, Mapping[str, object]] = {
        "run": beginning.run,
        "step": beginning.root,
        "audit": audits.row(beginning.fact),
        "delivery": beginning.card,
        **{f"inbox{number}": event for number, event in enumerate(beginning.events)},
    }
    return {f"{part}_{name}": value for part, row in parts.items() for name, value in row.items()}


_ROOT = [one.name for one in step.c if one.name not in _EMPTY_IN_ROOT]


def _row(table: Table, names: Iterable[str], part: str) -> dict[str, Any]:
    return {name: bindparam(f"{part}_{name}", type_=table.c[name].type) for name in names}


def _into(table: Table, names: Iterable[str]) -> Insert:
    return insert(table).values(_row(table, names, table.name))


def _run_of_event(keys: int) -> Hot:
    added = _into(run, runs.GIVEN).returning(*run.c).cte("added")
    said = [_row(inbox, inbox.c.keys(), f"inbox{number}") for number in range(keys)]
    taking = insert(inbox).values(said).on_conflict_do_nothing(index_elements=["key"])
    taken = taking.returning(inbox.c.key).cte("taken")
    count = select(func.count()).select_from(taken).scalar_subquery()
    return Hot(select(*added.c, count.label("taken")))


def _rest() -> Hot:
    root = _into(step, _ROOT).returning(step.c.id).cte("root")
    fact = _into(audit, audits.GIVEN).returning(audit.c.run_id).cte("fact")
    card = _into(delivery, deliveries.GIVEN).returning(delivery.c.id).cte("card")
    return Hot(select(root.c.id).add_cte(fact, card))


_RUN_OF_EVENT = {keys: _run_of_event(keys) for keys in (1, 2)}
_REST = _rest()
