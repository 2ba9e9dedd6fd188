"""Many installations side by side, each killed at one point and started again until it is done."""

from __future__ import annotations

import os
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import redis
from sqlalchemy import delete, text
from sqlmodel import SQLModel

from runtime.storage.database import Database
from tests.faults.checker import Findings, check
from tests.faults.product_process import ROUND, Spec
from tests.faults.starts import EVENTS
from tests.faults.zygote import Ended, Zygote
from tests.worlds.services import PostgresServer, RedisServer, fresh_sqlite

SIDE_BY_SIDE: Final = 6
_PATIENCE_SECONDS: Final = 120.0
_FROZEN_LEASE_SECONDS = 3.0
_LOOK_SECONDS: Final = 0.02
_ROUNDS: Final = EVENTS + 2
_AROUND_A_START: Final = ("commit occasions.", "commit hear.", "commit schedules.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """One installation's fate."""

    last: str
    approves: bool
    at: int
    number: signal.Signals = signal.SIGKILL


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of it."""

    kill: Kill
    point: str | None
    """The point at which it was hit; None where the run ended before."""
    findings: Findings
    seconds: float


@dataclass(slots=True)
class _Trial:
    kill: Kill
    spec: Spec
    resources: ExitStack
    began: float
    alive: set[int] = field(default_factory=set[int])
    hit: bool = False
    frozen: int | None = None
    wake_at: float = 0.0
    done: bool = False


class Setting:
    """A kind of installation: SQLite in one process, or PostgreSQL with Redis.

    A database of PostgreSQL is used again and again, for making one takes longer than killing.
    """

    def __init__(self, postgres: PostgresServer | None, queue: RedisServer | None) -> None:
        self._postgres = postgres
        self._queue = queue
        self._databases: dict[int, str] = {}
        self._kept = ExitStack()

    def close(self) -> None:
        """Let go of the databases."""
        self._kept.close()

    @property
    def name(self) -> str:
        return "sqlite" if self._postgres is None else "postgres + redis"

    def install(self, slot: int, resources: ExitStack) -> Spec:
        """Make an empty installation; ``slot`` numbers those that exist at the same time."""
        folder = resources.enter_context(tempfile.TemporaryDirectory(prefix="baton-fault-"))
        home = Path(folder)
        (home / "data").mkdir()
        if self._postgres is None:
            url = resources.enter_context(fresh_sqlite(home))
        else:
            url = self._emptied(self._postgres, slot)
        spec = Spec(home=str(home), database_url=url, redis_url=self._redis(slot))
        spec.outside.create()
        return spec

    def _emptied(self, postgres: PostgresServer, slot: int) -> str:
        if slot not in self._databases:
            self._databases[slot] = self._kept.enter_context(postgres.fresh_database())
        database = Database(self._databases[slot], pool_size=1)
        with database.write() as connection:
            # The triggers that keep the audit are in the way of nobody but whoever empties it.
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            for one in reversed(SQLModel.metadata.sorted_tables):
                connection.execute(delete(one))
        database.close()
        return self._databases[slot]

    def _redis(self, slot: int) -> str | None:
        if self._queue is None:
            return None
        url = f"{self._queue.url.rsplit('/', 1)[0]}/{slot}"
        with redis.Redis.from_url(url) as client:
            client.flushdb()
        return url


class Campaign:
    """Runs trials on one setting, several at once, with one zygote."""

    def __init__(self, zygote: Zygote, setting: Setting) -> None:
        self._zygote = zygote
        self._setting = setting

    def points(self, *, last: str, approves: bool = True) -> list[str]:
        """Let a run live, and give the names of the points it passed."""
        passed: list[list[str]] = []

        def note(trial: _Trial) -> None:
            passed.append(trial.spec.passed.read_text(encoding="utf-8").split("\n"))

        never = Kill(last=last, approves=approves, at=10**9)
        for result in self._run([never], note):
            assert not result.findings.violations, result.findings.violations
        return passed[0]

    def kills(self, kills: Sequence[Kill]) -> list[Result]:
        """Carry out every kill; give what came of each."""
        return list(self._run(kills, lambda _trial: None))

    def _run(self, kills: Sequence[Kill], ended: Callable[[_Trial], None]) -> Iterator[Result]:
        waiting = list(kills)
        slots = list(range(SIDE_BY_SIDE))
        going: dict[int, _Trial] = {}
        while waiting or going:
            while waiting and slots:
                slot = slots.pop()
                going[slot] = self._begin(waiting.pop(0), slot)
            news = {one.pid: one for one in self._zygote.news()}
            for slot, trial in list(going.items()):
                self._go_on(trial, news)
                if trial.done:
                    ended(trial)
                    yield self._judge(trial)
                    del going[slot]
                    slots.append(slot)
            time.sleep(_LOOK_SECONDS)

    def _begin(self, kill: Kill, slot: int) -> _Trial:
        resources = ExitStack()
        spec = replace(
            self._setting.install(slot, resources), last=kill.last, approves=kill.approves
        )
        if kill.number == signal.SIGSTOP:
            # Long enough that only the sleeper loses its lease, and not whoever is merely slow.
            spec = replace(spec, lease_seconds=_FROZEN_LEASE_SECONDS)
        if kill.last == ROUND:
            spec = replace(spec, requests=_ROUNDS, of=_AROUND_A_START)
        trial = _Trial(kill=kill, spec=spec, resources=resources, began=time.monotonic())
        trial.alive.add(self._zygote.start(replace(spec, at=kill.at, number=kill.number)))
        return trial

    def _go_on(self, trial: _Trial, news: dict[int, Ended]) -> None:
        for pid in list(trial.alive):
            if pid not in news:
                continue
            if news[pid].code is None:
                # It sleeps with its lease; another takes over, and then it wakes.
                trial.frozen, trial.hit = pid, True
                trial.wake_at = time.monotonic() + trial.spec.lease_seconds * 1.5
                trial.alive.add(self._zygote.start(trial.spec))
                continue
            trial.alive.discard(pid)
            if news[pid].code == -signal.SIGKILL and not trial.hit:
                trial.hit = True
                trial.alive.add(self._zygote.start(trial.spec))
            elif news[pid].code != 0:
                raise AssertionError(f"a process ended by itself:\n{_log_of(trial)}")
        if trial.frozen is not None and time.monotonic() > trial.wake_at:
            os.kill(trial.frozen, signal.SIGCONT)
            trial.frozen = None
        trial.done = not trial.alive
        if not trial.done and time.monotonic() - trial.began > _PATIENCE_SECONDS:
            for pid in trial.alive:
                os.kill(pid, signal.SIGKILL)
            trial.done = True

    def _judge(self, trial: _Trial) -> Result:
        database = Database(trial.spec.database_url, pool_size=1)
        try:
            findings = check(
                database,
                trial.spec.outside,
                approves=trial.kill.approves,
                frozen=trial.kill.number == signal.SIGSTOP,
            )
        finally:
            database.close()
        record = trial.spec.record
        point = record.read_text(encoding="utf-8") if record.exists() else None
        broken = _broken_words(trial)
        if findings.violations or broken:
            words = (*findings.violations, *broken)
            findings = replace(findings, violations=words)
        seconds = time.monotonic() - trial.began
        trial.resources.close()
        return Result(kill=trial.kill, point=point, findings=findings, seconds=seconds)


def chosen(
    passed: dict[str, list[str]], *, count: int, seed: int, approves: bool = True
) -> list[Kill]:
    """Choose kills over all points of all variants: each point once before any is taken again."""
    order = random.Random(seed)
    kills: list[Kill] = []
    while len(kills) < count:
        round_ = [
            Kill(last=last, approves=approves, at=at + 1)
            for last, points in passed.items()
            for at in range(len(points))
        ]
        order.shuffle(round_)
        kills += round_
    return kills[:count]


def table(results: Sequence[Result]) -> str:
    """Tell what was hit and what came of it, one line for each kind of point."""
    hits = Counter(one.point for one in results if one.point is not None)
    repeats: Counter[str] = Counter()
    doubts: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for one in results:
        if one.point is not None:
            repeats[one.point] += one.findings.repeats
            doubts[one.point] += one.findings.doubts
            wrong[one.point] += len(one.findings.violations)
    width = max(map(len, hits), default=5)
    lines = [f"{'point':<{width}}  kills  done again  asked about  violations"]
    lines += [
        f"{point:<{width}}  {hits[point]:5}  {repeats[point]:10}  {doubts[point]:11}"
        f"  {wrong[point]:10}"
        for point in sorted(hits)
    ]
    slowest = max((one.seconds for one in results), default=0.0)
    lines.append(
        f"{len(hits)} kinds of points, {sum(hits.values())} kills,"
        f" {sum(one.point is None for one in results)} ended first,"
        f" {sum(len(one.findings.violations) for one in results)} violations;"
        f" slowest {slowest:.1f} s"
    )
    return "\n".join(lines)


def violations(results: Sequence[Result]) -> list[str]:
    """Give what went wrong, with where it was hit."""
    return [
        f"{one.kill.last} killed at {one.kill.at} ({one.point}): {violation}"
        for one in results
        for violation in one.findings.violations
    ]


def _broken_words(trial: _Trial) -> list[str]:
    return [
        f"the log says: {line}"
        for line in _log_of(trial).splitlines()
        if " broke" in line or "unexpected" in line
    ]


def _log_of(trial: _Trial) -> str:
    log = trial.spec.log
    return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
