"""No table of processes: presence is told by a lock, and nothing ever wrote here."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("process")


def downgrade() -> None:
    raise NotImplementedError("the schema goes forward only; restore a backup instead")
