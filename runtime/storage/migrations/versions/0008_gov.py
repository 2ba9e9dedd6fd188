"""What an approval needs beside a plain yes; absences, grants and halts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from runtime.storage.columns import UtcDateTime, path_column

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    json = sa.JSON(none_as_null=True)
    for column in (
        sa.Column("effect", sa.String(), nullable=False, server_default="irreversible"),
        sa.Column("editable_schema", json, nullable=True),
        sa.Column("thread_owner", sa.String(), nullable=False, server_default=""),
        sa.Column("chain", json, nullable=True),
        sa.Column("replaces", sa.String(), nullable=True),
        sa.Column("differences", json, nullable=True),
        sa.Column("kept_out", json, nullable=True),
        sa.Column("added", json, nullable=True),
        sa.Column("rung", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("remind_at", UtcDateTime(), nullable=True),
        sa.Column("reminders", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("ends_at", UtcDateTime(), nullable=True),
        sa.Column("ends_how", sa.String(), nullable=False, server_default="hold"),
        sa.Column("claimed_by", sa.String(), nullable=True),
        sa.Column("claimed_by_name", sa.String(), nullable=False, server_default=""),
        sa.Column("claimed_at", UtcDateTime(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=True),
    ):
        op.add_column("approval", column)
    op.execute("UPDATE approval SET due_at = expires_at")
    op.drop_index("approval_by_expiry", table_name="approval")
    pending = sa.text("status = 'pending' AND due_at IS NOT NULL")
    op.create_index(
        "approval_by_due",
        "approval",
        ["due_at"],
        unique=False,
        sqlite_where=pending,
        postgresql_where=pending,
    )
    op.add_column("approval_decision", sa.Column("on_behalf_of", sa.String(), nullable=True))
    op.add_column("approval_decision", sa.Column("arguments", json, nullable=True))
    op.create_table(
        "approval_inquiry",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("approval_id", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_by_name", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("surface", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("answered_by_name", sa.String(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("approval_id", "run_id"):
        op.create_index(
            op.f(f"ix_approval_inquiry_{column}"), "approval_inquiry", [column], unique=False
        )
    _absences()
    _grants()
    _halts()


def _absences() -> None:
    op.create_table(
        "absence",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("principal", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("delegate", sa.String(), nullable=True),
        sa.Column("away", sa.Boolean(), nullable=False),
        sa.Column("begins_at", UtcDateTime(), nullable=False),
        sa.Column("until_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("absence_by_principal", "absence", ["principal"], unique=False)
    op.create_index("absence_by_delegate", "absence", ["delegate"], unique=False)


def _grants() -> None:
    json = sa.JSON(none_as_null=True)
    op.create_table(
        "scoped_grant",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("tool", sa.String(), nullable=False),
        sa.Column("where", json, nullable=True),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("sum_path", sa.String(), nullable=False),
        sa.Column("sum_limit", sa.Float(), nullable=False),
        sa.Column("sum_used", sa.Float(), nullable=False),
        sa.Column("given_by", sa.String(), nullable=False),
        sa.Column("given_by_name", sa.String(), nullable=False),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_by_name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("scoped_grant_by_run", "scoped_grant", ["run_id", "tool"], unique=False)
    op.create_table(
        "scoped_grant_use",
        sa.Column("key", path_column(), nullable=False),
        sa.Column("grant_id", sa.String(), nullable=False),
        sa.Column("amount", sa.Float(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )


def _halts() -> None:
    json = sa.JSON(none_as_null=True)
    op.create_table(
        "halt",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("by_name", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("lifted_by", json, nullable=True),
        sa.Column("lifted_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
    )


def downgrade() -> None:
    raise NotImplementedError("the schema goes forward only; restore a backup instead")
