"""The audit's log: positions, tiles, heads, anchors; keys of people; calls still to take up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from runtime.storage import audit_triggers
from runtime.storage.columns import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_UNRECORDED = (
    "recorded IS FALSE AND finished_at IS NOT NULL AND status <> 'unknown'"
    " AND kind IN ('model', 'tool')"
)


def upgrade() -> None:
    op.add_column("audit", sa.Column("position", sa.BigInteger(), nullable=True))
    op.create_index("audit_by_position", "audit", ["position"], unique=True)
    _partial("audit_by_unplaced", "audit", ["run_id", "sequence"], "position IS NULL")
    op.create_table(
        "audit_tile",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("level", "number"),
    )
    op.create_table(
        "audit_head",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.Column("anchored_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("size"),
    )
    op.create_table(
        "audit_anchor",
        sa.Column("conversation_id", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id"),
    )
    op.create_table(
        "personal_key",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("principal", sa.String(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("destroyed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    _partial(
        "personal_key_by_principal", "personal_key", ["principal"], "key IS NOT NULL", unique=True
    )
    op.add_column(
        "step", sa.Column("recorded", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    _partial("step_by_unrecorded", "step", ["finished_at"], _UNRECORDED)
    for statement in audit_triggers.create(op.get_bind().dialect.name):
        op.execute(statement)


def _partial(
    name: str, table: str, columns: list[str], where: str, *, unique: bool = False
) -> None:
    condition = sa.text(where)
    op.create_index(
        name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition
    )


def downgrade() -> None:
    raise NotImplementedError("an audit is not taken back; restore a backup instead")
