"""agents/mcp.json: which servers there are, and what an operator says of their tools."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from runtime.domain.effects import Effect
from runtime.domain.errors import Misconfigured
from runtime.policy.located import Located, read_located

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SERVER: Final = ("command", "args", "env", "cwd", "type", "url", "headers", "baton")
_OURS: Final = ("effects", "timeout_seconds", "allow", "trust_annotations")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """One server, as written: references such as ``${TOKEN}`` are not resolved here."""

    name: str
    command: str = ""
    """Set for a server that is started as a process and spoken to over its pipes."""
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    cwd: str | None = None
    url: str = ""
    """Set for a server that is reached over streamable HTTP."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    effects: Mapping[str, Effect] = field(default_factory=dict[str, Effect])
    """Tool name to effect; what is not here is irreversible."""
    trust_annotations: bool = False
    """Believe the server where it says that a tool only reads or may be repeated."""
    allow: tuple[str, ...] = ("*",)
    """Globs of tool names that exist for agents at all."""
    timeout_seconds: float = 30.0

    def shown(self) -> str:
        """Spell where it is, for an operator; references stay unresolved."""
        return self.url or " ".join([self.command, *self.args])

    def references(self) -> tuple[str, ...]:
        """Name every environment variable that ``env`` and ``headers`` refer to."""
        values = [*self.env.values(), *self.headers.values()]
        found = [name for value in values for name in _REFERENCE.findall(value)]
        return tuple(dict.fromkeys(found))


def resolved(values: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """Put values in for ``${NAME}``.

    Raises:
        Misconfigured: naming a variable that is not set.
    """

    def value_of(found: re.Match[str]) -> str:
        value = environment.get(found[1])
        if value is None:
            raise Misconfigured(f"{found[1]} is not set; set it in the environment of the worker")
        return value

    return {name: _REFERENCE.sub(value_of, value) for name, value in values.items()}


def parse_servers(text: str, *, file: str) -> tuple[ServerConfig, ...]:
    """Read the customary ``mcpServers`` form.

    Raises:
        Misconfigured: with file, line and what to write.
    """
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise Misconfigured(
            f"{file}:{error.lineno}: this is not JSON: {error.msg}; look at column {error.colno}"
        ) from error
    # JSON is YAML too, and read as such it keeps its lines; only tabs YAML does not want.
    top = read_located(text.replace("\t", " "), file=file)
    if top is None:
        return ()
    fields = top.fields(("mcpServers",))
    if "mcpServers" not in fields:
        top.wrong('write {"mcpServers": {"name": {"command": "…"}}}')
    return tuple(_server(name, place) for name, place in fields["mcpServers"].entries().items())


def _server(name: str, place: Located) -> ServerConfig:
    if re.fullmatch(r"[a-zA-Z][a-zA-Z0-9_-]{0,31}", name) is None:
        place.wrong(f"{name!r} is no server name; write up to 32 letters, digits, _ and -")
    fields = place.fields(_SERVER)
    if ("command" in fields) == ("url" in fields):
        place.wrong('give it either a "command" or a "url"')
    ours = fields["baton"].fields(_OURS) if "baton" in fields else {}
    url = fields["url"].text() if "url" in fields else ""
    if url and re.match(r"https?://[^/@]+(/|$|\?)", url) is None:
        fields["url"].wrong("write an http:// or https:// address without credentials")
    timeout = ours["timeout_seconds"].number() if "timeout_seconds" in ours else 30.0
    if not 0 < timeout <= 3600:
        ours["timeout_seconds"].wrong("timeout_seconds lies above 0 and up to 3600")
    return ServerConfig(
        name=name,
        command=fields["command"].text() if "command" in fields else "",
        args=fields["args"].texts() if "args" in fields else (),
        env=_values(fields.get("env")),
        cwd=fields["cwd"].text() if "cwd" in fields else None,
        url=url,
        headers=_values(fields.get("headers")),
        effects=_effects(ours.get("effects")),
        trust_annotations=_flag(ours.get("trust_annotations")),
        allow=ours["allow"].texts() if "allow" in ours else ("*",),
        timeout_seconds=float(timeout),
    )


def _values(place: Located | None) -> Mapping[str, str]:
    if place is None:
        return {}
    return {name: value.text() for name, value in place.entries().items()}


def _effects(place: Located | None) -> Mapping[str, Effect]:
    if place is None:
        return {}
    return {
        name: value.one_of(Effect, lambda effect: effect.value)
        for name, value in place.entries().items()
    }


def _flag(place: Located | None) -> bool:
    if place is None:
        return False
    value = place.scalar()
    if not isinstance(value, bool):
        place.wrong("write true or false")
    return value
