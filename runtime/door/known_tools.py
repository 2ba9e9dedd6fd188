"""Which tools there are, for whoever asks about one: no agent's code is run to find out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from runtime.catalog.catalog import Catalog
from runtime.catalog.declared_tools import declared_arguments, declared_tools
from runtime.domain.effects import Effect
from runtime.domain.json import JsonObject
from runtime.domain.ports import Clock
from runtime.tools.mcp.config import parse_servers
from runtime.tools.tool import Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTool:
    """What a call of a tool does to the world, and where that is said."""

    effect: Effect
    source: str
    parameters: JsonObject | None
    """The JSON Schema of its arguments, as far as it can be told; None where it cannot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTools:
    """Looks tools up: those of agents, those that ship, those of MCP servers."""

    clock: Clock
    shared: Callable[[Catalog], Iterable[Tool]] | None = None
    """What a process that works has at hand, its MCP servers' tools included."""

    def find(self, catalog: Catalog, name: str) -> KnownTool | None:
        """Give what is known of a tool; None where no tool of that name is."""
        for agent in catalog.agents.values():
            effect = declared_tools(agent).get(name)
            if effect is not None:
                taken = declared_arguments(agent).get(name)
                return KnownTool(effect=effect, source=agent.tools_file, parameters=taken)
        shared = self._shipped() if self.shared is None else self.shared(catalog)
        for tool in shared:
            if tool.name == name:
                return KnownTool(effect=tool.effect, source=tool.source, parameters=tool.parameters)
        return _configured(catalog, name)

    def _shipped(self) -> Iterable[Tool]:
        # Loaded by who asks, and by no front that is never asked.
        from runtime.tools.builtin import builtin_tools
        from runtime.tools.http import Http
        from runtime.tools.network import Network

        return builtin_tools(clock=self.clock, http=Http(network=Network()))


def _configured(catalog: Catalog, name: str) -> KnownTool | None:
    """Give what mcp.json says of a tool whose server is not at hand here."""
    server, _, tool = name.partition(".")
    for config in parse_servers(catalog.mcp_text, file="mcp.json") if catalog.mcp_text else ():
        effect = config.effects.get(tool) if config.name == server else None
        if effect is not None:
            return KnownTool(effect=effect, source=f"mcp.json, server {server}", parameters=None)
    return None
