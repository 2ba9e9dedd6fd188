"""people with accounts in several chats"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from runtime.storage.columns import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "linked_account",
        sa.Column("principal", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("principal"),
    )
    op.create_index(op.f("ix_linked_account_person"), "linked_account", ["person"], unique=False)
    op.create_table(
        "link_code",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("principal", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index(op.f("ix_link_code_principal"), "link_code", ["principal"], unique=False)


def downgrade() -> None:
    op.drop_table("link_code")
    op.drop_table("linked_account")
