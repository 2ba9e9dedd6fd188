"""Fixtures of the contract suites: the same promises on every database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import cast

import pytest

from runtime.expressions.evaluator import Evaluator
from runtime.storage.database import Database
from tests.worlds.engine import EngineWorld
from tests.worlds.governed import Governed, governed
from tests.worlds.openai import OpenAIWorld


@pytest.fixture
def world(database: Database) -> Iterator[EngineWorld]:
    """Give processes of the engine on a fresh database, with time in the test's hands."""
    world = EngineWorld(database)
    yield world
    world.close()


@pytest.fixture(scope="module")
def evaluator() -> Iterator[Evaluator]:
    """Give jq, for all tests of a file."""
    made = Evaluator()
    yield made
    made.close()


@pytest.fixture
def models() -> Iterator[OpenAIWorld]:
    """Give a scripted model."""
    with OpenAIWorld() as world:
        yield world


@pytest.fixture
def office(
    request: pytest.FixtureRequest,
    database_url: str,
    tmp_path: Path,
    models: OpenAIWorld,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Governed]:
    """Give an office that works by the ``POLICY`` of the test's file."""
    module = cast("ModuleType", request.module)
    policy = str(vars(module)["POLICY"])
    with governed(
        tmp_path, models, monkeypatch, policy=policy, database_url=database_url
    ) as running:
        yield running
