"""``call: mcp``: a server of ``mcp.json``, with what an operator says of its tools.

A document names a server by how it is reached. It must be one that the operator has set up: a file
in a folder of workflows starts no program and reaches no server by itself.
"""

from __future__ import annotations

from typing import Final

from runtime.catalog.workflow.task import CallTask
from runtime.domain.errors import ToolFailed
from runtime.domain.json import Json, JsonObject, object_of
from runtime.tools.mcp.config import ServerConfig, parse_servers
from runtime.tools.schema import check_arguments
from runtime.workflows.calls.gated import through_gate
from runtime.workflows.calls.uri import uri_of
from runtime.workflows.doing import Doing
from runtime.workflows.flow import Passed
from runtime.workflows.problem import fault

_METHODS: Final = ("tools/call", "tools/list")


def call_mcp(doing: Doing) -> Passed:
    """Call or list the tools of a server of `mcp.json` (`tools/call`, `tools/list`)."""
    task = doing.task
    assert isinstance(task, CallTask)
    given = task.arguments
    server = _server(doing, object_of(given["transport"]))
    parameters = object_of(doing.view.fill(given.get("parameters") or {}, doing.data))
    if given["method"] == "tools/list":
        return doing.gives({"tools": _listed(doing, server)})
    if given["method"] != "tools/call":
        words = f"{given['method']!r} is not supported here; supported: {', '.join(_METHODS)}"
        raise fault("configuration", words, at=task.reference)
    name = f"{server.name}.{parameters.get('name')}"
    tool = doing.act.kit.registry.find(name)
    if tool is None:
        words = f"the server {server.name!r} has no tool {parameters.get('name')!r}"
        raise fault("configuration", words, at=task.reference)
    try:
        arguments = check_arguments(parameters.get("arguments") or {}, tool=tool)
    except ToolFailed as error:
        raise fault("validation", error.public, at=task.reference) from error
    return doing.gives(through_gate(doing, tool, arguments))


def _server(doing: Doing, transport: JsonObject) -> ServerConfig:
    text = doing.act.kit.catalog.mcp_text
    servers = parse_servers(text, file="mcp.json") if text else ()
    http, stdio = object_of(transport.get("http")), object_of(transport.get("stdio"))
    if http:
        endpoint = http["endpoint"]
        uri = uri_of(doing, str(object_of(endpoint).get("uri") or endpoint))
        found = next((one for one in servers if one.url == uri), None)
    else:
        uri = " ".join([str(stdio["command"]), *_texts(stdio.get("arguments"))])
        found = next((one for one in servers if not one.url and one.shown() == uri), None)
    if found is None:
        words = f"mcp.json has no server {uri!r}; an operator must add it there"
        raise fault("configuration", words, at=doing.task.reference)
    return found


def _listed(doing: Doing, server: ServerConfig) -> list[Json]:
    prefix = f"{server.name}."
    return [
        {
            "name": tool.name.removeprefix(prefix),
            "description": tool.description,
            "inputSchema": tool.parameters,
        }
        for tool in doing.act.kit.registry.all()
        if tool.name.startswith(prefix)
    ]


def _texts(value: Json) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []
