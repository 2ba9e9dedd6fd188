"""Ring by sending a message; a ring that fails is a ring that was lost."""

from __future__ import annotations

import logging

from dramatiq import Broker, Message

from runtime.queue.actors import DELIVER, RUN_STEP
from runtime.queue.broker import DELIVERIES, RUNS

_log = logging.getLogger(__name__)


class QueueBell:
    """The bell of a process that may, but need not, have a worker of its own."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        for queue in (RUNS, DELIVERIES):
            broker.declare_queue(queue)

    def ring_step(self, step_id: str) -> None:
        """Announce a ready step."""
        self._send(RUNS, RUN_STEP, step_id)

    def ring_conversation(self, conversation_id: str) -> None:
        """Announce deliveries that are due."""
        self._send(DELIVERIES, DELIVER, conversation_id)

    def _send(self, queue: str, actor: str, id: str) -> None:
        message: Message[object] = Message(
            queue_name=queue, actor_name=actor, args=(id,), kwargs={}, options={}
        )
        try:
            self._broker.enqueue(message)
        except Exception as error:
            # Whatever the queue's trouble is, the row is committed and due: the sweep rings again.
            _log.warning("the queue did not take a ring (%s); the sweep will", type(error).__name__)
