"""Workflows that sleep: ten thousand are laid down, looked over and woken, on SQLite.

There one writes at a time. Time stands still until all of them sleep; then a month passes at once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from bench.places import SQLITE, Places
from bench.table import Measured
from bench.workflows import flows
from runtime.domain.states import StepStatus
from tests.worlds.engine import root_of

_SLEEPERS: Final = 10_000
_THREADS: Final = 4
_MONTH: Final = 30 * 24 * 3600.0
_NAP = "do:\n  - nap: {wait: P30D}\n"


def measure(places: Places) -> Iterator[Measured]:
    """Measure a sweep over them, and that all of them end once it is time."""
    with (
        flows(SQLITE, places) as (world, process, _),
        ThreadPoolExecutor(_THREADS) as threads,
    ):
        sleepers = world.accept_many(_SLEEPERS, _NAP)
        list(threads.map(process.execute, map(root_of, sleepers)))
        world.engines.clock.step(_MONTH - 1)
        began = time.perf_counter()
        early = world.engines.sweep()
        looked = time.perf_counter() - began
        assert early == 0, f"{early} woke before it was time"
        yield Measured(
            name=f"a sweep over {_SLEEPERS:,} that sleep", on=SQLITE, value=looked * 1000,
            unit="ms", goal=50.0,
        )  # fmt: skip
        world.engines.clock.step(1)
        began = time.perf_counter()
        while world.engines.sweep():
            list(threads.map(process.execute, world.engines.bell.take_steps()))
        seconds = time.perf_counter() - began
        awake = sum(world.outcome(one).status == StepStatus.SUCCEEDED for one in sleepers)
        yield Measured(
            name=f"workflows woken of {_SLEEPERS:,} that slept a month", on=SQLITE, value=awake,
            unit="runs", goal=_SLEEPERS, at_least=True,
            beside=f"{awake / seconds:,.0f} a second in one process, to their end",
        )  # fmt: skip
