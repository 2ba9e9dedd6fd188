"""The server program behind a port, to be killed and started again."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path


class HttpServer:
    """Keeps its port from one life to the next."""

    def __init__(self, state: Path, *, environment: dict[str, str]) -> None:
        self._state = state
        self._environment = environment
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    def start(self) -> None:
        """Start, and return when it listens."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.worlds.mcp.server", str(self._state), str(self.port)],
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline().strip() == b"ready"

    def kill(self) -> None:
        """End it at once."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None


def free_port() -> int:
    """Give a loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
