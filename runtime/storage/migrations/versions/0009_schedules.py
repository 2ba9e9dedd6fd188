"""workflows that start by themselves"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from runtime.storage.columns import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    json = sa.JSON(none_as_null=True)
    op.create_table(
        "schedule",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("workflow", sa.String(), nullable=False),
        sa.Column("sponsor", json, nullable=True),
        sa.Column("place", json, nullable=True),
        sa.Column("input", json, nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("spec", sa.String(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("gathered", json, nullable=True),
        sa.Column("last_run", sa.String(), nullable=True),
        sa.Column("last_number", sa.Integer(), nullable=True),
        sa.Column("last_at", UtcDateTime(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "workflow"),
    )
    op.create_index("schedule_by_state", "schedule", ["state"])
