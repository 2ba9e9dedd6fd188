"""What an operation is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.worlds.slack.payload import Json, Payload
from tests.worlds.slack.server import Server

Operation = Callable[[Server, Payload], Awaitable[Json]]
"""Runs on the world's loop; raises ``UnknownThingError``, ``SlackError`` or ``ValueError``."""
