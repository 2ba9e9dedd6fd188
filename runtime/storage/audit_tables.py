"""The schema of the audit: the log, its heads, and the keys that people's words are under."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, text
from sqlmodel import Field

from runtime.storage.columns import JsonValue
from runtime.storage.row import Row, json_value, table, when_column


class AuditRow(Row, table=True):
    """One link of a run's chain, and a leaf of the log once it has a position there."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("audit_by_position", "position", unique=True),
        Index(
            "audit_by_unplaced",
            "run_id",
            "sequence",
            sqlite_where=text("position IS NULL"),
            postgresql_where=text("position IS NULL"),
        ),
    )

    run_id: str = Field(primary_key=True)
    sequence: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    at: datetime = Field(sa_column=when_column())
    event: str
    facts: JsonValue = Field(default=None, sa_column=json_value())
    digest: str
    position: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))


class AuditTileRow(Row, table=True):
    """The root over a whole block of leaves, kept so that proofs need not hash the log anew."""

    __tablename__ = "audit_tile"

    level: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    digest: str


class AuditHeadRow(Row, table=True):
    """A signed statement of how long the log was and what it held."""

    __tablename__ = "audit_head"

    size: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    root: str
    at: datetime = Field(sa_column=when_column())
    key: str
    signature: str
    anchored_at: datetime | None = Field(default=None, sa_column=when_column(nullable=True))


class AuditAnchorRow(Row, table=True):
    """A conversation that is told the log's head, so that it is on record outside."""

    __tablename__ = "audit_anchor"

    conversation_id: str = Field(primary_key=True)
    asked_by: str
    at: datetime = Field(sa_column=when_column())


class PersonalKeyRow(Row, table=True):
    """What one person's words are encrypted under; without the key nobody can read them."""

    __tablename__ = "personal_key"
    __table_args__ = (
        Index(
            "personal_key_by_principal",
            "principal",
            unique=True,
            sqlite_where=text("key IS NOT NULL"),
            postgresql_where=text("key IS NOT NULL"),
        ),
    )

    id: str = Field(primary_key=True)
    principal: str
    key: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    made_at: datetime = Field(sa_column=when_column())
    destroyed_at: datetime | None = Field(default=None, sa_column=when_column(nullable=True))


audit, audit_tile, audit_head = map(table, (AuditRow, AuditTileRow, AuditHeadRow))
audit_anchor, personal_key = map(table, (AuditAnchorRow, PersonalKeyRow))
