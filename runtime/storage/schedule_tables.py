"""The table of workflows that start by themselves."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Index, Text
from sqlmodel import Field

from runtime.storage.columns import JsonValue, UtcDateTime, json_column
from runtime.storage.tables import Row, table


class ScheduleRow(Row, table=True):
    """One workflow of a workspace. ``version`` grows with every change; each change names the one
    it was made from, so that of two made at once only one happens."""

    __tablename__ = "schedule"
    __table_args__ = (Index("schedule_by_state", "state"),)

    workspace: str = Field(primary_key=True)
    workflow: str = Field(primary_key=True)
    sponsor: JsonValue = Field(default=None, sa_column=Column(json_column(), nullable=True))
    place: JsonValue = Field(default=None, sa_column=Column(json_column(), nullable=True))
    input: JsonValue = Field(default=None, sa_column=Column(json_column(), nullable=True))
    state: str
    since: datetime = Field(sa_column=Column(UtcDateTime(), nullable=False))
    spec: str
    due_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))
    event_number: int
    gathered: JsonValue = Field(default=None, sa_column=Column(json_column(), nullable=True))
    last_run: str | None = None
    last_number: int | None = None
    last_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))
    note: str = Field(sa_column=Column(Text, nullable=False))
    version: int
    approvals: JsonValue = Field(default=None, sa_column=Column(json_column(), nullable=True))


schedule = table(ScheduleRow)
