"""The servers that tests stand on are the real ones, with the settings production needs."""

from __future__ import annotations

import redis
from sqlalchemy import text

from runtime.storage.database import Database
from runtime.storage.migrate import require_current
from tests.worlds.services import PostgresServer, RedisServer


def test_a_fresh_database_is_empty_and_current(database: Database) -> None:
    require_current(database)

    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM run")).scalar_one() == 0
    assert database.check() == []


def test_a_commit_survives_an_immediate_stop(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    postgres_server.checkpoint()
    database = Database(postgres_url)
    with database.write() as connection:
        connection.execute(text("CREATE TABLE kept AS SELECT 7 AS value"))
    database.close()

    postgres_server.restart_immediately()

    with database.read() as connection:
        assert connection.execute(text("SELECT value FROM kept")).scalar_one() == 7
    database.close()


def test_redis_comes_back_empty_on_the_same_address(redis_server: RedisServer) -> None:
    with redis.Redis.from_url(redis_server.url) as client:
        client.set("word", "spoken")

        redis_server.restart_empty()

        assert client.get("word") is None


def test_the_queue_is_named_or_absent(any_redis: str | None) -> None:
    assert any_redis is None or any_redis.startswith("redis://")
