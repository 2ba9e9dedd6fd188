"""The console's routes, and what stands around every one of them: guard, headers, errors."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from importlib.resources import files

from aiohttp import web

from bots.bridge import Bridge
from bots.console.api import Api
from bots.console.events import Events
from bots.console.guard import TOKEN_COOKIE, Forbidden, Guard
from bots.console.watch import Watch
from bots.console.workflows import Workflows
from bots.door import Door
from runtime.domain.errors import BatonError, NotFound, Upstream

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# Nothing from elsewhere, nothing inline, nobody's frame: the page is these files.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_FILES = {
    "style.css": "text/css",
    "app.js": "text/javascript",
    "workflows.js": "text/javascript",
    "favicon.svg": "image/svg+xml",
}


class ConsoleFront:
    """The page at ``/`` and its API under ``/api``."""

    def __init__(
        self,
        runtime: Door,
        bridge: Bridge,
        *,
        console_token: str | None = None,
        demonstration: bool = False,
    ) -> None:
        self._demonstration = demonstration
        self._guard = Guard(console_token=console_token)
        self._watch = Watch(runtime, bridge)
        self._api = Api(runtime, bridge, self._watch)
        self._events = Events(self._watch)
        self._workflows = Workflows(runtime, bridge)

    def mount(self, app: web.Application) -> None:
        """Add the routes; open pages are sent away when the application shuts down."""
        api, flows = self._api, self._workflows
        routes: list[tuple[str, str, Handler]] = [
            ("GET", "/", self._page),
            ("GET", "/console/{file}", self._file),
            ("GET", "/api/session", self._session),
            ("GET", "/api/thread", api.thread),
            ("POST", "/api/thread", api.say),
            ("GET", "/api/events", self._events.stream),
            ("GET", "/api/agents", api.agents),
            ("GET", "/api/workflows", flows.listed),
            ("GET", "/api/workflows/{name}", flows.form),
            ("POST", "/api/workflows/{name}", flows.start),
            ("POST", "/api/schedules/{name}/{verb:start|pause|resume}", flows.schedule),
            ("GET", "/api/approvals", api.approvals),
            ("GET", "/api/approvals/{id}", api.approval),
            ("POST", "/api/approvals/{id}", api.decide),
            ("POST", "/api/questions", api.answer),
            ("GET", "/api/runs", api.runs),
            ("GET", "/api/runs/{run}", api.run),
            ("GET", "/api/runs/{run}/trace", api.trace),
            ("GET", "/api/runs/{run}/why", api.why),
            ("GET", "/api/runs/{run}/workflow", api.workflow),
            ("GET", "/api/runs/{run}/audit", api.audit),
            ("GET", "/api/runs/{run}/artifacts/{name:.+}", api.artifact),
            ("POST", "/api/runs/{run}/skip", api.skip),
            ("POST", "/api/runs/{run}/evidence", api.evidence),
            ("POST", "/api/runs/{run}/{verb:cancel|pause|resume|retry}", api.steer),
        ]
        for method, path, handler in routes:
            app.router.add_route(method, path, self._around(handler))
        app.on_shutdown.append(self._close)

    def _around(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                if not (request.path == "/" and "token" in request.query):
                    self._guard.admit(request)
                response = await handler(request)
            except BatonError as error:
                response = _error(request, error)
            except web.HTTPException:
                raise
            except Exception:
                # The request failed, the run behind it did not: what was committed stands.
                log.exception("%s %s failed unexpectedly", request.method, request.path)
                response = web.json_response(
                    {"error": "Something went wrong here; the server's log says what.",
                     "code": "internal"},
                    status=500,
                )  # fmt: skip
            if not response.prepared:
                for name, value in _HEADERS.items():
                    response.headers.setdefault(name, value)
            return response

        return guarded

    async def _page(self, request: web.Request) -> web.StreamResponse:
        if "token" in request.query:
            return self._sign_in(request)
        response = web.Response(text=_read("index.html"), content_type="text/html")
        self._guard.hand_over(request, response)
        return response

    def _sign_in(self, request: web.Request) -> web.StreamResponse:
        cookie = self._guard.sign_in(request.query["token"])
        if cookie is None:
            raise Forbidden("This is not the console's token; see BATON_CONSOLE_TOKEN.")
        # Redirected at once, so that the token does not stay in the address bar.
        response = web.Response(status=303, headers={"Location": "/"})
        response.set_cookie(
            TOKEN_COOKIE, cookie, httponly=True, samesite="Strict", secure=request.secure
        )
        return response

    async def _session(self, request: web.Request) -> web.StreamResponse:
        response = web.json_response({"surface": "console", "demonstration": self._demonstration})
        self._guard.hand_over(request, response)
        return response

    async def _file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["file"]
        if name not in _FILES:
            raise NotFound(f"there is no file {name!r} here")
        return web.Response(text=_read(name), content_type=_FILES[name], charset="utf-8")

    async def _close(self, _: web.Application) -> None:
        await self._watch.close()


def _read(name: str) -> str:
    return files("bots.console").joinpath("page", name).read_text(encoding="utf-8")


def _error(request: web.Request, error: BatonError) -> web.Response:
    headers: dict[str, str] = {}
    match error:
        case NotFound():
            status = 404
        case Upstream():
            status = 503
            headers["Retry-After"] = str(round(error.retry_after_seconds or 2))
        case _:
            status = 403 if error.code in {"forbidden", "stale_page"} else 400
    if request.path.startswith("/api/"):
        return web.Response(
            text=json.dumps({"error": error.public, "code": error.code}),
            content_type="application/json",
            status=status,
            headers=headers,
        )
    return web.Response(text=error.public + "\n", status=status, headers=headers)
