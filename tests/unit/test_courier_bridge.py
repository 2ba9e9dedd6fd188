from __future__ import annotations

import asyncio
import threading

import pytest

from bots.bridge import Bridge
from runtime.domain.errors import Refused, Upstream


async def test_a_call_runs_on_another_thread_and_gives_its_result() -> None:
    bridge = Bridge(threads=1)

    def where(word: str, *, twice: bool) -> tuple[str, int]:
        return (word * 2 if twice else word, threading.get_ident())

    word, thread = await bridge(where, "ab", twice=True)

    assert word == "abab"
    assert thread != threading.get_ident()
    bridge.close()


async def test_an_error_of_the_call_reaches_who_awaits() -> None:
    bridge = Bridge(threads=1)

    def refuse() -> None:
        raise Refused("no")

    with pytest.raises(Refused):
        await bridge(refuse)
    bridge.close()


async def test_more_calls_than_fit_are_refused_politely_and_places_come_back() -> None:
    bridge = Bridge(threads=1, queue_limit=1)
    gate = threading.Event()
    calls = [asyncio.create_task(bridge(gate.wait, 10)) for _ in range(2)]
    await asyncio.sleep(0)

    with pytest.raises(Upstream, match="try again"):
        await bridge(gate.wait, 10)

    gate.set()
    assert await asyncio.gather(*calls) == [True, True]
    assert await bridge(gate.wait, 10)
    bridge.close()


async def test_a_closed_bridge_says_that_it_is_shutting_down() -> None:
    bridge = Bridge(threads=1)
    bridge.close()

    with pytest.raises(Upstream, match="shutting down"):
        await bridge(len, "x")
