"""A server that may come and go, and the calls made to it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from runtime.domain.errors import BatonError, Misconfigured, TimedOut, ToolFailed, Upstream
from runtime.domain.json import Json, JsonObject
from runtime.tools.mcp.config import ServerConfig
from runtime.tools.mcp.definition import Definition
from runtime.tools.mcp.outcome import outcome_of
from runtime.tools.mcp.session import Session, in_words
from runtime.tools.scrubbing import Scrubber


class Connection:
    """Speaks to one server; everything here runs on the loop thread."""

    def __init__(self, config: ServerConfig, *, environment: Mapping[str, str]) -> None:
        self._config = config
        self._environment = environment
        values = [environment[name] for name in config.references() if name in environment]
        self._scrubber = Scrubber(values)
        self._session: Session | None = None
        self._lock: asyncio.Lock | None = None

    async def definitions(self) -> list[Definition]:
        """List the server's tools, connecting first and, if it had gone away, once more.

        Raises:
            Upstream: it cannot be reached; nothing was called.
        """
        if self._lock is None:
            self._lock = asyncio.Lock()
        async with self._lock:
            had_one = self._session is not None and self._session.alive
            try:
                return await self._listed()
            except Misconfigured:
                raise
            except Exception as error:
                await self._drop()
                if not had_one:
                    raise self._unreachable(error) from None
            try:
                return await self._listed()
            except Misconfigured:
                raise
            except Exception as error:
                await self._drop()
                raise self._unreachable(error) from None

    async def call(self, name: str, *, pinned: str, arguments: JsonObject, key: str) -> Json:
        """Call a tool, provided that its definition still has the digest ``pinned``.

        The definition is listed anew before every call. That also shows whether the server is
        still there, so that reconnecting never repeats a call.

        Raises:
            ToolFailed: the definition changed, or the server says the call failed.
            TimedOut, Upstream: ``ambiguous`` once the call may have been sent.
        """
        sent = False
        try:
            async with asyncio.timeout(self._config.timeout_seconds):
                self._check(name, pinned, await self.definitions())
                session = self._session
                assert session is not None
                client = session.client
                sent = True
                result = await client.call_tool(
                    name, dict(arguments), meta={"idempotency_key": key}
                )
            return self._scrubber.json(outcome_of(result, tool=f"{self._config.name}.{name}"))
        except TimeoutError:
            late = TimedOut(
                f"the server {self._config.name!r} gave no answer within "
                f"{self._config.timeout_seconds:g} seconds; try again later"
            )
            late.ambiguous = sent
            raise late from None
        except BatonError as error:
            error.public = self._scrubber.text(error.public)
            error.args = (error.public,)
            raise
        except Exception as error:
            raise self._failed(name, error) from None

    async def close(self) -> None:
        """Disconnect."""
        await self._drop()

    async def _listed(self) -> list[Definition]:
        if self._session is None or not self._session.alive:
            session = Session(self._config, environment=self._environment)
            await session.open()
            self._session = session
        async with asyncio.timeout(self._config.timeout_seconds):
            return await self._session.definitions()

    async def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _check(self, name: str, pinned: str, definitions: list[Definition]) -> None:
        tool = f"{self._config.name}.{name}"
        now = next((entry for entry in definitions if entry.name == name), None)
        if now is None:
            raise ToolFailed(f"{tool!r} is no longer offered by its server; work without it")
        if now.digest != pinned:
            raise ToolFailed(
                f"the server changed the definition of {tool!r} since it was read, so the call was "
                "not made; an operator must look at it and restart the worker"
            )

    def _failed(self, name: str, error: Exception) -> BatonError:
        from mcp import MCPError
        from mcp.types import INVALID_PARAMS, METHOD_NOT_FOUND

        tool = f"{self._config.name}.{name}"
        said = self._scrubber.text(in_words(error))
        if isinstance(error, MCPError) and error.code in (INVALID_PARAMS, METHOD_NOT_FOUND):
            return ToolFailed(f"{tool!r} refused the call: {said}; correct it")
        return Upstream(f"{tool!r} broke off: {said}; whether it acted is unknown")

    def _unreachable(self, error: Exception) -> Upstream:
        if isinstance(error, Upstream):
            return error
        said = self._scrubber.text(in_words(error))
        return Upstream(
            f"the server {self._config.name!r} does not list its tools: {said}; see that it runs",
            ambiguous=False,
        )
