"""Addresses that chats vouch for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from runtime.storage.columns import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "vouched_address",
        sa.Column("principal", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("declined", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("principal"),
    )
    op.create_index("ix_vouched_address_digest", "vouched_address", ["digest"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("the schema goes forward only; restore a backup instead")
