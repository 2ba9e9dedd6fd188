"""What the folder of an installation offers to workflows, told without running any of it."""

from __future__ import annotations

from pathlib import Path as File

from runtime.catalog.declared_tools import declared_in
from runtime.catalog.workflow.beside import Beside, KnownTools
from runtime.catalog.workflow.folder import files_in, readable_in
from runtime.clock import SystemClock
from runtime.domain.errors import Misconfigured
from runtime.domain.json import JsonObject
from runtime.policy.parse import parse_policy
from runtime.policy.policy import Policy
from runtime.tools.mcp.config import parse_servers
from runtime.tools.tool import Tool


def beside_in(path: File) -> Beside:
    """Look around in a folder of agents; where there is none, nothing is known.

    What is broken there is told where it is checked itself; here it only is not known.
    """
    if not path.is_dir():
        return Beside()
    return Beside(
        agents={file.parent.name for file in path.glob("*/agent.md")},
        tools=_tools(path),
        policy=_policy(path / "policy.yaml"),
        workflows=readable_in(files_in(path / "workflows")),
    )


def schemas_of(tools: list[Tool]) -> dict[str, JsonObject | None]:
    """Give the tools that a workflow may call: not those that only an agent's loop carries out."""
    return {tool.name: tool.parameters for tool in tools if "loop" not in tool.labels}


def _tools(path: File) -> KnownTools | None:
    # Loaded by who checks files, and by no other command.
    from runtime.tools.builtin import builtin_tools
    from runtime.tools.http import Http
    from runtime.tools.network import Network

    schemas = schemas_of(builtin_tools(clock=SystemClock(), http=Http(network=Network())))
    for file in path.glob("*/tools.py"):
        schemas.update(dict.fromkeys(declared_in(_text(file))))
    mcp_text = _text(path / "mcp.json")
    try:
        servers = parse_servers(mcp_text, file="mcp.json") if mcp_text else ()
    except Misconfigured:
        return None
    return KnownTools(schemas=schemas, servers={one.name for one in servers})


def _policy(file: File) -> Policy | None:
    try:
        return parse_policy(_text(file) or "version: 1\n", file=str(file))
    except Misconfigured:
        return None


def _text(file: File) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
