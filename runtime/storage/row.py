"""What every table is made of."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from sqlalchemy import Column, String, Table, Text
from sqlmodel import SQLModel

from runtime.domain.retention import Kept
from runtime.storage.columns import JsonValue, UtcDateTime, json_column


def when_column(*, nullable: bool = False) -> Column[datetime]:
    """Give a moment in aware UTC."""
    return Column(UtcDateTime(), nullable=nullable)


def json_value() -> Column[JsonValue]:
    """Give any JSON value, or nothing."""
    return Column(json_column(), nullable=True)


def long_text(*, default: str | None = None) -> Column[str]:
    """Give text of any length."""
    return Column(Text, nullable=False, server_default=default)


def kept_column() -> Column[str]:
    """Give how much is left of something whose time may be over."""
    return Column(String, nullable=False, server_default=Kept.KEPT.value)


class Row(SQLModel):
    """What every table is; it has no columns of its own."""

    if TYPE_CHECKING:
        # SQLModel types the name as what SQLAlchemy makes of it; what is written here is a string.
        __tablename__: ClassVar[str]  # pyright: ignore[reportIncompatibleVariableOverride] - see above


def table(model: type[Row]) -> Table:
    """Give the Core table of a model; hot statements are built from it."""
    found = SQLModel.metadata.tables[model.__tablename__]
    assert isinstance(found, Table)
    return found
