"""A world in a process of its own, which outlives whatever a test kills."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager

from tests.worlds.slack.payload import decode, table, text
from tests.worlds.slack.world import SlackWorld

_GRACE_SECONDS = 10


@contextmanager
def spawned_world(*, port: int = 0) -> Generator[SlackWorld]:
    """Start one, hold it over its control API, and end it."""
    command = [sys.executable, "-m", "tests.worlds.slack", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            announced = table(decode(process.stdout.readline() if process.stdout else ""))
            with SlackWorld.connect(text(announced["url"])) as connected:
                yield connected
        finally:
            process.terminate()
            process.wait(_GRACE_SECONDS)
