"""Fixtures of the contract suites: the same promises on every database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runtime.storage.database import Database
from tests.worlds.engine import EngineWorld


@pytest.fixture
def world(database: Database) -> Iterator[EngineWorld]:
    """Give processes of the engine on a fresh database, with time in the test's hands."""
    world = EngineWorld(database)
    yield world
    world.close()
