"""The doorbell: it wakes at once, a lost ring costs little, and its absence breaks nothing."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

import dramatiq
import pytest
import redis
from dramatiq.brokers.redis import RedisBroker

from runtime.queue.actors import bind_deliveries, bind_runs
from runtime.queue.bell import QueueBell
from runtime.queue.broker import DELIVERIES, RUNS, open_broker, start_worker
from tests.worlds.services import RedisServer

PATIENCE = 30.0


class Work:
    """What workers were asked to do, and when."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self._changed = threading.Condition()
        self.hold: threading.Event | None = None
        self.begun = threading.Event()

    def __call__(self, id: str) -> None:
        self.begun.set()
        if self.hold is not None:
            assert self.hold.wait(PATIENCE)
        with self._changed:
            self.done.append(id)
            self._changed.notify_all()

    def until(self, true: Callable[[], bool]) -> bool:
        with self._changed:
            return self._changed.wait_for(true, PATIENCE)


@contextmanager
def working(url: str | None, work: Work) -> Generator[tuple[dramatiq.Broker, dramatiq.Worker]]:
    broker = open_broker(url)
    bind_runs(broker, work)
    worker = start_worker(broker, queues={RUNS}, threads=2)
    try:
        yield broker, worker
    finally:
        worker.stop(timeout=10_000)
        broker.close()


def test_a_ring_reaches_a_worker(any_redis: str | None) -> None:
    work = Work()
    with working(any_redis, work) as (broker, _):
        QueueBell(broker).ring(steps=["run_1:/"])

        assert work.until(lambda: work.done == ["run_1:/"])


def test_what_is_rung_together_is_rung_once_each(any_redis: str | None) -> None:
    work = Work()
    with working(any_redis, work) as (broker, _):
        QueueBell(broker).ring(
            steps=["run_1:/", "run_2:/", "run_1:/"], conversations=["of nobody who listens"]
        )
        QueueBell(broker).ring(steps=["last"])

        assert work.until(lambda: "last" in work.done)
        assert work.until(lambda: sorted(work.done) == ["last", "run_1:/", "run_2:/"])


def test_a_ring_for_a_conversation_reaches_a_courier(any_redis: str | None) -> None:
    work = Work()

    async def deliver(conversation: str) -> None:
        work(conversation)

    broker = open_broker(any_redis)
    bind_deliveries(broker, deliver)
    worker = start_worker(broker, queues={DELIVERIES}, threads=2)
    QueueBell(broker).ring(conversations=["cnv_1"])

    assert work.until(lambda: work.done == ["cnv_1"])
    worker.stop(timeout=10_000)
    broker.close()


def test_an_idle_worker_wakes_for_a_ring_of_another_process(redis_server: RedisServer) -> None:
    redis_server.flush()
    work = Work()
    front = open_broker(redis_server.url)
    bell = QueueBell(front)
    waits: list[float] = []
    with working(redis_server.url, work):
        bell.ring(steps=["warm"])
        assert work.until(lambda: "warm" in work.done)
        for number in range(12):
            # Long enough for the consumer to be fast asleep: that is what is measured.
            threading.Event().wait(0.15)
            began = time.monotonic()
            bell.ring(steps=[str(number)])
            assert work.until(lambda number=number: str(number) in work.done)
            waits.append(time.monotonic() - began)
    front.close()

    # Polling would take about a second at this worker's pace; half of the rings must beat it well.
    assert sorted(waits)[len(waits) // 2] < 0.25


def test_a_lost_announcement_costs_about_a_second(redis_server: RedisServer) -> None:
    redis_server.flush()
    work = Work()
    with working(redis_server.url, work) as (broker, _):
        QueueBell(broker).ring(steps=["warm"])
        assert work.until(lambda: "warm" in work.done)
        silent = open_broker(redis_server.url)
        began = time.monotonic()
        message = dramatiq.Message[object](
            queue_name=RUNS, actor_name="run_step", args=("quiet",), kwargs={}, options={}
        )
        # Dramatiq's own broker puts the message there and announces nothing.
        RedisBroker.enqueue(silent, message)  # pyright: ignore[reportArgumentType] - any body will do

        assert work.until(lambda: "quiet" in work.done)
        assert time.monotonic() - began < 5.0
        silent.close()


def test_a_ring_while_redis_is_away_is_logged_and_not_raised(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broker = open_broker("redis://127.0.0.1:1/0")
    bell = QueueBell(broker)

    with caplog.at_level(logging.WARNING):
        bell.ring(steps=["run_1:/"])
        bell.ring(conversations=["cnv_1"])

    said = [record.getMessage() for record in caplog.records if "ring" in record.getMessage()]
    assert len(said) == 2
    assert all("sweep" in words for words in said)


def test_a_worker_outlives_a_redis_that_comes_back_empty(redis_server: RedisServer) -> None:
    work = Work()
    front = open_broker(redis_server.url)
    bell = QueueBell(front)
    with working(redis_server.url, work):
        bell.ring(steps=["before"])
        assert work.until(lambda: "before" in work.done)

        redis_server.restart_empty()
        deadline = time.monotonic() + PATIENCE
        while "after" not in work.done and time.monotonic() < deadline:
            # The sweep rings again and again; so does this.
            bell.ring(steps=["after"])
            threading.Event().wait(0.1)

        assert "after" in work.done
    front.close()


def test_messages_survive_nowhere_but_losing_them_all_blocks_nothing(
    redis_server: RedisServer,
) -> None:
    work = Work()
    with working(redis_server.url, work) as (broker, _):
        bell = QueueBell(broker)
        for number in range(5):
            bell.ring(steps=[f"ring {number}"])
            with redis.Redis.from_url(redis_server.url) as client:
                client.flushall()
        bell.ring(steps=["last"])

        assert work.until(lambda: "last" in work.done)


def test_a_worker_told_to_stop_finishes_what_it_has_in_hand(any_redis: str | None) -> None:
    work = Work()
    work.hold = threading.Event()
    with working(any_redis, work) as (broker, worker):
        QueueBell(broker).ring(steps=["in hand"])
        assert work.begun.wait(PATIENCE)
        stopping = threading.Thread(target=lambda: worker.stop(timeout=20_000))
        stopping.start()
        work.hold.set()
        stopping.join(PATIENCE)

        assert not stopping.is_alive()
        assert work.done == ["in hand"]


def test_an_actor_that_breaks_takes_nobody_with_it(any_redis: str | None) -> None:
    work = Work()

    def execute(id: str) -> None:
        if id == "bad":
            raise RuntimeError("broken")
        work(id)

    broker = open_broker(any_redis)
    bind_runs(broker, execute)
    worker = start_worker(broker, queues={RUNS}, threads=1)
    bell = QueueBell(broker)
    for one in ("bad", "good"):
        bell.ring(steps=[one])

    assert work.until(lambda: work.done == ["good"])
    worker.stop(timeout=10_000)
    broker.close()


def test_a_ring_teaches_a_redis_that_forgot_its_scripts(redis_server: RedisServer) -> None:
    work = Work()
    front = open_broker(redis_server.url)
    bell = QueueBell(front)
    with working(redis_server.url, work):
        bell.ring(steps=["before"])
        assert work.until(lambda: "before" in work.done)
        with redis.Redis.from_url(redis_server.url) as client:
            client.script_flush()

        bell.ring(steps=["after", "after that"])

        assert work.until(lambda: {"after", "after that"} <= set(work.done))
    front.close()
