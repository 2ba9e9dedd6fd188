"""Teams' activities at 200 a second into the real front: signature, roster, commit, answer.

And whether the front holds more after fifty thousand of them than after ten thousand.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import aiohttp
from sqlalchemy import text

from bench.places import POSTGRES, Places, free_port
from bench.processes import CONTENT, resident_mib, wait_until_ready
from bench.table import Measured, median, quantile
from runtime.domain.ids import new_id
from runtime.storage.database import Database
from tests.worlds.teams import activities
from tests.worlds.teams.cast import ADA, CHANNEL
from tests.worlds.teams.world import TeamsWorld, teams_world

_PER_SECOND = 200
_SECONDS = 8
_FEW, _MANY = 10_000, 50_000
_AT_ONCE = 16
_ROOT = CONTENT.parents[1]


def measure(places: Places) -> Iterator[Measured]:
    """Send on schedule, whatever the answers; then as fast as the front takes them."""
    database = Database(places.url(POSTGRES))
    with teams_world() as world, _front(places, world) as (url, front):
        asyncio.run(_on_schedule(world, url, count=_PER_SECOND))  # Warms caches and connections.
        before = _taken(database)
        waits = asyncio.run(_on_schedule(world, url, count=_PER_SECOND * _SECONDS))
        taken = _taken(database) - before
        assert taken == len(waits), f"{len(waits)} answered, {taken} committed"
        yield Measured(
            name=f"Teams activity → answer, {_PER_SECOND}/s, p99", on=POSTGRES,
            value=quantile(waits, 0.99) * 1000, unit="ms", goal=50.0,
            beside=f"p50 {median(waits) * 1000:.1f} ms; {taken} activities, each a run",
        )  # fmt: skip
        asyncio.run(_as_fast_as_taken(world, url, count=_FEW))
        first = resident_mib(front)
        began = time.perf_counter()
        asyncio.run(_as_fast_as_taken(world, url, count=_MANY - _FEW))
        seconds = time.perf_counter() - began
        yield Measured(
            name=f"Teams front, growth from {_FEW:,} to {_MANY:,} activities", on=POSTGRES,
            value=resident_mib(front) - first, unit="MiB", goal=10.0,
            beside=f"{first:.0f} MiB before; {(_MANY - _FEW) / seconds:.0f} a second",
        )  # fmt: skip
    database.close()


@contextmanager
def _front(places: Places, world: TeamsWorld) -> Generator[tuple[str, subprocess.Popen[str]]]:
    port = free_port()
    settings = {
        "BATON_DATABASE_URL": places.url(POSTGRES),
        "BATON_REDIS_URL": places.redis_url,
        "BATON_AGENTS_PATH": str(CONTENT),
        "BATON_HOME": str(places.folder / "teams-front"),
        "BATON_PORT": str(port),
        "BATON_LOG_LEVEL": "ERROR",
    }
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with (places.folder / "teams-front.log").open("a") as log:
        front = subprocess.Popen(
            [sys.executable, "-m", "bench.teams_front", world.connector.url],
            env={**kept, "PYTHONPATH": str(_ROOT), **settings},
            cwd=_ROOT, stdout=log, stderr=log, text=True,
        )  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_ready(url, front)
            yield f"{url}/api/messages", front
        finally:
            front.terminate()
            front.wait(15)


async def _on_schedule(world: TeamsWorld, url: str, *, count: int) -> list[float]:
    async with _client(world) as session:
        began = time.perf_counter() + 0.2

        async def one(number: int) -> float:
            request = f"compare the offers {new_id('req')}"
            body = activities.message(ADA, CHANNEL, request, service_url=world.url, mention=True)
            raw = json.dumps(body).encode()
            at = began + number / _PER_SECOND
            await asyncio.sleep(at - time.perf_counter())
            await _post(session, url, raw)
            return time.perf_counter() - at

        return await asyncio.gather(*(one(number) for number in range(count)))


async def _as_fast_as_taken(world: TeamsWorld, url: str, *, count: int) -> None:
    """Send what fills a busy tenant: talk among people, reactions, cards that come into view."""
    async with _client(world) as session:

        async def some(first: int) -> None:
            for number in range(first, count, _AT_ONCE):
                await _post(session, url, json.dumps(_passing(world, number)).encode())

        await asyncio.gather(*(some(first) for first in range(_AT_ONCE)))


def _passing(world: TeamsWorld, number: int) -> dict[str, object]:
    url = world.url
    match number % 4:
        case 0:
            return activities.envelope("messageReaction", ADA, CHANNEL, service_url=url)
        case 1:
            return activities.execute(
                ADA, CHANNEL, service_url=url, message_id=activities.new_id(),
                verb="card.look", data={"delivery": new_id("dlv")}, automatic=True,
            )  # fmt: skip
        case _:
            return activities.message(
                ADA, CHANNEL, f"talk {new_id('t')}", service_url=url, mention=False
            )


def _client(world: TeamsWorld) -> aiohttp.ClientSession:
    headers = {
        "Authorization": f"Bearer {world.connector.signer.token(world.url)}",
        "Content-Type": "application/json",
    }
    return aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=64))


async def _post(session: aiohttp.ClientSession, url: str, raw: bytes) -> None:
    async with session.post(url, data=raw) as answer:
        assert answer.status == 200, await answer.text()


def _taken(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(text("SELECT count(*) FROM run")).scalar_one())
