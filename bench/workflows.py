"""Workflows: ten thousand turns of a loop, the last as cheap as the first."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from bench.places import POSTGRES, SQLITE, Places
from bench.table import Measured, median
from runtime.domain.json import Json
from runtime.durable.engine import Engine
from runtime.expressions.evaluator import Evaluator, Outcome
from runtime.expressions.program import Batch
from runtime.storage.database import Database
from runtime.workflows.tasks.loop import PART
from tests.worlds.flows import FlowWorld

_TURNS: Final = 10_000
_SHARE: Final = 1_000
_LOOP = """
do:
  - each:
      for: {{in: '[range({turns})]'}}
      do: [{{add: {{set: '${{ . + 1 }}'}}}}]
"""


class _Timed(Evaluator):
    """Notes how long it is from one expression to the next: a turn, in this loop.

    ``between`` is called after every fifty, and its time is nobody's.
    """

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[float] = []
        self.between: Callable[[], None] = lambda: None
        self._since = 0.0

    def begin(self) -> None:
        """Note nothing of what was before."""
        self._since = 0.0

    def batch(
        self,
        batch: Batch,
        value: Json,
        *,
        variables: Mapping[str, Json] | None = None,
        now: datetime | None = None,
    ) -> list[Outcome]:
        if self._since:
            self.taken.append(time.perf_counter() - self._since)
            if len(self.taken) % PART == 0:
                self.between()
        self._since = time.perf_counter()
        return super().batch(batch, value, variables=variables, now=now)


def measure(places: Places) -> Iterator[Measured]:
    """Measure loops on both databases."""
    for kind in (SQLITE, POSTGRES):
        yield _loop(kind, places)


def _loop(kind: str, places: Places) -> Measured:
    """Hold the last turns against first ones of other loops that are made in the same moments.

    What else the machine has to do changes by the second; so it is in the way of both.
    """
    with flows(kind, places) as (world, process, turns), flows(kind, places) as beside:

        def begin_another() -> None:
            if len(turns.taken) > _TURNS - _SHARE:
                beside[2].begin()
                _carry_out(*beside[:2], turns=PART)

        turns.between = begin_another
        began = time.perf_counter()
        _carry_out(world, process, turns=_TURNS)
        seconds = time.perf_counter() - began
    first, last = median(beside[2].taken), median(turns.taken[-_SHARE:])
    return Measured(
        name=f"turns {_TURNS - _SHARE + 1}-{_TURNS} of a workflow's loop / the first {PART}",
        on=kind, value=last / first, unit="×", goal=1.2,
        beside=f"{first * 1000:.2f} ms a turn at first, {last * 1000:.2f} ms in the end;"
        f" {seconds:.1f} s for all",
    )  # fmt: skip


def _carry_out(world: FlowWorld, process: Engine, *, turns: int) -> None:
    run_id = world.accept(_LOOP.format(turns=turns), input=0)
    world.engines.do(process, run_id)
    assert world.outcome(run_id).output == turns


@contextmanager
def flows(kind: str, places: Places) -> Generator[tuple[FlowWorld, Engine, _Timed]]:
    """Give a process that carries out workflows, and what times its expressions."""
    evaluator = _Timed()
    database = Database(places.url(kind))
    world = FlowWorld(database, evaluator=evaluator, data=places.folder)
    process = world.process()
    # Its leases are renewed, as in any process: a long loop is one step's work for a while.
    process.start()
    try:
        yield world, process, evaluator
    finally:
        world.close()
        database.close()
        evaluator.close()
