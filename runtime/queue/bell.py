"""Ring by sending a message; a ring that fails is a ring that was lost."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from dramatiq import Broker, Message

from runtime.queue.actors import DELIVER, RUN_STEP
from runtime.queue.broker import DELIVERIES, RUNS, at_once

_log = logging.getLogger(__name__)


class QueueBell:
    """The bell of a process that may, but need not, have a worker of its own."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        for queue in (RUNS, DELIVERIES):
            broker.declare_queue(queue)

    def ring(self, *, steps: Iterable[str] = (), conversations: Iterable[str] = ()) -> None:
        """Announce ready steps and due deliveries, in one trip where the broker can."""
        try:
            with at_once(self._broker):
                for step_id in dict.fromkeys(steps):
                    self._send(RUNS, RUN_STEP, step_id)
                for conversation_id in dict.fromkeys(conversations):
                    self._send(DELIVERIES, DELIVER, conversation_id)
        except Exception as error:
            # Whatever the queue's trouble is, the row is committed and due: the sweep rings again.
            _log.warning("the queue did not take a ring (%s); the sweep will", type(error).__name__)

    def _send(self, queue: str, actor: str, id: str) -> None:
        message: Message[object] = Message(
            queue_name=queue, actor_name=actor, args=(id,), kwargs={}, options={}
        )
        self._broker.enqueue(message)
