"""Baton's Teams front on a loop of its own, over whatever front door a test gives it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from aiohttp import web

from bots.bridge import Bridge
from bots.door import Door
from bots.downloads import Downloads
from bots.teams.app import PATH, TeamsFront
from bots.teams.credentials import TeamsCredentials
from bots.teams.identity import Application
from bots.teams.tokens_out import GRAPH, EntraTokens
from runtime.clock import SystemClock
from runtime.domain.ports import Clock
from runtime.storage.seal import SHORTEST_KEY, Seal
from tests.worlds.slack.loop_thread import LoopThread
from tests.worlds.teams.world import TeamsWorld


@contextmanager
def teams_front(
    world: TeamsWorld, door: Door, *, links: tuple[Clock, str] | None = None
) -> Generator[None]:
    """Listen, and tell the world where; ``links`` are a clock and the address for files."""
    loop = LoopThread("teams-front")
    bridge = Bridge()
    signed = world.connector.signed
    credentials = world.credentials if signed else TeamsCredentials()
    identity = Application(credentials, http_client=world.msal_http())
    tokens = EntraTokens(identity) if signed else None
    downloads = None
    if links is not None:
        clock, url = links
        box = Seal(["k" * SHORTEST_KEY])
        downloads = Downloads(runtime=door, bridge=bridge, clock=clock, box=box, url=url)
    front = TeamsFront(
        credentials,
        door,
        bridge,
        clock=SystemClock(),
        tokens=tokens,
        graph=EntraTokens(identity, resource=GRAPH) if signed else None,
        graph_url=world.connector.url,
        downloads=downloads,
    )

    async def listen() -> tuple[web.AppRunner, int]:
        app = web.Application(client_max_size=4 * 1024 * 1024)
        front.mount(app)
        if downloads is not None:
            downloads.mount(app)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner, int(runner.addresses[0][1])

    runner, port = loop.run(listen())
    world.endpoint = f"http://127.0.0.1:{port}{PATH}"
    try:
        yield
    finally:
        loop.run(runner.cleanup())
        bridge.close()
        loop.stop()
