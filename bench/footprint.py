"""What the processes hold in memory once they have worked, and how soon ``baton up`` is ready."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from bench.places import POSTGRES, Places, free_port
from bench.processes import baton, resident_mib, wait_until_ready
from bench.table import Measured, median

_AGENTS = Path(__file__).parents[1] / "agents"
_STARTS = 3
_SETTLE_SECONDS = 10.0
_OF_LITELLM = ("tiktoken", "tokenizers")
"""Compiled parts that come with litellm: files a process that loaded it has mapped."""


def measure(places: Places) -> Iterator[Measured]:
    """Start up from nothing, three times; then each role on PostgreSQL and Redis."""
    yield _cold_start(places)
    yield from _memory(places)


def _cold_start(places: Places) -> Measured:
    seconds: list[float] = []
    for number in range(_STARTS):
        port = free_port()
        home = places.folder / f"up-{number}"
        home.mkdir()
        settings = {
            "BATON_HOME": str(home), "BATON_PORT": str(port), "BATON_AGENTS_PATH": str(_AGENTS),
        }  # fmt: skip
        began = time.perf_counter()
        with baton("up", settings, log=home / "log") as up:
            wait_until_ready(f"http://127.0.0.1:{port}", up)
            seconds.append(time.perf_counter() - began)
    return Measured(
        name="cold start of baton up",
        on="sqlite",
        value=median(seconds),
        unit="s",
        goal=3.0,
        beside=f"no database yet; of {_STARTS} starts {min(seconds):.2f} to {max(seconds):.2f} s",
    )


def _memory(places: Places) -> Iterator[Measured]:
    port = free_port()
    shared = {
        "BATON_DATABASE_URL": places.url(POSTGRES),
        "BATON_REDIS_URL": places.redis_url,
        "BATON_AGENTS_PATH": str(_AGENTS),
        "BATON_HOME": str(places.folder / "roles"),
        "BATON_PORT": str(port),
    }
    log = places.folder / "roles.log"
    with (
        baton("front", shared, log=log) as front,
        baton("worker", shared, log=log) as worker,
        baton("courier", shared, log=log) as courier,
    ):
        wait_until_ready(f"http://127.0.0.1:{port}", front)
        time.sleep(_SETTLE_SECONDS)
        mapped = Path(f"/proc/{front.pid}/maps").read_text()
        loaded = [name for name in _OF_LITELLM if name in mapped]
        assert not loaded, f"the front has loaded litellm: {loaded}"
        yield Measured(
            name="resident memory of the front", on=POSTGRES, value=resident_mib(front),
            unit="MiB", goal=120.0, beside="litellm is not in it",
        )  # fmt: skip
        for name, process in (("worker", worker), ("courier", courier)):
            yield Measured(
                name=f"resident memory of the {name}", on=POSTGRES, value=resident_mib(process),
                unit="MiB", beside="litellm loaded" if name == "worker" else "",
            )  # fmt: skip
