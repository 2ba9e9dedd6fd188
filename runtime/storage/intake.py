"""What the intake asks before it writes anything, in one trip to PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, exists, or_, select
from sqlalchemy.dialects import postgresql

from runtime.domain.conversation import Message
from runtime.storage import conversations
from runtime.storage.audit_tables import personal_key
from runtime.storage.governance_tables import halt
from runtime.storage.hot import Hot
from runtime.storage.personal_keys import Key
from runtime.storage.tables import definition, inbox, principal

_sealing = (personal_key.c.principal == bindparam("sealed_for"), personal_key.c.key.is_not(None))
_LOOKS = (
    exists(
        select(inbox.c.key).where(
            or_(inbox.c.key == bindparam("one"), inbox.c.key == bindparam("other"))
        )
    ).label("taken"),
    exists(
        select(principal.c.id).where(
            principal.c.id == bindparam("the_id"),
            principal.c.name == bindparam("the_name"),
            principal.c.kind == bindparam("the_kind"),
        )
    ).label("met"),
    exists(select(halt.c.number).where(halt.c.lifted_at.is_(None))).label("halted"),
    exists(select(definition.c.digest).where(definition.c.digest == bindparam("digest"))).label(
        "kept"
    ),
    select(personal_key.c.id).where(*_sealing).scalar_subquery().label("key_id"),
    select(personal_key.c.key).where(*_sealing).scalar_subquery().label("secret"),
)
_LOOK = Hot(select(*_LOOKS))
_place = conversations.ensuring(postgresql).cte("place")
_LOOK_AND_ENSURE = Hot(select(_place.c.id.label("conversation_id"), *_LOOKS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the database holds already of what somebody says."""

    conversation_id: str
    """That of the message's place, made if it is new. It is locked: of two messages said at once,
    the second sees the run the first began."""
    taken: bool
    """The event, under one of its two keys."""
    met: bool
    """The person, as their channel describes them now."""
    halted: bool
    """Something, somewhere: which, and whether it is meant, must still be read."""
    kept: bool
    """The version of the agents folder."""
    key: Key | None
    """What the person's words are sealed under in the audit."""


def look(connection: Connection, message: Message, *, digest: str, now: datetime) -> Known:
    """Look all of it up; where nothing is new or halted, nothing more need be asked."""
    person = message.person
    asked = {
        "one": message.event_key,
        "other": message.also_known_as or message.event_key,
        "the_id": person.principal,
        "the_name": person.name,
        "the_kind": person.kind.value,
        "digest": digest,
        "sealed_for": person.principal,
    }
    row: Mapping[str, Any] | None
    if connection.dialect.name == "sqlite":
        place = conversations.ensure(connection, message.place, now=now)
        row = _LOOK.first(connection, asked)
        conversation_id = place.id
    else:
        new = conversations.new_row(message.place, now=now)
        row = _LOOK_AND_ENSURE.first(connection, {**asked, **new})
        conversation_id = row["conversation_id"] if row else ""
    assert row is not None, "what is looked up is always a row"
    return Known(
        conversation_id=conversation_id,
        key=(row["key_id"], bytes(row["secret"])) if row["secret"] else None,
        **{name: bool(row[name]) for name in ("taken", "met", "halted", "kept")},
    )
