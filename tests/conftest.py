"""Fixtures that every kind of test shares: real databases and queues."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from runtime.storage.database import Database
from tests.worlds.services import (
    PostgresServer,
    RedisServer,
    fresh_sqlite,
    postgres,
    redis_service,
)

# How long an example takes says something about the machine, and nothing about the code.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Give the session's PostgreSQL, running. ``postgres_server.fresh_database()`` for a test."""
    server = postgres()
    yield server
    server.close()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """Give the session's Redis, running; whoever kills it starts it again."""
    server = redis_service()
    yield server
    server.close()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> Iterator[str]:
    """Give the URL of a migrated, empty SQLite file."""
    with fresh_sqlite(tmp_path) as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Give the URL of a migrated, empty database on PostgreSQL."""
    with postgres_server.fresh_database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Give the URL of a migrated, empty database: on SQLite, then on PostgreSQL."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Give a migrated, empty database: on SQLite, then on PostgreSQL."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture(params=["in-process", "redis"])
def any_redis(request: pytest.FixtureRequest) -> str | None:
    """Give what BATON_REDIS_URL would say: nothing, then the URL of an empty Redis."""
    if request.param == "in-process":
        return None
    server: RedisServer = request.getfixturevalue("redis_server")
    server.flush()
    return server.url
