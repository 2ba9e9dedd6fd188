"""Tables of what people tell Baton about itself: what an answer was worth, what they want told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Text
from sqlmodel import Field

from runtime.storage.columns import UtcDateTime
from runtime.storage.tables import Row, table


class RatingRow(Row, table=True):
    """What one person thinks of a run's answer; the newest word counts."""

    __tablename__ = "rating"

    run_id: str = Field(primary_key=True)
    principal: str = Field(primary_key=True)
    name: str
    good: bool
    surface: str
    at: datetime = Field(sa_column=Column(UtcDateTime(), nullable=False))


class WishRow(Row, table=True):
    """What a person wants of Baton, beside what every person gets."""

    __tablename__ = "wish"

    principal: str = Field(primary_key=True)
    nudges: bool = True
    """To be written to directly when something waits for them."""
    at: datetime = Field(sa_column=Column(UtcDateTime(), nullable=False))
    home_opened_at: datetime | None = Field(
        default=None, sa_column=Column(UtcDateTime(), nullable=True)
    )
    """When they last turned to a page in a chat that shows what is theirs."""


class InstallationRow(Row, table=True):
    """A workspace that has installed a channel's app, with its sealed secret."""

    __tablename__ = "installation"

    channel: str = Field(primary_key=True)
    workspace: str = Field(primary_key=True)
    sealed: str = Field(sa_column=Column(Text, nullable=False))
    installed_by: str
    at: datetime = Field(sa_column=Column(UtcDateTime(), nullable=False))


class InstallStateRow(Row, table=True):
    """An installation under way, until it is taken or too old."""

    __tablename__ = "install_state"

    state: str = Field(primary_key=True)
    channel: str
    until: datetime = Field(sa_column=Column(UtcDateTime(), nullable=False))


class EvidenceWishRow(Row, table=True):
    """A run whose evidence somebody wants to have; kept until what was made for it is removed."""

    __tablename__ = "evidence_wish"

    id: str = Field(primary_key=True)
    run_id: str
    conversation_id: str | None = None
    """Where it goes; None where it stays with the run only."""
    asked_by: str
    at: datetime = Field(sa_column=Column(UtcDateTime(), nullable=False))
    made_at: datetime | None = Field(
        default=None, sa_column=Column(UtcDateTime(), nullable=True, index=True)
    )


rating, wish = map(table, (RatingRow, WishRow))
evidence_wish = table(EvidenceWishRow)
installation, install_state = map(table, (InstallationRow, InstallStateRow))
