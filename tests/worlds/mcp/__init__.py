"""MCP servers to talk to: ``server`` is the program, ``http_server`` runs it behind a port."""
