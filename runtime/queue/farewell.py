"""What has to be closed on the loop of asynchronous actors, once the last of them has ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from dramatiq import Broker, Middleware, Worker
from dramatiq.asyncio import get_event_loop_thread

Close = Callable[[], Awaitable[None]]


class Farewell(Middleware):
    """Closes connections that belong to the loop. Add it after ``AsyncIO``, whose loop it needs:
    Dramatiq tells middleware of an end in reverse order."""

    def __init__(self, closes: Sequence[Close]) -> None:
        self._closes = list(closes)

    def after_worker_shutdown(self, broker: Broker, worker: Worker) -> None:  # noqa: ARG002 - Dramatiq calls it so
        """Close everything, while the loop still runs."""
        loop = get_event_loop_thread()
        if loop is None:
            return

        async def close() -> None:
            for one in self._closes:
                await one()

        loop.run_coroutine(close())
