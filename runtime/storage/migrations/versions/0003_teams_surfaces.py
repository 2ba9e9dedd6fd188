"""places where Baton may speak unasked"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from runtime.storage.columns import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "surface",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("principal", sa.String(), nullable=True),
        sa.Column("address", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("alive", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "workspace", "key"),
    )
    op.create_index(op.f("ix_surface_principal"), "surface", ["principal"], unique=False)


def downgrade() -> None:
    op.drop_table("surface")
