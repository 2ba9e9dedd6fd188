"""Who has handed one approval to whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from runtime.storage.columns import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "approval_handover",
        sa.Column("approval_id", sa.String(), nullable=False),
        sa.Column("principal", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("successor", sa.String(), nullable=False),
        sa.Column("successor_name", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("surface", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("approval_id", "principal"),
    )
    op.create_index("approval_handover_by_run", "approval_handover", ["run_id"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("the schema goes forward only; restore a backup instead")
