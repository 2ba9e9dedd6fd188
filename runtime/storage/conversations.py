"""Statements on places, people, and what they said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    RowMapping,
    bindparam,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from runtime.domain.conversation import Conversation, Person, PersonKind, Place
from runtime.domain.ids import new_id
from runtime.storage.hot import Hot
from runtime.storage.tables import conversation as table
from runtime.storage.tables import inbox, principal
from runtime.storage.upsert import insert_unless_there, upsert, upserting

_c = table.c


def ensuring(dialect: Any) -> Any:
    """Give the statement that makes a place's conversation, or brings its address up to date, locks
    it and returns its id; its parameters are ``new_row``."""
    return upserting(
        table,
        dialect,
        key=("channel", "workspace", "key"),
        change=lambda new: {"address": new["address"]},
        returning=(_c.id,),
    )


_ENSURE = Hot(ensuring(postgresql), on_sqlite=ensuring(sqlite))
_TAKE = insert_unless_there(inbox, key=("key",))
_PARTS = ("one", "other")


def _taking_both(dialect: Any) -> Any:
    rows = [
        {one.name: bindparam(f"{part}_{one.name}", type_=one.type) for one in inbox.c}
        for part in _PARTS
    ]
    return dialect.insert(inbox).values(rows).on_conflict_do_nothing(index_elements=["key"])


_TAKE_BOTH = Hot(_taking_both(postgresql), on_sqlite=_taking_both(sqlite))
_ONE = Hot(select(*_c).where(_c.id == bindparam("the_conversation")))
_KNOWN = Hot(
    select(inbox.c.run_id)
    .where(or_(inbox.c.key == bindparam("one"), inbox.c.key == bindparam("other")))
    .order_by(inbox.c.run_id.desc())
    .limit(1)
)
_MET = Hot(
    select(principal.c.id).where(
        principal.c.id == bindparam("the_id"),
        principal.c.name == bindparam("the_name"),
        principal.c.kind == bindparam("the_kind"),
    )
)
_MEET = upsert(
    principal,
    key=("id",),
    change=lambda new: {name: new[name] for name in ("name", "kind", "seen_at")},
    only_if=lambda new: or_(principal.c.name != new["name"], principal.c.kind != new["kind"]),
)


def new_row(place: Place, *, now: datetime) -> Mapping[str, object]:
    """Give a place's conversation as a new row."""
    return {
        "id": new_id("cnv"),
        "channel": place.channel,
        "workspace": place.workspace,
        "key": place.key,
        "address": dict(place.address),
        "courier": None,
        "courier_until": None,
        "created_at": now,
    }


def ensure(connection: Connection, place: Place, *, now: datetime) -> Conversation:
    """Give the conversation of a place, made now if it is new; its address is kept up to date.

    It is locked: of two messages said at once, the second sees the run the first began.
    """
    row = _ENSURE.first(connection, new_row(place, now=now))
    assert row is not None, "an upsert gives its row"
    return Conversation(id=row["id"], place=place)


def move(connection: Connection, conversation_id: str, place: Place) -> None:
    """Give a conversation the place it has come to have, such as the thread its first post began.

    Where somebody has begun a conversation there in between, both speak in the same place.
    """
    taken = find(connection, place)
    values: dict[str, object] = {"address": dict(place.address)}
    if taken is None:
        values["key"] = place.key
    connection.execute(update(table).where(_c.id == conversation_id).values(**values))


def find(connection: Connection, place: Place) -> str | None:
    """Give the id of a place's conversation, or None."""
    return connection.execute(
        select(_c.id).where(
            _c.channel == place.channel, _c.workspace == place.workspace, _c.key == place.key
        )
    ).scalar_one_or_none()


def read(connection: Connection, conversation_id: str) -> Conversation:
    """Give a conversation that is known to exist."""
    row = _ONE.first(connection, {"the_conversation": conversation_id})
    assert row is not None, f"{conversation_id} does not exist"
    place = Place(
        channel=row["channel"], workspace=row["workspace"], key=row["key"], address=row["address"]
    )
    return Conversation(id=row["id"], place=place)


def new_events(
    key: str,
    other: str | None = None,
    *,
    person: Person,
    now: datetime,
    conversation_id: str | None = None,
    run_id: str | None = None,
    text: str = "",
) -> Sequence[Mapping[str, object]]:
    """Give the rows of an event for ``take``: a second one, without its words, where it has another
    key as well."""
    one: dict[str, object] = {
        "key": key,
        "conversation_id": conversation_id,
        "run_id": run_id,
        "principal": person.principal,
        "name": person.name,
        "text": text,
        "at": now,
    }
    if not other or other == key:
        return (one,)
    return (one, {**one, "key": other, "conversation_id": None, "text": ""})


def take(connection: Connection, events: Sequence[Mapping[str, object]]) -> bool:
    """Record an event; False where it was recorded before, under one of its keys.

    Two processes that get the same event at once: the second waits for the first's commit.
    """
    if len(events) == 1:
        return _TAKE.count(connection, events[0]) == 1
    values = {
        f"{part}_{name}": value
        for part, event in zip(_PARTS, events, strict=True)
        for name, value in event.items()
    }
    return _TAKE_BOTH.count(connection, values) == len(events)


def run_of_event(connection: Connection, key: str, other: str) -> tuple[bool, str | None]:
    """Tell whether an event was recorded under one of its two keys, and the run it led to."""
    row = _KNOWN.first(connection, {"one": key, "other": other})
    return row is not None, row["run_id"] if row is not None else None


def said_in(connection: Connection, conversation_id: str) -> list[tuple[datetime, str, str]]:
    """Give (when, who, what) of everything people said in a conversation, oldest first."""
    statement = (
        select(inbox.c.at, inbox.c.name, inbox.c.text)
        .where(inbox.c.conversation_id == conversation_id, inbox.c.text != "")
        .order_by(inbox.c.at, inbox.c.key)
    )
    return [(row.at, row.name, row.text) for row in connection.execute(statement)]


def known_at(connection: Connection, channel: str, workspace: str, key: str) -> Place | None:
    """Give a conversation that is, or is a thread of, what a key names; the newest."""
    found = connection.execute(
        select(_c.channel, _c.workspace, _c.key, _c.address)
        .where(
            _c.channel == channel,
            _c.workspace == workspace,
            or_(
                _c.key == key,
                _c.key.startswith(f"{key}/", autoescape=True),
                _c.key.startswith(f"{key};", autoescape=True),
            ),
        )
        .order_by(_c.id.desc())
        .limit(1)
    ).first()
    if found is None:
        return None
    return Place(channel=found.channel, workspace=workspace, key=found.key, address=found.address)


def person(connection: Connection, principal_id: str) -> Person | None:
    """Give a person as they were when they were last met; None where they never were."""
    row = (
        connection.execute(select(*principal.c).where(principal.c.id == principal_id))
        .mappings()
        .first()
    )
    return _person(row) if row else None


def people_called(connection: Connection, workspace: str, name: str) -> list[Person]:
    """Give the people of a workspace who have been met under a name, however it is written."""
    statement = select(*principal.c).where(
        principal.c.workspace == workspace, func.lower(principal.c.name) == name.strip().lower()
    )
    return [_person(row) for row in connection.execute(statement).mappings()]


def _person(row: RowMapping) -> Person:
    return Person(
        channel=row["channel"],
        workspace=row["workspace"],
        external_id=row["external_id"],
        name=row["name"],
        kind=PersonKind(row["kind"]),
    )


def meet(connection: Connection, person: Person, *, now: datetime) -> None:
    """Remember a person as their channel describes them now."""
    # Looked up first: an upsert locks the row it finds, also where it changes nothing, and all that
    # one person says would wait for each other's commit.
    known = {"the_id": person.principal, "the_name": person.name, "the_kind": person.kind.value}
    if _MET.first(connection, known) is not None:
        return
    _MEET.count(
        connection,
        {
            "id": person.principal,
            "channel": person.channel,
            "workspace": person.workspace,
            "external_id": person.external_id,
            "name": person.name,
            "kind": person.kind.value,
            "seen_at": now,
        },
    )
