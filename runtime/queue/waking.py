"""Dramatiq on Redis without polling: an idle consumer sleeps until a message is announced.

Dramatiq's consumer polls with a back-off; idle, that is p50 310 ms and p95 750 ms to pick up a
message, or a tenth of a core at a 10 ms poll. Here ``enqueue`` publishes the queue's name and one
listening thread per process cuts the sleep short. A lost announcement costs one poll interval.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from dramatiq.brokers.redis import RedisBroker, _RedisConsumer  # pyright: ignore[reportPrivateUsage] - its only seam
from dramatiq.common import current_millis
from redis import Redis, RedisError
from redis.exceptions import NoScriptError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from dramatiq.broker import MessageProxy
    from dramatiq.middleware import Middleware
    from redis.client import PubSub
    from redis.commands.core import Script

_log = logging.getLogger(__name__)
_LISTEN_SECONDS = 5.0
_Given = tuple[str | bytes | int, ...]
_Order = tuple[str, _Given]
"""A queue's name, and what its script is given."""


class _Orders(threading.local):
    """What one thread holds back, to send it at once; None where it holds nothing back."""

    given: list[_Order] | None = None


class WakingRedisBroker(RedisBroker):
    """A Redis broker whose consumers wake at once.

    ``maintenance_chance`` is certain, so that a dead worker's messages come back with the next
    command after its heartbeat ran out and not half an hour later.
    """

    def __init__(self, url: str, *, middleware: list[Middleware]) -> None:
        super().__init__(
            url=url, middleware=middleware, maintenance_chance=1_000_000, heartbeat_timeout=15_000
        )
        self._announcements = f"{self.namespace}:announced"
        self._wake: dict[str, threading.Event] = defaultdict(threading.Event)
        self._orders = _Orders()
        self._listener: threading.Thread | None = None
        self._closed = threading.Event()
        self._lock = threading.Lock()

    @property
    def consumer_class(self) -> type[_WakingConsumer]:
        return _WakingConsumer

    def do_enqueue(self, queue_name: str, *message: str | bytes) -> None:
        """Store a message and announce it, in one trip; Dramatiq's ``enqueue`` ends here."""
        given: _Given = (
            *("enqueue", current_millis(), queue_name, self.broker_id),
            *(self.heartbeat_timeout, self.dead_message_ttl),
            *(self._should_do_maintenance("enqueue"), cast("int", self._max_unpack_size())),
            *message,
        )
        orders = self._orders.given
        if orders is not None:
            orders.append((queue_name, given))
        else:
            self._store([(queue_name, given)])

    @contextmanager
    def at_once(self) -> Generator[None]:
        """Store what this thread enqueues inside in one trip, at the end."""
        orders: list[_Order] = []
        self._orders.given = orders
        try:
            yield
        finally:
            self._orders.given = None
        if orders:
            self._store(orders)

    def _store(self, orders: Sequence[_Order]) -> None:
        client = cast("Redis", self.client)
        store = cast("Script", self.scripts["dispatch"])
        all_of_it = client.pipeline(transaction=False)
        for _, given in orders:
            all_of_it.evalsha(store.sha, 1, self.namespace, *given)
        queues = dict.fromkeys(queue_name for queue_name, _ in orders)
        for queue_name in queues:
            all_of_it.publish(self._announcements, queue_name)
        try:
            all_of_it.execute()
        except NoScriptError:
            # A Redis that has forgotten its scripts; this teaches it again.
            for _, given in orders:
                store(keys=[self.namespace], args=given)
            for queue_name in queues:
                client.publish(self._announcements, queue_name)

    def close(self) -> None:
        self._closed.set()
        super().close()

    def wake_event(self, queue_name: str) -> threading.Event:
        """Give the event that is set when something was enqueued on a queue."""
        with self._lock:
            if self._listener is None:
                self._listener = threading.Thread(
                    target=self._listen, name="queue-announcements", daemon=True
                )
                self._listener.start()
            return self._wake[queue_name]

    def _listen(self) -> None:
        while not self._closed.is_set():
            try:
                client = cast("Redis", self.client)
                with contextlib.closing(client.pubsub()) as subscription:
                    subscription.subscribe(self._announcements)
                    self._relay(subscription)
            except RedisError as error:
                _log.warning("queue announcements are lost for a moment: %s", type(error).__name__)
                self._closed.wait(1.0)

    def _relay(self, subscription: PubSub) -> None:
        while not self._closed.is_set():
            heard = cast(
                "Mapping[str, object] | None",
                subscription.get_message(ignore_subscribe_messages=True, timeout=_LISTEN_SECONDS),
            )
            if heard is not None:
                name = cast("bytes", heard["data"]).decode()
                self._wake[name].set()


class _WakingConsumer(_RedisConsumer):
    def __init__(
        self, broker: WakingRedisBroker, queue_name: str, prefetch: int, timeout: int
    ) -> None:
        # Dramatiq's own back-off is cut to a millisecond; the real wait is below.
        super().__init__(broker, queue_name, prefetch, timeout=1)
        self._idle_seconds = timeout / 1000
        self._wake = broker.wake_event(queue_name)

    def ack(self, message: MessageProxy) -> None:
        super().ack(message)
        self._wake.set()

    def nack(self, message: MessageProxy) -> None:
        super().nack(message)
        self._wake.set()

    def __next__(self) -> MessageProxy | None:
        message = super().__next__()
        if message is None:
            self._wake.wait(self._idle_seconds)
            # Cleared before the next fetch: what is announced from here on is seen by it.
            self._wake.clear()
        return message
