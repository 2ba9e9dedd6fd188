"""One live connection to a server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, cast

from runtime.domain.errors import Misconfigured, Upstream
from runtime.tools.mcp.config import ServerConfig, resolved
from runtime.tools.mcp.definition import Definition, definition_of
from runtime.tools.mcp.stderr import ErrorStream
from runtime.tools.scrubbing import Scrubber

if TYPE_CHECKING:
    from mcp import Client

_MOST_PAGES: Final = 50
GREETING_SECONDS: Final = 20.0
"""A server may need longer to start than any of its tools to answer."""


class Session:
    """Opened and closed by one task of its own, because the vendor's scopes demand that.

    When the server goes away the session is over for good; ``alive`` then says no.
    """

    def __init__(self, config: ServerConfig, *, environment: Mapping[str, str]) -> None:
        self._config = config
        self._environment = environment
        values = [environment[name] for name in config.references() if name in environment]
        self._scrubber = Scrubber(values)
        self._stop = asyncio.Event()
        self._client: Client | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def alive(self) -> bool:
        """Say whether it is open, as far as is known."""
        return self._client is not None and self._task is not None and not self._task.done()

    @property
    def client(self) -> Client:
        """Give the vendor's client. Raises ``Upstream`` where the session is over."""
        if self._client is None or not self.alive:
            raise Upstream(f"the server {self._config.name!r} is gone", ambiguous=False)
        return self._client

    async def open(self) -> None:
        """Connect.

        Raises:
            Upstream: it cannot be reached or does not speak the protocol; says why.
            Misconfigured: a reference in its configuration is not set.
        """
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._live(ready))
        limit = max(self._config.timeout_seconds, GREETING_SECONDS)
        try:
            async with asyncio.timeout(limit):
                await asyncio.shield(ready)
        except TimeoutError as error:
            await self.close()
            raise Upstream(
                f"the server {self._config.name!r} did not greet within {limit:g} seconds; "
                "see that it runs",
                ambiguous=False,
            ) from error
        except asyncio.CancelledError:
            self._task.cancel()
            raise

    async def definitions(self) -> list[Definition]:
        """List every tool the server has now, page by page."""
        found: list[Definition] = []
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            page = await self.client.list_tools(cursor=cursor)
            found += [definition_of(tool) for tool in page.tools]
            cursor = page.next_cursor
            if cursor is None:
                break
        return found

    async def close(self) -> None:
        """Disconnect; a process that was started is ended."""
        self._stop.set()
        task = self._task
        if task is None or task.done():
            return
        _, unfinished = await asyncio.wait({task}, timeout=5)
        if unfinished:
            task.cancel()
            await asyncio.wait({task}, timeout=5)

    async def _live(self, ready: asyncio.Future[None]) -> None:
        stderr = ErrorStream(server=self._config.name, scrubber=self._scrubber)
        try:
            async with self._connected(stderr) as client:
                self._client = client
                ready.set_result(None)
                await self._stop.wait()
        except (Exception, BaseExceptionGroup) as error:
            if not ready.done():
                ready.set_exception(self._unreachable(error, stderr))
                # Nobody listens any more when opening was given up.
                ready.exception()
        finally:
            stderr.close()
            self._client = None
            if not ready.done():
                ready.cancel()

    @asynccontextmanager
    async def _connected(self, stderr: ErrorStream) -> AsyncGenerator[Client]:
        # Some 0.5 s of import, spent only where servers are configured.
        import httpx2
        from mcp import Client, StdioServerParameters, stdio_client
        from mcp.client.streamable_http import streamable_http_client

        config = self._config
        if config.command:
            parameters = StdioServerParameters(
                command=config.command,
                args=list(config.args),
                env=resolved(config.env, self._environment),
                cwd=config.cwd,
            )
            async with Client(stdio_client(parameters, stderr.writing), cache=None) as client:
                yield client
            return
        http = httpx2.AsyncClient(
            headers=resolved(config.headers, self._environment),
            timeout=httpx2.Timeout(config.timeout_seconds, read=None),
            trust_env=False,
        )
        async with (
            http,
            Client(streamable_http_client(config.url, http_client=http), cache=None) as client,
        ):
            yield client

    def _unreachable(self, error: BaseException, stderr: ErrorStream) -> Exception:
        if isinstance(error, Misconfigured):
            return error
        reason = self._scrubber.text(in_words(error))
        with contextlib.suppress(OSError):
            words = stderr.last_words()
            reason = f"{reason}; it said: {words}" if words else reason
        return Upstream(
            f"the server {self._config.name!r} ({self._config.shown()}) cannot be reached: "
            f"{reason}; see that it runs",
            ambiguous=False,
        )


def in_words(error: BaseException) -> str:
    """Give the first plain error of what may be a group of groups."""
    if isinstance(error, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", error)
        return in_words(group.exceptions[0])
    return f"{type(error).__name__}: {str(error)[:300]}".rstrip(": ")
