"""Redis forgets, dies and comes back empty; PostgreSQL loses its power; processes are replaced."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from tests.faults.campaign import Setting
from tests.faults.installation import Installation
from tests.faults.product_process import Spec
from tests.faults.zygote import Zygote
from tests.worlds.services import PostgresServer, RedisServer

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """Give a Redis that no other test uses."""
    server = RedisServer(None)
    yield server
    server.close()


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """Give a PostgreSQL that no other test uses."""
    server = PostgresServer(None)
    yield server
    server.close()


@pytest.fixture
def scaled(postgres_server: PostgresServer, own_redis: RedisServer) -> Iterator[Spec]:
    """Give an empty installation on PostgreSQL and a Redis of its own."""
    with ExitStack() as resources:
        setting = Setting(postgres_server, own_redis)
        resources.callback(setting.close)
        yield setting.install(0, resources)


def test_a_redis_that_is_emptied_all_the_time_loses_nothing(
    forked: Zygote, scaled: Spec, own_redis: RedisServer
) -> None:
    installation = Installation(forked, replace(scaled, requests=4))
    installation.start()
    installation.start()

    installation.until_done(own_redis.flush, every_seconds=0.3)

    assert installation.check().violations == ()


def test_a_redis_that_dies_and_comes_back_empty_loses_nothing(
    forked: Zygote, scaled: Spec, own_redis: RedisServer
) -> None:
    installation = Installation(forked, replace(scaled, requests=4))
    installation.start()
    installation.start()

    installation.until_done(own_redis.restart_empty, every_seconds=1.0)

    assert installation.check().violations == ()


def test_a_database_that_loses_its_power_keeps_what_it_acknowledged(
    forked: Zygote, own_postgres: PostgresServer, own_redis: RedisServer
) -> None:
    with ExitStack() as resources:
        setting = Setting(own_postgres, own_redis)
        spec = replace(setting.install(0, resources), requests=4)
        installation = Installation(forked, spec)
        installation.start()
        installation.start()
        cuts = iter(range(3))

        def cut() -> None:
            if next(cuts, None) is not None:
                own_postgres.restart_immediately()

        installation.until_done(cut, every_seconds=1.0)

        assert installation.check(frozen=True).violations == ()


def test_processes_are_replaced_under_load_and_no_run_notices(
    forked: Zygote, setting: Setting
) -> None:
    with ExitStack() as resources:
        # A deployment waits for its leases to be given back, never for them to run out.
        spec = replace(setting.install(0, resources), requests=8, lease_seconds=10.0)
        installation = Installation(forked, spec)
        installation.start()
        rollouts = iter(range(10))

        def roll_out() -> None:
            if next(rollouts, None) is not None:
                installation.replace_oldest()

        installation.until_done(roll_out, every_seconds=0.7)

        assert installation.check().violations == ()
        assert set(installation.ended.values()) == {0}
