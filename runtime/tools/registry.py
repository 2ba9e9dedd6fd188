"""Every tool by name, and which of them an agent was granted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType

from runtime.domain.errors import Misconfigured
from runtime.tools.schema import check_schema
from runtime.tools.tool import Tool


class Registry:
    """The tools of an installation. ``missing`` names servers that are down, with the reason."""

    def __init__(self, tools: Iterable[Tool], *, missing: Mapping[str, str] | None = None) -> None:
        found: dict[str, Tool] = {}
        for tool in tools:
            other = found.get(tool.name)
            if other is not None:
                raise Misconfigured(
                    f"two tools are named {tool.name!r}, one from {other.source} and one from "
                    f"{tool.source}; rename one"
                )
            check_schema(tool.parameters, where=f"{tool.source}: {tool.name}")
            found[tool.name] = tool
        self._tools = MappingProxyType(dict(sorted(found.items())))
        self.missing: Mapping[str, str] = MappingProxyType(dict(missing or {}))

    def __contains__(self, name: str) -> bool:
        return name in self._tools

    def names(self) -> list[str]:
        """List every name, sorted."""
        return list(self._tools)

    def all(self) -> list[Tool]:
        """List every tool, by name."""
        return list(self._tools.values())

    def find(self, name: str) -> Tool | None:
        """Give the tool of this name, or None."""
        return self._tools.get(name)

    def granted(self, patterns: Iterable[str], *, where: str = "tools") -> list[Tool]:
        """Give the tools behind ``name``, ``server.tool`` and ``server.*``, each once, in order.

        Tools of a server that is down are left out; ``absent`` tells which and why. ``where``
        names the place of the grant in a complaint, such as ``agents/analyst/agent.md``.

        Raises:
            Misconfigured: a pattern names nothing; says what is near.
        """
        tools: dict[str, Tool] = {}
        for pattern in patterns:
            found = self._behind(pattern)
            if not found and self._reason(pattern) is None:
                raise Misconfigured(f"{where}: no tool is named {pattern!r}; {self._hint(pattern)}")
            tools |= {tool.name: tool for tool in found}
        return list(tools.values())

    def absent(self, patterns: Iterable[str]) -> dict[str, str]:
        """Say which patterns name tools of a server that is down, and the reason of each."""
        reasons = {pattern: self._reason(pattern) for pattern in patterns}
        return {
            pattern: reason
            for pattern, reason in reasons.items()
            if reason is not None and not self._behind(pattern)
        }

    def _behind(self, pattern: str) -> list[Tool]:
        if pattern.endswith(".*"):
            prefix = pattern[:-1]
            return [tool for name, tool in self._tools.items() if name.startswith(prefix)]
        tool = self._tools.get(pattern)
        return [tool] if tool is not None else []

    def _reason(self, pattern: str) -> str | None:
        return self.missing.get(pattern) or self.missing.get(pattern.partition(".")[0])

    def _hint(self, pattern: str) -> str:
        servers = {f"{name.partition('.')[0]}.*" for name in self._tools if "." in name}
        near = get_close_matches(pattern, [*self._tools, *sorted(servers)], n=3)
        if near:
            return f"did you mean {' or '.join(map(repr, near))}?"
        return f"there are: {', '.join(self._tools) or 'none'}"
