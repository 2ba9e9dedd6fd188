"""What the model library keeps for the life of a process, and a test run must not."""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Generator
from contextlib import contextmanager
from types import ModuleType
from typing import Protocol, cast


class _Closable(Protocol):
    def close(self) -> object: ...


@contextmanager
def tidied() -> Generator[None]:
    """Give back what calls in this thread leave behind.

    The library asks for "the" event loop of the thread it is called in, which makes one that
    nobody closes, and it keeps a client with open connections for every address.
    """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield
    finally:
        _close_clients(loop)
        asyncio.set_event_loop(None)
        loop.close()


def _close_clients(loop: asyncio.AbstractEventLoop) -> None:
    library: ModuleType | None = sys.modules.get("litellm")
    if library is None:
        return
    cache = library.in_memory_llm_clients_cache
    for client in cast("dict[str, object]", cache.cache_dict).values():
        if hasattr(client, "close"):
            closing = cast("_Closable", client).close()
            if inspect.iscoroutine(closing):
                loop.run_until_complete(closing)
    cache.flush_cache()
