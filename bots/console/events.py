"""Server-sent events: a thread's state, again whenever it changed."""

from __future__ import annotations

import json

from aiohttp import web

from bots.console.place import place_of
from bots.console.watch import Snapshot, Watch

_KEEP_ALIVE_SECONDS = 15.0


class Events:
    """Streams one thread to one page for as long as the page listens."""

    def __init__(self, watch: Watch, *, keep_alive_seconds: float = _KEEP_ALIVE_SECONDS) -> None:
        self._watch = watch
        self._keep_alive_seconds = keep_alive_seconds

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Send the thread now and after every change; end when the server shuts down."""
        place = place_of(request.query.get("key", ""))
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream",
                "Cache-Control": "no-store",
                "X-Content-Type-Options": "nosniff",
                # Proxies that buffer would hold every event back.
                "X-Accel-Buffering": "no",
            }
        )
        await response.prepare(request)
        # A browser that comes back says which state it has seen.
        known: str | None = request.headers.get("Last-Event-ID")
        try:
            await response.write(b"retry: 1000\n\n")
            while not self._watch.closing:
                news = await self._watch.next(
                    place, known=known, wait_seconds=self._keep_alive_seconds
                )
                if news is None:
                    await response.write(b": still here\n\n")
                else:
                    known = news.rev
                    await response.write(_event(news))
        except ConnectionResetError:
            # The page was closed; nothing is owed to it.
            pass
        return response


def _event(snapshot: Snapshot) -> bytes:
    data = json.dumps(
        {"rev": snapshot.rev, "entries": snapshot.entries, "problem": snapshot.problem}
    )
    return f"id: {snapshot.rev}\nevent: thread\ndata: {data}\n\n".encode()
