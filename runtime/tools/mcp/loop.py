"""One thread in which an event loop runs, for what the vendor's package offers only as async."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Coroutine
from typing import TypeVar

from runtime.domain.errors import TimedOut, Upstream

T = TypeVar("T")


class LoopThread:
    """An event loop beside the synchronous runtime. Starts with its first use."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def run(self, work: Coroutine[object, object, T], *, timeout_seconds: float) -> T:
        """Run ``work`` to its end there, and wait for it here.

        Raises:
            Upstream: it was cancelled from elsewhere, or this was closed.
        TimedOut: it was cancelled after the limit; what it had sent by then is unknown.
        """
        loop = self._started()
        if loop is None:
            work.close()
            raise Upstream("the connection is closed; try again later", ambiguous=False)
        future = asyncio.run_coroutine_threadsafe(work, loop)
        try:
            return future.result(timeout_seconds)
        except concurrent.futures.CancelledError as error:
            raise Upstream("the connection was closed meanwhile; try again later") from error
        except concurrent.futures.TimeoutError as error:
            if future.done():
                raise
            future.cancel()
            raise TimedOut(
                f"no answer within {timeout_seconds:g} seconds; try again later"
            ) from error

    def close(self) -> None:
        """Stop the loop for good and wait for its thread."""
        with self._lock:
            self._closed = True
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=5)

    def _started(self) -> asyncio.AbstractEventLoop | None:
        with self._lock:
            if self._loop is None and not self._closed:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=_turn, args=(self._loop,), name="mcp-loop", daemon=True
                )
                self._thread.start()
            return self._loop


def _turn(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()
