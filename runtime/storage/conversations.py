"""Statements on places, people, and what they said."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from runtime.domain.conversation import Conversation, Person, Place
from runtime.domain.ids import new_id
from runtime.storage.tables import conversation as table
from runtime.storage.tables import inbox, principal

_c = table.c


def ensure(connection: Connection, place: Place, *, now: datetime) -> Conversation:
    """Give the conversation of a place, made now if it is new; its address is kept up to date.

    It is locked: of two messages said at once, the second sees the run the first began.
    """
    found = connection.execute(
        select(_c.id, _c.address)
        .where(_c.channel == place.channel, _c.workspace == place.workspace, _c.key == place.key)
        .with_for_update()
    ).first()
    if found is None:
        made = new_id("cnv")
        connection.execute(
            insert(table).values(
                id=made,
                channel=place.channel,
                workspace=place.workspace,
                key=place.key,
                address=dict(place.address),
                created_at=now,
            )
        )
        return Conversation(id=made, place=place)
    if found.address != place.address:
        connection.execute(
            update(table).where(_c.id == found.id).values(address=dict(place.address))
        )
    return Conversation(id=found.id, place=place)


def find(connection: Connection, place: Place) -> str | None:
    """Give the id of a place's conversation, or None."""
    return connection.execute(
        select(_c.id).where(
            _c.channel == place.channel, _c.workspace == place.workspace, _c.key == place.key
        )
    ).scalar_one_or_none()


def read(connection: Connection, conversation_id: str) -> Conversation:
    """Give a conversation that is known to exist."""
    row = connection.execute(select(*_c).where(_c.id == conversation_id)).mappings().one()
    place = Place(
        channel=row["channel"], workspace=row["workspace"], key=row["key"], address=row["address"]
    )
    return Conversation(id=row["id"], place=place)


def take(
    connection: Connection,
    key: str,
    *,
    person: Person,
    now: datetime,
    conversation_id: str | None = None,
    run_id: str | None = None,
    text: str = "",
) -> bool:
    """Record an event by its key; False where it was recorded before.

    Two processes that get the same event at once: the second fails on the key, its transaction
    is rolled back, and its caller finds the event recorded when it looks again.
    """
    known = connection.execute(select(inbox.c.key).where(inbox.c.key == key)).first()
    if known is not None:
        return False
    connection.execute(
        insert(inbox).values(
            key=key,
            conversation_id=conversation_id,
            run_id=run_id,
            principal=person.principal,
            name=person.name,
            text=text,
            at=now,
        )
    )
    return True


def run_of_event(connection: Connection, keys: list[str]) -> tuple[bool, str | None]:
    """Tell whether one of these events was recorded, and the run it led to."""
    rows = connection.execute(select(inbox.c.run_id).where(inbox.c.key.in_(keys))).all()
    return bool(rows), next((row.run_id for row in rows if row.run_id), None)


def said_in(connection: Connection, conversation_id: str) -> list[tuple[datetime, str, str]]:
    """Give (when, who, what) of everything people said in a conversation, oldest first."""
    statement = (
        select(inbox.c.at, inbox.c.name, inbox.c.text)
        .where(inbox.c.conversation_id == conversation_id, inbox.c.text != "")
        .order_by(inbox.c.at, inbox.c.key)
    )
    return [(row.at, row.name, row.text) for row in connection.execute(statement)]


def meet(connection: Connection, person: Person, *, now: datetime) -> None:
    """Remember a person as their channel describes them now."""
    values = {
        "channel": person.channel,
        "workspace": person.workspace,
        "external_id": person.external_id,
        "name": person.name,
        "kind": person.kind.value,
        "seen_at": now,
    }
    known = connection.execute(
        select(principal.c.name, principal.c.kind).where(principal.c.id == person.principal)
    ).first()
    if known is None:
        connection.execute(insert(principal).values(id=person.principal, **values))
    elif (known.name, known.kind) != (person.name, person.kind.value):
        connection.execute(
            update(principal).where(principal.c.id == person.principal).values(**values)
        )
