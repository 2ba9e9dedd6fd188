"""All servers of an installation, as tools."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from types import MappingProxyType, TracebackType
from typing import Final

from runtime.domain.effects import Effect
from runtime.domain.errors import BatonError, Misconfigured
from runtime.domain.json import Json, JsonObject
from runtime.tools.mcp.config import ServerConfig
from runtime.tools.mcp.connection import Connection
from runtime.tools.mcp.definition import Definition
from runtime.tools.mcp.loop import LoopThread
from runtime.tools.mcp.session import GREETING_SECONDS
from runtime.tools.schema import check_schema
from runtime.tools.tool import Call, Tool

_NAME = re.compile(r"[A-Za-z0-9_./-]{1,96}")
_GRACE_SECONDS: Final = 2.0
"""The call's own limit is to be reached before the runner's, which knows less of what happened."""


class McpServers:
    """Connects to every server and offers their tools.

    ``problems`` tells, by server or ``server.tool``, what is not offered and why: a server that
    is down stops nothing. ``environment`` is all that ``${NAME}`` may refer to.
    """

    def __init__(self, configs: Sequence[ServerConfig], *, environment: Mapping[str, str]) -> None:
        self._configs = tuple(configs)
        self._environment = environment
        self._loop = LoopThread()
        self._connections: dict[str, Connection] = {}
        self._tools: dict[str, tuple[Tool, ...]] = {}
        self._problems: dict[str, str] = {}

    @property
    def tools(self) -> tuple[Tool, ...]:
        """Every tool that is offered, in the order of the configuration."""
        return tuple(tool for tools in self._tools.values() for tool in tools)

    @property
    def problems(self) -> Mapping[str, str]:
        """What is missing, and the reason in an operator's words."""
        return MappingProxyType(dict(self._problems))

    def start(self) -> None:
        """Connect to all servers at once and list their tools.

        Called again, it tries those that were missing; tools that are there stay as pinned.
        """
        wanted = [config for config in self._configs if config.name not in self._tools]
        if not wanted:
            return
        limit = sum(max(config.timeout_seconds, GREETING_SECONDS) for config in wanted) + 60
        for config, found in self._loop.run(self._listed(wanted), timeout_seconds=limit):
            if isinstance(found, BatonError):
                self._problems[config.name] = found.public
            else:
                self._problems.pop(config.name, None)
                self._tools[config.name] = tuple(self._offered(config, found))

    def close(self) -> None:
        """Disconnect from all servers and end the processes that were started."""
        if self._connections:
            self._loop.run(self._closed(), timeout_seconds=20)
        self._connections.clear()
        self._loop.close()

    def __enter__(self) -> McpServers:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    async def _listed(
        self, configs: Iterable[ServerConfig]
    ) -> list[tuple[ServerConfig, list[Definition] | BatonError]]:
        async def one(config: ServerConfig) -> list[Definition] | BatonError:
            connection = self._connections.get(config.name)
            if connection is None:
                connection = Connection(config, environment=self._environment)
                self._connections[config.name] = connection
            try:
                return await connection.definitions()
            except BatonError as error:
                return error

        wanted = list(configs)
        return list(zip(wanted, await asyncio.gather(*map(one, wanted)), strict=True))

    async def _closed(self) -> None:
        await asyncio.gather(*(connection.close() for connection in self._connections.values()))

    def _offered(self, config: ServerConfig, definitions: list[Definition]) -> list[Tool]:
        tools: dict[str, Tool] = {}
        for definition in definitions:
            if not any(fnmatchcase(definition.name, glob) for glob in config.allow):
                continue
            name = f"{config.name}.{definition.name}"
            problem = _unfit(definition, taken=name in tools)
            if problem:
                self._problems[name] = problem
            else:
                tools[name] = self._tool(config, definition)
        for absent in config.effects.keys() - {definition.name for definition in definitions}:
            self._problems[f"{config.name}.{absent}"] = (
                "baton.effects names this tool, but its server has none such; correct mcp.json"
            )
        return list(tools.values())

    def _tool(self, config: ServerConfig, definition: Definition) -> Tool:
        pinned = definition.digest
        connection = self._connections[config.name]

        def run(arguments: JsonObject, call: Call) -> Json:
            return self._loop.run(
                connection.call(definition.name, pinned=pinned, arguments=arguments, key=call.key),
                timeout_seconds=config.timeout_seconds + _GRACE_SECONDS / 2,
            )

        return Tool(
            name=f"{config.name}.{definition.name}",
            description=definition.description,
            parameters=definition.parameters,
            effect=_effect(config, definition),
            run=run,
            timeout_seconds=config.timeout_seconds + _GRACE_SECONDS,
            source=f"mcp:{config.name}",
            untrusted=True,
            labels={"definition": pinned},
        )


def _effect(config: ServerConfig, definition: Definition) -> Effect:
    declared = config.effects.get(definition.name)
    if declared is not None:
        return declared
    return definition.claimed_effect() if config.trust_annotations else Effect.IRREVERSIBLE


def _unfit(definition: Definition, *, taken: bool) -> str | None:
    if taken:
        return "its server offers two tools of this name; only the first is used"
    if _NAME.fullmatch(definition.name) is None:
        return "its name holds other characters than letters, digits, _ . / and -"
    try:
        check_schema(definition.parameters, where=definition.name)
    except Misconfigured as error:
        return error.public
    return None
