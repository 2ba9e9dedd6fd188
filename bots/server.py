"""The aiohttp application: health, metrics, the console, and the channels' own routes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest

from bots.bridge import Bridge
from bots.console.front import ConsoleFront
from bots.door import Door
from bots.metrics import Gauges
from runtime.domain.errors import BatonError

log = logging.getLogger(__name__)

_LARGEST_BODY_BYTES = 2 * 1024 * 1024
_READY_WITHIN_SECONDS = 5.0


class Front(Protocol):
    """Something with routes: Slack, Teams, the console."""

    def mount(self, app: web.Application, /) -> None:
        """Add its routes, and its start and stop, to the application."""
        ...


def create_app(
    runtime: Door,
    bridge: Bridge,
    *,
    fronts: Sequence[Front] = (),
    console_token: str | None = None,
    instance: str = "",
    demonstration: bool = False,
    registry: CollectorRegistry = REGISTRY,
) -> web.Application:
    """Put the application together. Whoever made ``bridge`` closes it after the application.

    ``instance`` (see ``presence``) tells terminals on this machine whose server this is;
    ``demonstration`` lets the console say that no real model answers.

    On shutdown ``/readyz`` answers 503 first, then open event streams end, then requests that
    are under way are finished by the server.
    """
    app = web.Application(client_max_size=_LARGEST_BODY_BYTES)
    Health(runtime, bridge, registry, instance=instance).mount(app)
    console = ConsoleFront(
        runtime, bridge, console_token=console_token, demonstration=demonstration
    )
    for front in (*fronts, console):
        front.mount(app)
    return app


class Health:
    """What an orchestrator of containers asks: alive, ready, and the numbers."""

    def __init__(
        self, runtime: Door, bridge: Bridge, registry: CollectorRegistry, *, instance: str
    ) -> None:
        self._instance = instance
        self._runtime = runtime
        self._bridge = bridge
        self._registry = registry
        self._stopping = asyncio.Event()

    def mount(self, app: web.Application) -> None:
        """Add the three routes."""
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics)
        app.on_shutdown.append(self._stop)

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.json_response({"alive": True, "instance": self._instance})

    async def _readyz(self, _: web.Request) -> web.Response:
        problems = await self._problems()
        return web.json_response(
            {"ready": not problems, "problems": problems}, status=503 if problems else 200
        )

    async def _problems(self) -> list[str]:
        if self._stopping.is_set():
            return ["this process is shutting down"]
        try:
            async with asyncio.timeout(_READY_WITHIN_SECONDS):
                return await self._bridge(self._runtime.ready)
        except TimeoutError:
            return [f"no answer from the database within {_READY_WITHIN_SECONDS:.0f} seconds"]
        except BatonError as error:
            return [error.public]
        except Exception:
            # Whatever keeps the check from being made keeps this process from being ready.
            log.exception("readiness could not be checked")
            return ["the database does not answer"]

    async def _metrics(self, _: web.Request) -> web.Response:
        installation = CollectorRegistry()
        try:
            installation.register(Gauges(await self._bridge(self._runtime.numbers)))
        except BatonError as error:
            # Without its database this process still tells how it is itself.
            log.warning("numbers of the installation are missing: %s", error.public)
        body = generate_latest(self._registry) + generate_latest(installation)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _stop(self, _: web.Application) -> None:
        self._stopping.set()
