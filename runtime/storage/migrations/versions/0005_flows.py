"""events and who waits for them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from runtime.storage.columns import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "event_counter",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("workspace"),
    )
    op.create_table(
        "event",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("content", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("told", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "number"),
        sa.UniqueConstraint("workspace", "source", "event_id"),
    )
    op.create_index("event_by_type", "event", ["workspace", "type", "number"])
    op.create_index("event_untold", "event", ["told", "workspace", "number"])
    op.create_table(
        "listener",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("step_id", sa.String(), nullable=False),
        sa.Column("workspace", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key", "type"),
    )
    op.create_index("listener_by_type", "listener", ["workspace", "type"])
