"""Tables about people and where they can be reached; the others are in ``tables``."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Text
from sqlmodel import Field

from runtime.storage.columns import JsonValue, UtcDateTime, json_column
from runtime.storage.tables import Row, table


class LinkedAccountRow(Row, table=True):
    """One account of a person who has several; accounts with the same ``person`` are theirs."""

    __tablename__ = "linked_account"

    principal: str = Field(primary_key=True)
    person: str = Field(index=True)
    name: str
    how: str
    at: datetime = Field(sa_column=Column(UtcDateTime(), nullable=False))


class SurfaceRow(Row, table=True):
    """A place where Baton may speak unasked: somebody's own chat, or where it was installed."""

    __tablename__ = "surface"

    channel: str = Field(primary_key=True)
    workspace: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    principal: str | None = Field(default=None, index=True)
    address: JsonValue = Field(default=None, sa_column=Column(json_column(), nullable=True))
    alive: bool
    reason: str = Field(sa_column=Column(Text, nullable=False))
    at: datetime = Field(sa_column=Column(UtcDateTime(), nullable=False))


class LinkCodeRow(Row, table=True):
    """A code somebody was given, to be said with another account of theirs; kept as a digest."""

    __tablename__ = "link_code"

    digest: str = Field(primary_key=True)
    principal: str = Field(index=True)
    name: str
    expires_at: datetime = Field(sa_column=Column(UtcDateTime(), nullable=False))


class VouchedAddressRow(Row, table=True):
    """An account's e-mail address, as its chat vouches for it; kept as a digest."""

    __tablename__ = "vouched_address"

    principal: str = Field(primary_key=True)
    channel: str
    name: str
    digest: str = Field(index=True)
    at: datetime = Field(sa_column=Column(UtcDateTime(), nullable=False))
    declined: bool


linked_account, link_code, surface = map(table, (LinkedAccountRow, LinkCodeRow, SurfaceRow))
vouched_address = table(VouchedAddressRow)
