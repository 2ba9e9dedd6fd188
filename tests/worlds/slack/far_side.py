"""The two ways to reach a world: in this process, or over its control API."""

from __future__ import annotations

from typing import Protocol

import aiohttp

from tests.worlds.slack.control import perform
from tests.worlds.slack.errors import UnknownThingError
from tests.worlds.slack.payload import Json, Payload, decode, encode, table, text
from tests.worlds.slack.server import Server

_PATIENCE = aiohttp.ClientTimeout(total=120)


class FarSide(Protocol):
    """Where operations run."""

    async def perform(self, name: str, arguments: Payload) -> Json:
        """Run one operation; raises ``UnknownThingError`` or ``ValueError``."""
        ...

    async def close(self) -> None: ...


class Inside:
    """A world in this process; its loop must be the running one."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def perform(self, name: str, arguments: Payload) -> Json:
        # Through JSON and back, so that nothing of the world's memory leaks out.
        result = await perform(self._server, name, table(decode(encode(arguments))))
        return decode(encode(result))

    async def close(self) -> None:
        await self._server.stop()


class Outside:
    """A world in another process."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session: aiohttp.ClientSession | None = None

    async def perform(self, name: str, arguments: Payload) -> Json:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_PATIENCE)
        async with self._session.post(
            f"{self._url}/control/{name}", data=encode(arguments).encode()
        ) as response:
            answer = table(decode(await response.text()))
        if answer.get("ok") is True:
            return answer["result"]
        if answer.get("kind") == "value":
            raise ValueError(text(answer.get("error")))
        raise UnknownThingError(text(answer.get("error")))

    async def close(self) -> None:
        if self._session:
            await self._session.close()
