"""How Alembic runs here: on the connection it is handed, never on one of its own."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from runtime.storage import event_tables, schedule_tables
from runtime.storage.tables import Row

connection = context.config.attributes["connection"]
assert isinstance(connection, Connection)
assert event_tables.event is not None, "its import makes the tables known"
assert schedule_tables.schedule is not None, "and so does its"
context.configure(connection=connection, target_metadata=Row.metadata, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
