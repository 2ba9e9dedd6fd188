"""The routes for programs, and their errors as problem documents (RFC 9457)."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from bots.bridge import Bridge
from bots.door import Door
from bots.http.events import read_events
from bots.http.problem import BadRequest, TooLarge, problem, written
from bots.http.runs import Runs
from bots.http.tokens import Tokens
from runtime.domain.errors import BatonError, Refused
from runtime.policy.access import Right

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.Response]]
_LARGEST_BYTES = 1024 * 1024


class HttpFront:
    """``/events`` and ``/workflows``."""

    def __init__(self, runtime: Door, bridge: Bridge, tokens: Tokens) -> None:
        self._runtime = runtime
        self._bridge = bridge
        self._tokens = tokens
        self._runs = Runs(runtime, bridge, tokens)

    def mount(self, app: web.Application) -> None:
        """Add the routes."""
        routes: list[tuple[str, str, Handler]] = [
            ("POST", "/events", self._events),
            ("GET", "/workflows/openapi.json", self._runs.describe),
            ("POST", "/workflows/{name}/runs", self._runs.start),
            ("GET", "/workflows/{name}/runs/{run}", self._runs.look),
        ]
        for method, path, handler in routes:
            app.router.add_route(method, path, _around(handler))

    async def _events(self, request: web.Request) -> web.Response:
        body = await _body(request)
        sender = self._tokens.sender(request, body)
        # What an event starts is begun by whoever sends it, as well as by its sponsor.
        await self._bridge(self._runtime.governing.require, sender, Right.ASK)
        events = read_events(request.headers, body)
        publish = self._runtime.starting.publish
        try:
            taken = await self._bridge(publish, sender.workspace, events)
        except Refused as error:
            raise BadRequest(error.public) from error
        return web.json_response({"taken": taken, "known": len(events) - taken}, status=202)


async def _body(request: web.Request) -> bytes:
    # Before it is read: who sends it is not known yet.
    if (request.content_length or 0) > _LARGEST_BYTES:
        raise TooLarge(f"send at most {_LARGEST_BYTES:,} bytes at once")
    body = await request.read()
    if len(body) > _LARGEST_BYTES:
        raise TooLarge(f"send at most {_LARGEST_BYTES:,} bytes at once")
    return body


def _around(handler: Handler) -> Handler:
    async def answered(request: web.Request) -> web.Response:
        try:
            response = await handler(request)
        except BatonError as error:
            response = problem(error)
        except web.HTTPRequestEntityTooLarge:
            response = problem(TooLarge(f"send at most {_LARGEST_BYTES:,} bytes at once"))
        except web.HTTPException:
            raise
        except Exception:
            # The request failed; what was committed before it stands, and may be sent again.
            log.exception("%s %s failed unexpectedly", request.method, request.path)
            response = written(500, "internal", "something went wrong here; the log says what")
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return answered
