"""Throughput: 32 runs of 20 steps at once."""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench.bare_commit import bare_commit
from bench.places import POSTGRES, SQLITE, Places
from bench.table import Measured, median
from bench.workshop import THREADS, workshop
from runtime.domain.json import Json
from runtime.durable.context import Context

_RUNS = 32
_STEPS = 20
_ROUNDS = 5
_GOALS = {SQLITE: 900.0, POSTGRES: 1500.0}


def measure(places: Places) -> Iterator[Measured]:
    """Measure on both databases."""
    for kind in (SQLITE, POSTGRES):
        url = places.url(kind)
        bare = bare_commit(url)
        rates: list[float] = []
        bare_rates: list[float] = []
        with workshop(url, {"walk": _walk}) as shop:
            for _ in range(_ROUNDS):
                runs = [shop.accept("walk") for _ in range(_RUNS)]
                began = time.perf_counter()
                shop.carry_out(runs)
                rates.append(_RUNS * _STEPS / (time.perf_counter() - began))
                bare_rates.append(100 / sum(bare() for _ in range(100)))
        yield Measured(
            name=f"{_RUNS} runs × {_STEPS} steps at once", on=kind, value=median(rates),
            unit="steps/s", goal=_GOALS[kind], at_least=True,
            beside=f"{THREADS} threads; one bare connection {median(bare_rates):,.0f} commits/s",
        )  # fmt: skip


def _walk(ctx: Context) -> Json:
    for number in range(_STEPS):
        ctx.do(f"step/{number}", lambda: {"ok": True})
    return {"answer": "done"}
