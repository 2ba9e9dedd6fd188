"""Bring a database to the schema this version needs."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import inspect, text

from runtime.domain.errors import Misconfigured
from runtime.storage.database import Database

HEAD = "0018"
"""The newest migration; a test compares it with the folder."""
_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 8_317_402_211


def current(database: Database) -> str | None:
    """Give the revision a database is at; None where it has no schema yet."""
    with database.read() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def migrate(database: Database) -> bool:
    """Apply what is missing; give whether anything was. Two processes at once do no harm."""
    if current(database) == HEAD:
        return False
    # Alembic takes most of a second to import, so only a database that needs it pays.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    with database.write() as connection:
        if not database.is_sqlite:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return True


def require_current(database: Database) -> None:
    """Refuse to work on another schema than this version's."""
    found = current(database)
    if found != HEAD:
        raise Misconfigured(
            f"the database is at revision {found!r} and this version needs {HEAD!r}:"
            " run `baton migrate`"
        )
