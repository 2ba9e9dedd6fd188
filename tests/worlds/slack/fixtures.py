"""Fixtures for whoever names this module in ``pytest_plugins``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.worlds.slack.listener import Listener, listening
from tests.worlds.slack.spawned import spawned_world
from tests.worlds.slack.world import SlackWorld


@pytest.fixture(params=["inside", "outside"])
def any_slack_world(request: pytest.FixtureRequest) -> Iterator[SlackWorld]:
    """Give a world in this process, then one in another: both must behave alike."""
    if request.param == "inside":
        with SlackWorld.start() as started:
            yield started
        return
    with spawned_world() as spawned:
        yield spawned


@pytest.fixture
def slack_world() -> Iterator[SlackWorld]:
    """Give a world in this process."""
    with SlackWorld.start() as started:
        yield started


@pytest.fixture
def slack_app(slack_world: SlackWorld) -> Iterator[Listener]:
    """Give a listening app, and with it ``app.world``."""
    with listening(slack_world) as app:
        yield app


@pytest.fixture
def any_slack_app(any_slack_world: SlackWorld) -> Iterator[Listener]:
    with listening(any_slack_world) as app:
        yield app
