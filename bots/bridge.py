"""The one way from asynchronous handlers into the synchronous runtime."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from threading import BoundedSemaphore
from typing import ParamSpec, TypeVar

from runtime.domain.errors import Upstream

P = ParamSpec("P")
T = TypeVar("T")


class Bridge:
    """Run blocking calls on a bounded pool of threads of its own.

    A pool that is shared with the loop's default executor would let a slow name look-up starve
    the database calls, and an unbounded queue would turn a slow database into memory use. No call
    may wait for another one, or for time to pass: there are only two threads, because a call is
    mostly work for the interpreter, and with eight each took longer than in their turn.
    """

    def __init__(self, *, threads: int = 2, queue_limit: int = 256) -> None:
        self._executor = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="bridge")
        self._places = BoundedSemaphore(threads + queue_limit)

    async def __call__(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Await ``function(*args, **kwargs)`` on a thread of the pool.

        Cancelling the awaiting task does not stop a call that has begun: it commits or fails on
        its own, and its place in the queue is given back when it ends.

        Raises:
            Upstream: too many calls are queued already; nothing was called.
        """
        if not self._places.acquire(blocking=False):
            raise Upstream(
                "Baton has too much to do at this moment; try again in a few seconds",
                retry_after_seconds=2.0,
                ambiguous=False,
            )
        call = partial(copy_context().run, partial(function, *args, **kwargs))
        try:
            future: Future[T] = self._executor.submit(call)
        except RuntimeError as stopped:
            self._places.release()
            raise Upstream(
                "Baton is shutting down; try again in a few seconds",
                retry_after_seconds=5.0,
                ambiguous=False,
            ) from stopped
        future.add_done_callback(self._leave)
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Let the calls that have begun end, and drop those that have not."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _leave(self, _: Future[T]) -> None:
        self._places.release()
