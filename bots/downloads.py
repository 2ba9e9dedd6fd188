"""Files of runs as links: for people in a chat that shows no files, to whoever asked for one.

A link is made for somebody who has just been let in, names one file as it was then, is sealed so
that nobody makes another out of it, and holds for minutes. Fetching it changes nothing, so a
scanner that follows it does no harm.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from urllib.parse import quote

from aiohttp import web

from bots.bridge import Bridge
from bots.door import Door
from runtime.domain.errors import BatonError, NotFound
from runtime.domain.json import JsonObject
from runtime.domain.ports import Clock
from runtime.domain.run import Artifact

log = logging.getLogger(__name__)

PATH = "/files"
VALID = timedelta(minutes=15)
_LONGEST_TICKET = 4_000
_GONE = "This link holds no more. Press the button in the chat again.\n"


class Box(Protocol):
    """Seals, so that only this installation can open: ``runtime.storage.seal.Seal``."""

    def close(self, secret: JsonObject) -> str: ...
    def open(self, sealed: str) -> JsonObject: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Downloads:
    """Makes links and answers them; ``mount`` adds the route."""

    runtime: Door
    bridge: Bridge
    clock: Clock
    box: Box
    url: str
    """Where people's browsers reach this server, without a slash at its end."""

    def link(self, run_id: str, file: Artifact, *, workspace: str) -> str:
        """Give the address of a file, for somebody of this workspace who may see its run."""
        ticket: JsonObject = {
            "run": run_id,
            "name": file.name,
            "digest": file.digest,
            "workspace": workspace,
            "until": (self.clock.now() + VALID).timestamp(),
        }
        return f"{self.url.rstrip('/')}{PATH}/{self.box.close(ticket)}"

    def mount(self, application: web.Application) -> None:
        """Add the route."""
        application.router.add_get(f"{PATH}/{{ticket}}", self._fetched)

    async def _fetched(self, request: web.Request) -> web.Response:
        try:
            file, content = await self._found(request.match_info["ticket"])
        except BatonError as error:
            log.info("a link to a file was refused: %s", error.code)
            return web.Response(status=404, text=_GONE)
        return attachment(file, content)

    async def _found(self, ticket: str) -> tuple[Artifact, bytes]:
        if len(ticket) > _LONGEST_TICKET:
            raise NotFound("this is no link of ours")
        named = self.box.open(ticket)
        until = named.get("until")
        if not isinstance(until, int | float) or self.clock.now().timestamp() > until:
            raise NotFound("this link has expired")
        found, content = await self.bridge(
            self.runtime.artifact,
            str(named.get("run")),
            str(named.get("name")),
            workspace=str(named.get("workspace")),
        )
        if found.digest != named.get("digest"):
            raise NotFound("the run has made this file anew")
        return found, content


def attachment(artifact: Artifact, content: bytes) -> web.Response:
    """Give the bytes as a download: never run, framed or guessed at by a browser."""
    name = artifact.name.rsplit("/", 1)[-1]
    return web.Response(
        body=content,
        headers={
            "Content-Type": "application/octet-stream",
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "private, no-store",
        },
    )
