"""One durable step after another in one run, against bare commits; and whether a run gets slower.

Each step is a ``ctx.do`` of a read. Bare commits are made between the steps of the same run, so
that both meet the same moment of the machine.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench.bare_commit import bare_commit
from bench.places import POSTGRES, SQLITE, Places
from bench.table import Measured, median
from bench.workshop import workshop
from runtime.domain.json import Json
from runtime.durable.context import Context

_STEPS = 1000
_WALKS = 3


def measure(places: Places) -> Iterator[Measured]:
    """Compare on both databases."""
    for kind in (SQLITE, POSTGRES):
        yield from _on(kind, places.url(kind))


def _on(kind: str, url: str) -> Iterator[Measured]:
    bare = bare_commit(url)
    durable_seconds: list[float] = []
    bare_seconds: list[float] = []
    walks: list[tuple[list[float], list[float]]] = []

    def walk(ctx: Context) -> Json:
        for number in range(_STEPS):
            began = time.perf_counter()
            ctx.do(f"step/{number}", _nothing)
            durable_seconds.append(time.perf_counter() - began)
            bare_seconds.append(bare())
        return {"answer": "done"}

    with workshop(url, {"walk": walk}) as shop:
        shop.carry_out([shop.accept("walk")])  # Warms caches, plans and pages.
        for _ in range(_WALKS):
            durable_seconds.clear()
            bare_seconds.clear()
            shop.carry_out([shop.accept("walk")])
            walks.append((list(durable_seconds), list(bare_seconds)))
    step = median([seconds for durable, _ in walks for seconds in durable])
    commit = median([seconds for _, bare in walks for seconds in bare])
    yield Measured(
        name="sequential step / bare commit", on=kind, value=step / commit, unit="×", goal=2.5,
        beside=f"step {step * 1000:.2f} ms, bare commit {commit * 1000:.2f} ms",
    )  # fmt: skip
    growth = median([_growth(*walked) for walked in walks])
    yield Measured(
        name="steps 901-1000 / steps 1-100", on=kind, value=growth, unit="×", goal=1.1,
        beside=f"each as a multiple of the bare commits in between; of {_WALKS} runs",
    )  # fmt: skip


def _growth(durable: list[float], bare: list[float]) -> float:
    """Give how much dearer the last steps are than the first, on a machine that may slow down."""
    early = median(durable[:100]) / median(bare[:100])
    return median(durable[-100:]) / median(bare[-100:]) / early


def _nothing() -> Json:
    return {"ok": True}
