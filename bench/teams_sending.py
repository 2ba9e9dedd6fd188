"""A real Teams front as a process, and signed activities into it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager

import aiohttp

from bench.places import Places, free_port
from bench.processes import CONTENT, wait_until_ready
from tests.worlds.teams.world import TeamsWorld

_ROOT = CONTENT.parents[1]


@contextmanager
def front(
    places: Places, world: TeamsWorld, services: tuple[str, str]
) -> Generator[tuple[str, subprocess.Popen[str]]]:
    """Run one over a PostgreSQL and a Redis while the block lasts; give its endpoint and it."""
    port = free_port()
    settings = {
        "BATON_DATABASE_URL": services[0],
        "BATON_REDIS_URL": services[1],
        "BATON_AGENTS_PATH": str(CONTENT),
        "BATON_HOME": str(places.folder / "teams-front"),
        "BATON_PORT": str(port),
        "BATON_LOG_LEVEL": "ERROR",
    }
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with (places.folder / "teams-front.log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.teams_front", world.connector.url],
            env={**kept, "PYTHONPATH": str(_ROOT), **settings},
            cwd=_ROOT, stdout=log, stderr=log, text=True,
        )  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_ready(url, process)
            yield f"{url}/api/messages", process
        finally:
            process.terminate()
            process.wait(15)


def client(world: TeamsWorld) -> aiohttp.ClientSession:
    """Open a session that signs as Microsoft does; to be used as a context manager."""
    headers = {"Content-Type": "application/json", **signed(world)}
    return aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=64))


def signed(world: TeamsWorld) -> dict[str, str]:
    """Give the header with a token that Microsoft has just made."""
    return {"Authorization": f"Bearer {world.connector.signer.token(world.url)}"}


async def post(
    session: aiohttp.ClientSession,
    url: str,
    raw: bytes,
    *,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Send one activity, which the front has to take."""
    async with session.post(url, data=raw, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
