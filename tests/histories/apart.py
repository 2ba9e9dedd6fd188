"""Three processes that work on the same runs: each for itself, and killed where it is to die.

They are told by pipes what to do, at the same moment where that can make a difference, and at the
time of the history. What they ring is handed on; of one that was killed it is lost.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final, NoReturn, Protocol

from runtime.domain.approval import Decide, Decided
from runtime.domain.errors import Refused
from runtime.testing import SteppedClock
from tests.histories.company import PROCESSES
from tests.worlds import payments
from tests.worlds.engine import EngineWorld
from tests.worlds.mortal import MortalDatabase
from tests.worlds.payments import Till

_PATIENCE_SECONDS: Final = 90.0


class _Pipe(Protocol):
    """One end of a pipe, on any system."""

    def send(self, obj: Any, /) -> None: ...
    def recv(self) -> Any: ...
    def poll(self, timeout: float, /) -> bool: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class _Begin:
    till: Path


@dataclass(frozen=True, slots=True)
class _Work:
    step_ids: Sequence[str]
    dies_after: int


@dataclass(frozen=True, slots=True)
class _Answer:
    given: Decided | None
    rung: Sequence[str]
    broken: str = ""


class _KilledDatabase(MortalDatabase):
    def _die(self) -> NoReturn:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("nobody outlives that")


def _live(pipe: _Pipe, url: str, home: Path) -> None:
    """Do what the pipe says until it closes: the whole life of a process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    database = _KilledDatabase(url)
    world = EngineWorld(database)
    process: payments.Process | None = None
    while True:
        try:
            now, said = pipe.recv()
        except EOFError:
            return
        if isinstance(said, _Begin):
            if process is not None:
                process.close()
            world = EngineWorld(database, SteppedClock(now))
            process = payments.start(world, till=said.till, home=home)
            continue
        assert process is not None, "it has not begun"
        world.clock.step((now - world.clock.now()).total_seconds())
        pipe.send(_answered(world, database, process, said))


def _answered(
    world: EngineWorld, database: MortalDatabase, process: payments.Process, said: _Work | Decide
) -> _Answer:
    given: Decided | None = None
    try:
        if isinstance(said, Decide):
            with contextlib.suppress(Refused):
                given = process.decide(said)
        else:
            database.passed, database.dies_at = 0, said.dies_after or None
            for step_id in said.step_ids:
                process.execute(step_id)
            database.dies_at = None
    except Exception:
        # Whoever plays the history is told, and the history has failed.
        return _Answer(given=None, rung=(), broken=traceback.format_exc())
    return _Answer(given=given, rung=world.bell.take_steps())


class Apart:
    """Processes of the operating system. Only where a server of databases stands in the middle."""

    def __init__(self, url: str, home: Path) -> None:
        self._url, self._home = url, home
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([__name__])
        self._till: Till | None = None
        self._alive = [self._born() for _ in range(PROCESSES)]

    def begin(self, world: EngineWorld, till: Till) -> None:
        self._world, self._till = world, till
        for process in range(PROCESSES):
            self._begin(process)

    def work(self, process: int, step_ids: list[str], *, dies_after: int) -> bool:
        # All are called for the same steps, and each is done by one of them. One that is to die is
        # called alone, so that it is the one who does it.
        called = [process] if dies_after else [(process + at) % PROCESSES for at in range(3)]
        for one in called:
            self._tell(one, _Work(step_ids, dies_after))
        answers = [self._answer(one) for one in called]
        return None not in answers

    def hear(self, said: list[tuple[int, Decide]]) -> list[Decided | None]:
        for process, one in said:
            self._tell(process, one)
        answers = [self._answer(process) for process, _ in said]
        alive = [answer.given for answer in answers if answer is not None]
        assert len(alive) == len(said), "nobody is to die of what people say"
        return alive

    def close(self) -> None:
        for process, pipe in self._alive:
            pipe.close()
            process.join(_PATIENCE_SECONDS)

    def _begin(self, process: int) -> None:
        assert self._till is not None, "there is a till before there is a history"
        self._tell(process, _Begin(self._till.file))

    def _tell(self, process: int, said: _Begin | _Work | Decide) -> None:
        now: datetime = self._world.clock.now()
        self._alive[process][1].send((now, said))

    def _answer(self, process: int) -> _Answer | None:
        """Wait for what a process answers, and ring for it; None where it died instead."""
        died, pipe = self._alive[process]
        assert pipe.poll(_PATIENCE_SECONDS), "a process does not answer"
        try:
            answer: _Answer = pipe.recv()
        except (EOFError, ConnectionResetError):
            died.join(_PATIENCE_SECONDS)
            pipe.close()
            self._alive[process] = self._born()
            self._begin(process)
            return None
        assert not answer.broken, answer.broken
        self._world.bell.ring(steps=answer.rung)
        return answer

    def _born(self) -> tuple[BaseProcess, _Pipe]:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=_live, args=(theirs, self._url, self._home), daemon=True
        )
        process.start()
        theirs.close()
        return process, ours
