"""What every fault test stands on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.campaign import Setting
from tests.faults.zygote import Zygote, zygote


@pytest.fixture(scope="session")
def forked() -> Iterator[Zygote]:
    """Give the process that forks products."""
    with zygote() as started:
        yield started


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def setting(request: pytest.FixtureRequest) -> Iterator[Setting]:
    """Give both kinds of installation: SQLite in one process, PostgreSQL with Redis."""
    if request.param == "sqlite":
        yield Setting(None, None)
        return
    made = Setting(
        request.getfixturevalue("postgres_server"), request.getfixturevalue("redis_server")
    )
    yield made
    made.close()
