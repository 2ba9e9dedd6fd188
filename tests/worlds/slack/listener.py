"""A stand-in for the app."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from tests.worlds.slack.loop_thread import LoopThread
from tests.worlds.slack.payload import Payload, table
from tests.worlds.slack.world import SlackWorld


@dataclass
class Listener:
    """A listener that checks signatures with the vendor's verifier and remembers what came."""

    world: SlackWorld
    url: str = ""
    heard: list[Payload] = field(default_factory=list[Payload])
    headers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    answer: Callable[[Payload], web.Response] = lambda _: web.Response()

    async def serve(self, request: web.Request) -> web.Response:
        body = await request.read()
        verifier = SignatureVerifier(self.world.signing_secret)
        if not verifier.is_valid_request(body, dict(request.headers)):
            return web.Response(status=401)
        if request.content_type == "application/json":
            payload = table(json.loads(body))
        else:
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            payload = table(json.loads(form["payload"])) if "payload" in form else Payload(form)
        self.heard.append(payload)
        self.headers.append(dict(request.headers))
        return self.answer(payload)


@contextmanager
def listening(world: SlackWorld) -> Generator[Listener]:
    """Listen on loopback and have the world deliver there."""
    app, loop = Listener(world), LoopThread("app")

    async def start() -> web.AppRunner:
        application = web.Application(client_max_size=16 * 1024 * 1024)
        application.add_routes([web.post("/slack/events", app.serve)])
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner

    runner = loop.run(start())
    app.url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    world.target(app.url)
    try:
        yield app
    finally:
        loop.run(runner.cleanup())
        loop.stop()
