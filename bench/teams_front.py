"""A front that takes Teams' signed activities from a simulated Microsoft, as a process of its own.

Everything is the product's but the address of Microsoft's keys, which no setting can change.
"""

from __future__ import annotations

import asyncio
import signal
import sys

from aiohttp import web

from bots import process
from bots.bridge import Bridge
from bots.server import create_app
from bots.teams.app import TeamsFront
from bots.teams.credentials import TeamsCredentials
from bots.teams.identity import Application
from bots.teams.tokens_out import EntraTokens
from runtime.settings import Settings
from tests.worlds.teams.cast import APP_ID, PASSWORD, TENANT
from tests.worlds.teams.world import MsalHttp


async def _serve(world_url: str) -> None:
    base = process.open_base(Settings(), works=False)
    bridge = Bridge()
    credentials = TeamsCredentials(
        app_id=APP_ID, password=PASSWORD, tenant_id=TENANT,
        openid_url=f"{world_url}/v1/.well-known/openidconfiguration",
        service_origins=frozenset({world_url}),
    )  # fmt: skip
    tokens = EntraTokens(Application(credentials, http_client=MsalHttp(world_url)))
    front = TeamsFront(credentials, base.runtime, bridge, clock=base.clock, tokens=tokens)
    runner = web.AppRunner(create_app(base.runtime, bridge, fronts=[front]), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, base.settings.host, base.settings.port).start()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    await runner.cleanup()
    bridge.close()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
