"""Whether a Teams front holds more after fifty thousand activities than after ten thousand.

Everything that a front remembers is used and used up: tokens, people, rosters, chats, what was
answered. Half of what comes is talk that is not for Baton, as in a busy tenant; the rest are
reactions, cards that come into view, buttons of cards that are gone, commands, and requests.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import Iterator
from typing import Any

from bench.places import POSTGRES, Places
from bench.processes import resident_mib
from bench.table import Measured
from bench.teams_sending import client, front, post, signed
from runtime.domain.ids import new_id
from tests.worlds.teams import activities
from tests.worlds.teams.cast import CHANNEL, GROUP, Member
from tests.worlds.teams.world import TeamsWorld, teams_world

_FEW, _MANY = 10_000, 50_000
_AT_ONCE = 16
_A_TOKEN_FOR = 50
_PEOPLE = [
    Member(id=f"29:1p{one:05d}", object_id=f"dddddddd-0000-4000-8000-{one:012d}", name=f"Pat {one}")
    for one in range(500)
]


def measure(places: Places) -> Iterator[Measured]:
    """Send as fast as one front takes them."""
    with (
        places.apart() as services,
        teams_world() as world,
        front(places, world, services) as (url, process),
    ):
        world.connector.members = {one.id: one for one in _PEOPLE}
        at_start = resident_mib(process)
        few, _ = _held_after(world, url, process, range(_FEW))
        many, seconds = _held_after(world, url, process, range(_FEW, _MANY))
        replies = len(world.connector.messages)
    assert replies, "no command was answered"
    yield Measured(
        name=f"Teams front, growth from {_FEW:,} to {_MANY:,} activities", on=POSTGRES,
        value=max(many / few - 1.0, 0.0) * 100, unit="%", goal=5.0,
        beside=f"{at_start:.0f} MiB at start, {few:.0f} after {_FEW:,}, {many:.0f} after {_MANY:,};"
        f" {(_MANY - _FEW) / seconds:.0f} a second, {replies:,} replies",
    )  # fmt: skip


def _held_after(
    world: TeamsWorld, url: str, process: subprocess.Popen[str], numbers: range
) -> tuple[float, float]:
    """Give how much the front holds after these, and how long they took."""
    began = time.perf_counter()
    asyncio.run(_as_fast_as_taken(world, url, numbers))
    seconds = time.perf_counter() - began
    # A measurement keeps nothing of what was said to it either.
    world.connector.calls.clear()
    return resident_mib(process), seconds


async def _as_fast_as_taken(world: TeamsWorld, url: str, numbers: range) -> None:
    async with client(world) as session:

        async def some(own: range) -> None:
            headers = signed(world)
            for count, number in enumerate(own, start=1):
                if count % _A_TOKEN_FOR == 0:
                    headers = signed(world)
                await post(session, url, json.dumps(_one(world, number)).encode(), headers=headers)

        await asyncio.gather(*(some(numbers[first::_AT_ONCE]) for first in range(_AT_ONCE)))


def _one(world: TeamsWorld, number: int) -> dict[str, Any]:
    url, person = world.url, _PEOPLE[(number // 10) % len(_PEOPLE)]
    match number % 10:
        case 0:
            return activities.envelope("messageReaction", person, CHANNEL, service_url=url)
        case 1:
            return activities.execute(
                person, CHANNEL, service_url=url, message_id=activities.new_id(),
                verb="card.look", data={"delivery": new_id("dlv")}, automatic=True,
            )  # fmt: skip
        case 2:
            return activities.execute(
                person, GROUP, service_url=url, message_id=activities.new_id(),
                verb="approval.approve", data={"id": new_id("apr"), "nonce": "old"},
            )  # fmt: skip
        case 3:
            return activities.message(person, GROUP, "approvals", service_url=url, mention=True)
        case 4:
            request = f"compare the offers {new_id('req')}"
            return activities.message(person, CHANNEL, request, service_url=url, mention=True)
        case _:
            talk = f"talk {new_id('t')}"
            return activities.message(person, CHANNEL, talk, service_url=url, mention=False)
