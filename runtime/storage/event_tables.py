"""Tables of events and of those who wait for them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Column, Index, UniqueConstraint, false
from sqlmodel import Field

from runtime.storage.columns import JsonValue, UtcDateTime, json_column
from runtime.storage.tables import Row, table


class EventCounterRow(Row, table=True):
    """The number of the newest event of a workspace."""

    __tablename__ = "event_counter"

    workspace: str = Field(primary_key=True)
    last: int


class EventRow(Row, table=True):
    """One event, as it was sent. ``told`` once everybody who waited for it was woken."""

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("workspace", "source", "event_id"),
        Index("event_by_type", "workspace", "type", "number"),
        Index("event_untold", "told", "workspace", "number"),
    )

    workspace: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    source: str
    event_id: str
    type: str
    content: JsonValue = Field(default=None, sa_column=Column(json_column(), nullable=True))
    told: bool = Field(sa_column=Column(Boolean, nullable=False, server_default=false()))
    received_at: datetime = Field(sa_column=Column(UtcDateTime(), nullable=False))


class ListenerRow(Row, table=True):
    """A step that waits for events of a type; an empty type stands for all."""

    __tablename__ = "listener"
    __table_args__ = (Index("listener_by_type", "workspace", "type"),)

    key: str = Field(primary_key=True)
    type: str = Field(primary_key=True)
    step_id: str
    workspace: str


event_counter, event, listener = map(table, (EventCounterRow, EventRow, ListenerRow))
