"""From enqueue to start on an idle Redis, and what waiting costs; Dramatiq's defaults beside."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from bench.places import Places
from bench.table import Measured, median, quantile
from runtime.queue.actors import bind_runs
from runtime.queue.bell import QueueBell
from runtime.queue.broker import RUNS, open_broker, start_worker

_IDLE_SECONDS = 3.0


def measure(places: Places) -> Iterator[Measured]:
    """Measure both, one after the other: each has the Redis for itself."""
    waits, cpu = _product(places.redis_url)
    default_waits, default_cpu = _dramatiq(places.redis_url)
    yield Measured(
        name="enqueue → start, idle, p99", on="redis", value=quantile(waits, 0.99) * 1000,
        unit="ms", goal=20.0,
        beside=f"p50 {median(waits) * 1000:.1f} ms; Dramatiq's defaults"
        f" p50 {median(default_waits) * 1000:.0f}, p95 {quantile(default_waits, 0.95) * 1000:.0f}",
    )  # fmt: skip
    yield Measured(
        name="idle consumer's CPU", on="redis", value=cpu * 100, unit="% of a core",
        beside=f"Dramatiq's defaults {default_cpu * 100:.2f} %",
    )  # fmt: skip


def _product(url: str) -> tuple[list[float], float]:
    broker = open_broker(url)
    started = _Started()
    bind_runs(broker, lambda _: started.now())
    bell = QueueBell(broker)
    worker = start_worker(broker, queues={RUNS}, threads=8)
    try:
        waits = [
            started.after(lambda: bell.ring(steps=["one"]), pause=random.uniform(0.05, 0.12))
            for _ in range(120)
        ]
        return waits, _idle_share()
    finally:
        worker.stop()
        broker.close()


def _dramatiq(url: str) -> tuple[list[float], float]:
    broker = RedisBroker(url=url, namespace="beside")
    started = _Started()

    @dramatiq.actor(broker=broker, queue_name="beside")
    def start() -> None:
        started.now()

    worker = dramatiq.Worker(broker)
    worker.start()
    try:
        waits = [started.after(start.send, pause=random.uniform(0.4, 1.0)) for _ in range(16)]
        return waits, _idle_share()
    finally:
        worker.stop()
        broker.close()


class _Started:
    """When a message was begun with."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._at = 0.0

    def now(self) -> None:
        self._at = time.perf_counter()
        self._event.set()

    def after(self, ring: object, *, pause: float) -> float:
        """Let the consumer idle, ring, and give how long it took to start."""
        assert callable(ring)
        time.sleep(pause)
        self._event.clear()
        rung_at = time.perf_counter()
        ring()
        assert self._event.wait(10), "the message was not begun with"
        return self._at - rung_at


def _idle_share() -> float:
    time.sleep(0.5)
    before = time.process_time()
    time.sleep(_IDLE_SECONDS)
    return (time.process_time() - before) / _IDLE_SECONDS
