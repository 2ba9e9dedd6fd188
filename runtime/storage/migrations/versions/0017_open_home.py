"""When somebody last turned to a page that shows what is theirs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from runtime.storage.columns import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("wish", sa.Column("home_opened_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("the schema goes forward only; restore a backup instead")
