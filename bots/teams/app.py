"""The front: ``POST /api/messages``."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING

from aiohttp import web

from bots.bridge import Bridge
from bots.door import Door
from bots.downloads import Downloads
from bots.teams.clicks import Clicks
from bots.teams.connector import Connector
from bots.teams.controls import Controls
from bots.teams.credentials import TeamsCredentials
from bots.teams.decisions import Decisions
from bots.teams.directory import Directory
from bots.teams.edge import Edge
from bots.teams.filing import Filing
from bots.teams.groups import Groups
from bots.teams.keys import KeyRing
from bots.teams.listeners import Listeners, NotTakenError
from bots.teams.payload import Payload
from bots.teams.recent import Recent
from bots.teams.sighting import Sightings
from bots.teams.starts import Starts
from bots.teams.tokens_in import InboundTokens
from bots.teams.tokens_out import GRAPH, Tokens, tokens_for
from bots.teams.trouble import spell_trouble
from bots.teams.uploads import Uploads
from bots.teams.whisper import Whisper
from runtime.domain.ports import Clock

if TYPE_CHECKING:
    from bots.teams.turn import Turns

log = logging.getLogger(__name__)

PATH = "/api/messages"


class TeamsFront:
    """Takes what Teams sends. ``mount`` before the application starts; it ends with it."""

    def __init__(
        self,
        credentials: TeamsCredentials,
        runtime: Door,
        bridge: Bridge,
        *,
        clock: Clock,
        tokens: Tokens | None = None,
        graph: Tokens | None = None,
        graph_url: str = GRAPH,
        downloads: Downloads | None = None,
    ) -> None:
        """``tokens`` are for the connector, ``graph`` for Graph; Microsoft's where None.

        With ``downloads``, whose route somebody else mounts, files of runs are fetched by links.
        """
        credentials.require()
        self._connector = Connector(
            tokens=tokens or tokens_for(credentials), service_urls=credentials.service_urls
        )
        self._whisper = Whisper(self._connector)
        directory = Directory(
            self._connector,
            loopback=credentials.loopback,
            vouch=partial(bridge, runtime.vouch),
        )
        self._filing = Filing(
            runtime=runtime,
            bridge=bridge,
            directory=directory,
            whisper=self._whisper,
            uploads=Uploads(self._connector.session, service_urls=credentials.service_urls),
        )
        self._clicks = Clicks(
            runtime=runtime,
            bridge=bridge,
            directory=directory,
            whisper=self._whisper,
            sightings=Sightings(runtime=runtime, bridge=bridge),
            controls=Controls(
                runtime=runtime, bridge=bridge, filing=self._filing, downloads=downloads
            ),
            decisions=Decisions(
                runtime=runtime,
                bridge=bridge,
                groups=self._groups(credentials, graph, url=graph_url),
            ),
            starts=Starts(runtime=runtime, bridge=bridge),
        )
        self._listeners = Listeners(
            runtime=runtime,
            bridge=bridge,
            directory=directory,
            whisper=self._whisper,
            answered=Recent(),
        )
        self._edge = Edge(credentials, tokens=self._inbound(credentials, clock), then=self._take)
        self._eager = not credentials.loopback
        self._turns: Turns | None = None

    def mount(self, application: web.Application) -> None:
        """Add the route, and live as long as the application does."""
        application.router.add_post(PATH, self._edge.handle)
        application.on_startup.append(self._started)
        application.on_cleanup.append(self._stopped)

    async def _started(self, _: web.Application) -> None:
        if self._eager:
            await self._ready()

    async def _stopped(self, _: web.Application) -> None:
        await self._whisper.close()
        await self._connector.close()

    def _inbound(self, credentials: TeamsCredentials, clock: Clock) -> InboundTokens | None:
        if credentials.loopback:
            return None
        return InboundTokens(
            app_id=credentials.app_id,
            keys=KeyRing(credentials.openid_url, self._connector.session),
            clock=clock,
            service_urls=credentials.service_urls,
        )

    def _groups(
        self, credentials: TeamsCredentials, tokens: Tokens | None, *, url: str
    ) -> Groups | None:
        if credentials.loopback:
            return None
        graph = tokens or tokens_for(credentials, resource=GRAPH)
        return Groups(graph, self._connector.session, url=url)

    async def _take(self, body: Payload) -> web.Response:
        turns = self._turns or await self._ready()
        try:
            answer = await turns.take(body)
        except NotTakenError as error:
            log.error("an activity was not taken, Teams may deliver it again: %s", error)
            return web.json_response({"error": "unavailable"}, status=500)
        except Exception as error:
            # A bug of ours: nothing was committed that was not meant to be; delivered again, it
            # would fail again.
            log.error("an activity could not be handled: %s", spell_trouble(error))
            return web.json_response({"error": "unexpected_shape"}, status=400)
        if answer.body is None:
            return web.Response(status=answer.status)
        return web.json_response(answer.body, status=answer.status)

    async def _ready(self) -> Turns:
        # Half a second of imports, on a thread: a front that nobody writes to in Teams never pays.
        turn = await asyncio.to_thread(_load_turn)
        if self._turns is None:
            self._turns = turn(self._listeners, self._clicks, self._filing)
        return self._turns


def _load_turn() -> type[Turns]:
    from bots.teams.turn import Turns

    return Turns
