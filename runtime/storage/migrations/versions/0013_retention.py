"""How much is left of a run, and a way to what its time is over for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for part in ("transcript", "files", "words"):
        op.add_column("run", sa.Column(part, sa.String(), nullable=False, server_default="kept"))
        predicate = sa.text(f"finished_at IS NOT NULL AND {part} <> 'gone'")
        op.create_index(
            f"run_by_{part}",
            "run",
            ["finished_at", "id"],
            unique=False,
            sqlite_where=predicate,
            postgresql_where=predicate,
        )
    with_blob = sa.text("output_blob IS NOT NULL")
    op.create_index(
        "step_by_blob",
        "step",
        ["output_blob"],
        unique=False,
        sqlite_where=with_blob,
        postgresql_where=with_blob,
    )
    op.create_index("ix_artifact_digest", "artifact", ["digest"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("the schema goes forward only; restore a backup instead")
