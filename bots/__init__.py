"""Everything a human touches: Slack, Teams, the console page and the terminal.

Read ``channel.py`` (the port every channel implements), ``commands/`` (one grammar for all of
them), ``views.py`` (what is shown, before any vendor's format), then one channel's folder.
``courier.py`` carries what the runtime wants said; ``server.py`` mounts it all on aiohttp.

This package is asynchronous and knows no SQL; it reaches the runtime through ``bridge.py``.
"""
