"""The migrated schema is the one the code was written for, however it came to be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from runtime.domain.errors import Misconfigured
from runtime.storage import audit_tables, channel_tables, reach_tables
from runtime.storage import migrate as migrations
from runtime.storage.database import Database
from runtime.storage.tables import Row
from tests.worlds.engine import side_by_side
from tests.worlds.services import PostgresServer


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.empty_database() as url:
        yield url


def test_the_models_say_what_the_migrations_made(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert reach_tables.surface.name in Row.metadata.tables
        # Tables that this file does not otherwise import are part of the schema all the same.
        assert channel_tables.rating.name in Row.metadata.tables
        assert audit_tables.personal_key.name in Row.metadata.tables
        differences = compare_metadata(context, Row.metadata)

    assert differences == []


def test_the_newest_revision_is_the_one_the_code_asks_for() -> None:
    folder = Path(migrations.__file__).parent / "migrations"

    assert ScriptDirectory(str(folder)).get_current_head() == migrations.HEAD


def test_migrating_again_changes_nothing(empty_url: str) -> None:
    database = Database(empty_url)

    changed = [migrations.migrate(database), migrations.migrate(database)]

    assert changed == [True, False]
    assert migrations.current(database) == migrations.HEAD
    database.close()


def test_processes_that_migrate_at_once_do_each_other_no_harm(empty_url: str) -> None:
    databases = [Database(empty_url) for _ in range(4)]

    results = side_by_side([lambda one=one: migrations.migrate(one) for one in databases])

    assert [result for result in results if isinstance(result, Exception)] == []
    migrations.require_current(databases[0])
    for database in databases:
        database.close()


def test_another_schema_than_this_versions_is_refused(empty_url: str) -> None:
    database = Database(empty_url)
    with pytest.raises(Misconfigured, match="baton migrate"):
        migrations.require_current(database)
    migrations.migrate(database)
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(Misconfigured, match="9999"):
        migrations.require_current(database)
    database.close()


def test_a_migration_that_breaks_leaves_nothing_behind(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(empty_url)

    def broken(_dialect: str) -> list[str]:
        return ["THIS IS NOT SQL"]

    monkeypatch.setattr("runtime.storage.triggers.create", broken)

    with pytest.raises(Exception, match=r"(?i)syntax"):
        migrations.migrate(database)

    assert migrations.current(database) is None
    monkeypatch.undo()
    assert migrations.migrate(database)
    database.close()
