"""Tools of other people's servers, under the same gate as our own.

``config`` (agents/mcp.json), ``definition`` (what a server says of a tool, pinned by digest),
``loop`` (one thread in which all of it is async), ``session`` (one live connection),
``connection`` (a server that may come and go), ``outcome`` (what it answered, as JSON),
``servers`` (all of them, as tools). The vendor's package is imported only when a server is
contacted.
"""

from runtime.tools.mcp.config import ServerConfig, parse_servers
from runtime.tools.mcp.servers import McpServers

__all__ = ["McpServers", "ServerConfig", "parse_servers"]
