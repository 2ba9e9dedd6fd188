"""Open the broker: in this process, or on Redis."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from dramatiq import Broker, Worker
from dramatiq.brokers.stub import StubBroker
from dramatiq.middleware import AsyncIO, Middleware

RUNS = "runs"
DELIVERIES = "deliveries"


def middleware() -> list[Middleware]:
    """Give Dramatiq's middleware, all of it. Retries, time limits and results are the engine's
    business: a message lost or doubled costs nothing, so none of Dramatiq's own are wanted."""
    return [AsyncIO()]


def open_broker(redis_url: str | None) -> Broker:
    """Give a broker; without a URL the queue lives and dies with this process."""
    if redis_url is None:
        return StubBroker(middleware=middleware())
    from runtime.queue.waking import WakingRedisBroker

    return WakingRedisBroker(redis_url, middleware=middleware())


def at_once(broker: Broker) -> AbstractContextManager[None]:
    """Let what is enqueued inside go to the broker in one trip, where that costs one."""
    if isinstance(broker, StubBroker):
        return nullcontext()
    from runtime.queue.waking import WakingRedisBroker

    return broker.at_once() if isinstance(broker, WakingRedisBroker) else nullcontext()


def start_worker(broker: Broker, *, queues: set[str], threads: int) -> Worker:
    """Begin to consume; the caller stops it."""
    # Stopping waits this long for each queue. In this process an idle look costs nothing, and
    # whoever typed a command waits for its end; on Redis each look is a round trip.
    idle_ms = 100 if isinstance(broker, StubBroker) else 1000
    worker = Worker(broker, queues=queues, worker_threads=threads, worker_timeout=idle_ms)
    worker.start()
    return worker
