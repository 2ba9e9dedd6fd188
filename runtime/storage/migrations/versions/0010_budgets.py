"""What people add to budgets, and a way to what models have cost on a day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from runtime.storage.columns import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "budget_addition",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("cap", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("usd", sa.Float(), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("budget_addition_by_key", "budget_addition", ["cap", "key"], unique=False)
    models = sa.text("kind = 'model' AND finished_at IS NOT NULL")
    op.create_index(
        "step_by_model_call",
        "step",
        ["finished_at"],
        unique=False,
        sqlite_where=models,
        postgresql_where=models,
    )


def downgrade() -> None:
    raise NotImplementedError("the schema goes forward only; restore a backup instead")
