"""Teams' activities at 200 a second: signature, roster, commit, answer.

They go in turn into two real fronts, one for each core, as a load balancer would send them.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Sequence

from sqlalchemy import text

from bench.places import POSTGRES, Places
from bench.processes import cpu_seconds
from bench.table import Measured, median, quantile
from bench.teams_sending import client, front, post
from runtime.domain.ids import new_id
from runtime.storage.database import Database
from tests.worlds.teams import activities
from tests.worlds.teams.cast import ADA, CHANNEL
from tests.worlds.teams.world import TeamsWorld, teams_world

_PER_SECOND = 200
_SECONDS = 8


def measure(places: Places) -> Iterator[Measured]:
    """Send on schedule, whatever the answers; measure from the scheduled moment."""
    with (
        places.apart() as services,
        teams_world() as world,
        front(places, world, services) as (url, first),
        front(places, world, services) as (other, second),
    ):
        database = Database(services[0])
        urls = [url, other]
        asyncio.run(_on_schedule(world, urls, count=_PER_SECOND))  # Warms all there is to warm.
        before = _taken(database)
        used = cpu_seconds(first) + cpu_seconds(second)
        waits = asyncio.run(_on_schedule(world, urls, count=_PER_SECOND * _SECONDS))
        used = cpu_seconds(first) + cpu_seconds(second) - used
        taken = _taken(database) - before
        database.close()
    assert taken == len(waits), f"{len(waits)} answered, {taken} committed"
    yield Measured(
        name=f"Teams activity → answer, {_PER_SECOND}/s, 2 fronts, p99", on=POSTGRES,
        value=quantile(waits, 0.99) * 1000, unit="ms", goal=50.0,
        beside=f"p50 {median(waits) * 1000:.1f} ms; {taken} activities, each a run;"
        f" fronts {used / taken * 1000:.1f} ms of processor each",
    )  # fmt: skip


async def _on_schedule(world: TeamsWorld, urls: Sequence[str], *, count: int) -> list[float]:
    async with client(world) as session:
        began = time.perf_counter() + 0.2

        async def one(number: int) -> float:
            request = f"compare the offers {new_id('req')}"
            body = activities.message(ADA, CHANNEL, request, service_url=world.url, mention=True)
            raw = json.dumps(body).encode()
            at = began + number / _PER_SECOND
            await asyncio.sleep(at - time.perf_counter())
            await post(session, urls[number % len(urls)], raw)
            return time.perf_counter() - at

        return await asyncio.gather(*(one(number) for number in range(count)))


def _taken(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(text("SELECT count(*) FROM run")).scalar_one())
