"""A fan-out of 100 steps that do nothing, and the join."""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench.bare_commit import bare_commit
from bench.places import POSTGRES, SQLITE, Places
from bench.table import Measured, median
from bench.workshop import workshop
from runtime.domain.json import Json
from runtime.durable.context import Context
from runtime.durable.leaf import Child

_CHILDREN = 100
_ROUNDS = 9


def measure(places: Places) -> Iterator[Measured]:
    """Measure on both databases: from the ring to the end of the run that joined."""
    for kind in (SQLITE, POSTGRES):
        url = places.url(kind)
        bare = bare_commit(url)
        joined: list[float] = []
        bare_seconds: list[float] = []
        with workshop(url, {"fan": _fan, "nothing": lambda _: None}) as shop:
            for _ in range(_ROUNDS):
                run = shop.accept("fan")
                began = time.perf_counter()
                shop.carry_out([run])
                joined.append(time.perf_counter() - began)
                bare_seconds.append(sum(bare() for _ in range(_CHILDREN)))
        yield Measured(
            name=f"fan-out of {_CHILDREN} and join", on=kind, value=median(joined) * 1000,
            unit="ms", goal=100.0,
            beside=f"{_CHILDREN} bare commits {median(bare_seconds) * 1000:.0f} ms",
        )  # fmt: skip


def _fan(ctx: Context) -> Json:
    children = [Child(name=f"child/{number}", kind="nothing") for number in range(_CHILDREN)]
    ends = ctx.gather(children, cap=_CHILDREN)
    assert all(end.succeeded for end in ends)
    return {"answer": "joined"}
