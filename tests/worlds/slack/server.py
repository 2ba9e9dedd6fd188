"""The world put together: one aiohttp application on the loopback interface."""

from __future__ import annotations

import asyncio

from aiohttp import web

from tests.worlds.slack.behaviour import Behaviour
from tests.worlds.slack.errors import UnknownThingError
from tests.worlds.slack.faults import FaultPlan
from tests.worlds.slack.outbound import Outbound
from tests.worlds.slack.payload import encode
from tests.worlds.slack.people import People
from tests.worlds.slack.rendering import view_page
from tests.worlds.slack.response_urls import Answers
from tests.worlds.slack.socket_mode import SocketMode
from tests.worlds.slack.state import State
from tests.worlds.slack.validation.inspector import Inspector
from tests.worlds.slack.values import Delivery
from tests.worlds.slack.web_api import WebApi

_LARGEST_UPLOAD_BYTES = 64 * 1024 * 1024


class Server:
    """A running world. Everything in it belongs to the loop that called ``start``."""

    def __init__(self) -> None:
        self.state = State()
        self.behaviour = Behaviour()
        self.faults = FaultPlan()
        self.inspector = Inspector()
        self.sockets = SocketMode(self.behaviour, on_change=self.state.touch)
        self.outbound = Outbound(behaviour=self.behaviour, sockets=self.sockets)
        self.answers = Answers(state=self.state, inspector=self.inspector, faults=self.faults)
        self.url = ""
        self._people: People | None = None
        self._runner: web.AppRunner | None = None
        self._echoes: set[asyncio.Task[Delivery]] = set()

    @property
    def people(self) -> People:
        if self._people is None:
            raise RuntimeError("the world is not started")
        return self._people

    async def start(self, *, port: int, extra_routes: list[web.RouteDef]) -> None:
        """Listen on 127.0.0.1; port 0 takes a free one."""
        web_api = WebApi(
            state=self.state,
            inspector=self.inspector,
            faults=self.faults,
            behaviour=self.behaviour,
            sockets=self.sockets,
            on_post=self._posted,
        )
        application = web.Application(client_max_size=_LARGEST_UPLOAD_BYTES)
        application.add_routes(
            [
                web.route("*", "/api/{method}", web_api.serve),
                web.get("/socket", self.sockets.serve),
                web.post("/actions/{ticket}", self.answers.serve),
                web.post("/upload/v1/{ticket}", self._upload),
                web.get("/files/{file}", self._download),
                web.get("/view", self._view),
                web.get("/view/{channel}", self._view),
                web.get("/view/{channel}/{ts}", self._view),
                *extra_routes,
            ]
        )
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        taken = int(self._runner.addresses[0][1])
        self.url = f"http://127.0.0.1:{taken}"
        self._people = People(
            state=self.state,
            outbound=self.outbound,
            answers=self.answers,
            behaviour=self.behaviour,
            base_url=self.url,
        )

    async def stop(self) -> None:
        for echo in self._echoes:
            echo.cancel()
        await self.sockets.abort()
        if self._runner:
            await self._runner.cleanup()
        await self.outbound.close()

    def _posted(self, channel: str, ts: str) -> None:
        if not self.behaviour.echo:
            return
        echo = asyncio.ensure_future(self.people.echo(channel, ts))
        self._echoes.add(echo)
        echo.add_done_callback(self._echoes.discard)

    async def _upload(self, request: web.Request) -> web.Response:
        ticket = request.match_info["ticket"]
        file = next((item for item in self.state.files.values() if item.ticket == ticket), None)
        if file is None:
            return web.Response(status=404)
        content = await request.read()
        if len(content) != file.length:
            detail = f"{len(content)} bytes came, {file.length} were announced"
            self.state.violate("files.upload", "length_mismatch", detail)
            return web.Response(status=400, text="length mismatch")
        file.content = content
        self.state.touch()
        return web.Response(text=f"OK - {len(content)}")

    async def _download(self, request: web.Request) -> web.Response:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        team = self.state.directory.team_of_token(token)
        file = self.state.files.get(request.match_info["file"])
        if team is None or file is None or file.content is None or file.team != team.id:
            return web.Response(status=403)
        return web.Response(body=file.content)

    async def _view(self, request: web.Request) -> web.Response:
        channel, ts = request.match_info.get("channel"), request.match_info.get("ts")
        try:
            page = view_page(self.state, channel, ts)
        except UnknownThingError as missing:
            body = encode({"error": str(missing)})
            return web.Response(status=404, text=body, content_type="application/json")
        return web.Response(text=page, content_type="text/html")
