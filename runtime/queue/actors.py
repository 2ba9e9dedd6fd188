"""The two actors. Each gets an id and hands it to whoever knows what to do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from dramatiq import Actor, Broker, actor

from runtime.queue.broker import DELIVERIES, RUNS

RUN_STEP = "run_step"
DELIVER = "deliver"


def bind_runs(broker: Broker, execute: Callable[[str], None]) -> Actor[[str], None]:
    """Let messages on the queue of runs carry out steps."""

    @actor(broker=broker, queue_name=RUNS, actor_name=RUN_STEP)
    def run_step(step_id: str) -> None:
        execute(step_id)

    return run_step


def bind_deliveries(
    broker: Broker, deliver: Callable[[str], Awaitable[None]]
) -> Actor[[str], None]:
    """Let messages on the queue of deliveries send what a conversation is owed."""

    @actor(broker=broker, queue_name=DELIVERIES, actor_name=DELIVER)
    async def deliver_conversation(conversation_id: str) -> None:
        await deliver(conversation_id)

    return deliver_conversation
