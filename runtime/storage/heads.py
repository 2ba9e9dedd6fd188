"""Statements on the log's tree: blocks that are whole, signed heads, and where heads are told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, text, update

from runtime.domain.head import TreeHead
from runtime.storage.audit_tables import audit_anchor as anchor
from runtime.storage.audit_tables import audit_head as head
from runtime.storage.audit_tables import audit_tile as tile

_LOCK = 8_317_402_212
_h = head.c


def lock(connection: Connection) -> bool:
    """Be the only one who places records, for this transaction; False where somebody else is."""
    if connection.dialect.name == "sqlite":
        return True
    statement = text(f"SELECT pg_try_advisory_xact_lock({_LOCK})")
    return bool(connection.execute(statement).scalar_one())


def tiles(connection: Connection, *, level: int, first: int, last: int) -> list[tuple[int, str]]:
    """Give number and root of whole blocks, from ``first`` up to and without ``last``."""
    statement = (
        select(tile.c.number, tile.c.digest)
        .where(tile.c.level == level, tile.c.number >= first, tile.c.number < last)
        .order_by(tile.c.number)
    )
    return [(row.number, row.digest) for row in connection.execute(statement)]


def tile_count(connection: Connection, *, level: int) -> int:
    """Count the whole blocks of a level."""
    statement = select(func.count()).select_from(tile).where(tile.c.level == level)
    return int(connection.execute(statement).scalar_one())


def add_tiles(connection: Connection, level: int, made: Sequence[tuple[int, str]]) -> None:
    """Keep the roots of blocks that have become whole."""
    rows = [{"level": level, "number": number, "digest": digest} for number, digest in made]
    connection.execute(insert(tile), rows)


def add(connection: Connection, signed: TreeHead) -> None:
    """Keep a signed head."""
    connection.execute(
        insert(head).values(
            size=signed.size,
            root=signed.root,
            at=signed.at,
            key=signed.key,
            signature=signed.signature,
        )
    )


def newest(connection: Connection) -> TreeHead | None:
    """Give the head of the longest log that was signed."""
    row = connection.execute(_SELECT.order_by(_h.size.desc()).limit(1)).mappings().first()
    return TreeHead(**row) if row else None


def all_of(connection: Connection) -> list[TreeHead]:
    """Give every signed head, the shortest log first."""
    rows = connection.execute(_SELECT.order_by(_h.size)).mappings()
    return [TreeHead(**row) for row in rows]


def unanchored(connection: Connection) -> TreeHead | None:
    """Give the newest head unless it is anchored already."""
    row = connection.execute(_SELECT.order_by(_h.size.desc()).limit(1)).mappings().first()
    if row is None:
        return None
    anchored = select(_h.anchored_at).where(_h.size == row["size"])
    return TreeHead(**row) if connection.execute(anchored).scalar() is None else None


def last_anchored_at(connection: Connection) -> datetime | None:
    """Give the time a head was last put on record outside."""
    return connection.execute(
        select(_h.anchored_at).where(_h.anchored_at.is_not(None)).order_by(_h.size.desc()).limit(1)
    ).scalar()


def mark_anchored(connection: Connection, size: int, *, now: datetime) -> None:
    """Record that a head is on record outside."""
    connection.execute(update(head).where(_h.size == size).values(anchored_at=now))


def tell_in(connection: Connection, conversation_id: str, *, by: str, now: datetime) -> bool:
    """Let a conversation be told every anchored head; False where it is already."""
    known = select(anchor.c.conversation_id).where(anchor.c.conversation_id == conversation_id)
    if connection.execute(known).first() is not None:
        return False
    connection.execute(insert(anchor).values(conversation_id=conversation_id, asked_by=by, at=now))
    return True


def told(connection: Connection) -> list[str]:
    """Name the conversations that are told."""
    return list(connection.execute(select(anchor.c.conversation_id)).scalars())


_SELECT = select(_h.size, _h.root, _h.at, _h.key, _h.signature)
