"""ratings and wishes"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from runtime.storage.columns import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rating",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("principal", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("good", sa.Boolean(), nullable=False),
        sa.Column("surface", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "principal"),
    )
    op.create_table(
        "wish",
        sa.Column("principal", sa.String(), nullable=False),
        sa.Column("nudges", sa.Boolean(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("principal"),
    )


def downgrade() -> None:
    op.drop_table("wish")
    op.drop_table("rating")
