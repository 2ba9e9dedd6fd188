"""The whole product beside a simulated Slack: embedded, or with PostgreSQL and Redis."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.worlds.carriers import HTTP
from tests.worlds.crew import KEY_VARIABLE, Crew, crew
from tests.worlds.openai import OpenAIWorld
from tests.worlds.product import product
from tests.worlds.scene import Scene
from tests.worlds.services import PostgresServer, RedisServer
from tests.worlds.slack.world import SlackWorld


@contextmanager
def _embedded(home: Path) -> Generator[Scene]:
    with SlackWorld.start() as world, product(home, world=world) as running:
        yield Scene(running, world)


@contextmanager
def _scaled(home: Path, postgres: PostgresServer, redis: RedisServer) -> Generator[Scene]:
    redis.flush()
    with (
        postgres.fresh_database() as database_url,
        SlackWorld.start() as world,
        product(home, world=world, database_url=database_url, redis_url=redis.url) as running,
    ):
        yield Scene(running, world)


@pytest.fixture
def carrier(request: pytest.FixtureRequest) -> str:
    """Give how Slack hands things over: by HTTP, or as ``over_both`` says."""
    return str(getattr(request, "param", HTTP))


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Scene]:
    """Give the product in one process on SQLite."""
    with _embedded(tmp_path / "home") as scene:
        yield scene


@pytest.fixture
def scaled(
    tmp_path: Path, postgres_server: PostgresServer, redis_server: RedisServer
) -> Iterator[Scene]:
    """Give the product on PostgreSQL and Redis, front and worker apart."""
    with _scaled(tmp_path / "home", postgres_server, redis_server) as scene:
        yield scene


@pytest.fixture(params=["embedded", "scaled"])
def scene(request: pytest.FixtureRequest) -> Scene:
    """Give the product both ways."""
    given: Scene = request.getfixturevalue(request.param)
    return given


@pytest.fixture
def models() -> Iterator[OpenAIWorld]:
    """Give the far side of scripted models."""
    with OpenAIWorld() as world:
        yield world


@pytest.fixture
def agents(tmp_path: Path, models: OpenAIWorld, monkeypatch: pytest.MonkeyPatch) -> Crew:
    """Give a crew whose models are scripted."""
    monkeypatch.setenv(KEY_VARIABLE, "sk-crew-canary-0123456789")
    return crew(tmp_path / "crew", models)


@pytest.fixture
def working(tmp_path: Path, agents: Crew, carrier: str) -> Iterator[Scene]:
    """Give the product in one process, with the crew at work in it."""
    with (
        SlackWorld.start() as world,
        product(
            tmp_path / "home", world=world, agents=agents.folder, model=None, carrier=carrier
        ) as running,
    ):
        yield Scene(running, world)
