"""The door for strangers: what passes it is Microsoft's, of our tenant, small and well-formed.

Without an application id nobody signs anything. Then only this machine is let in, and only from
programs: a web page that some browser shows here can reach this port as well.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import cast
from urllib.parse import urlsplit

from aiohttp import ClientPayloadError, web

from bots.teams.credentials import TeamsCredentials
from bots.teams.inbound import tenant_of
from bots.teams.payload import Payload
from bots.teams.service import is_loopback
from bots.teams.tokens_in import CHANNEL, InboundTokens, Unsigned

log = logging.getLogger(__name__)

LARGEST_BODY_BYTES = 1024 * 1024
_SLOWEST_BODY_SECONDS = 10.0
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")
_OBJECTS = ("from", "recipient", "conversation", "channelData")

Next = Callable[[Payload], Awaitable[web.Response]]


class Edge:
    """``handle`` answers ``POST /api/messages``."""

    def __init__(
        self, credentials: TeamsCredentials, *, tokens: InboundTokens | None, then: Next
    ) -> None:
        """Give ``tokens`` None in loopback mode only."""
        if (tokens is None) != credentials.loopback:
            raise ValueError("only a bot without an application id takes unsigned activities")
        self._credentials = credentials
        self._tokens = tokens
        self._then = then

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request; 4xx with a reason for what is not let in."""
        if request.content_type != "application/json":
            return _refuse(415, "not_json")
        try:
            raw = await _read(request)
        except TimeoutError:
            return _refuse(408, "too_slow")
        except (web.RequestPayloadError, ClientPayloadError, OSError):
            return _refuse(400, "broken_body")
        if raw is None:
            return _refuse(413, "too_large")
        body = _parse(raw)
        try:
            await self._prove(request, body or Payload(None))
        except Unsigned as unsigned:
            return _refuse(401, unsigned.public)
        if body is None:
            return _refuse(400, "unreadable_body")
        fault = self._fault_in_tenant(body)
        if fault:
            return _refuse(403, fault)
        return await self._then(body)

    async def _prove(self, request: web.Request, body: Payload) -> None:
        if self._tokens is None:
            self._check_loopback(request, body)
        else:
            authorization = request.headers.getall("Authorization", [])
            if len(authorization) != 1:
                raise Unsigned("no_token")
            await self._tokens.check(authorization[0], body)

    def _check_loopback(self, request: web.Request, body: Payload) -> None:
        transport = request.transport
        here: object = transport.get_extra_info("sockname") if transport else None
        peer: object = transport.get_extra_info("peername") if transport else None
        if not _is_here(here) or not _is_here(peer):
            raise Unsigned("not_loopback")
        # A tunnel to this machine arrives from this machine, a page in a browser does as well.
        forwarded = any(name in request.headers for name in _FORWARDED)
        if forwarded or "Origin" in request.headers or not _is_local_name(request.host):
            raise Unsigned("not_loopback")
        if not self._credentials.service_urls.trusts(body.text("serviceUrl")):
            raise Unsigned("untrusted_service_url")
        if body.text("channelId") != CHANNEL:
            raise Unsigned("wrong_channel")

    def _fault_in_tenant(self, body: Payload) -> str:
        tenant = tenant_of(body)
        if tenant is None:
            return "tenants_differ"
        own = self._credentials.tenant_id
        return "wrong_tenant" if own and tenant != own else ""


def _parse(raw: bytes) -> Payload | None:
    try:
        parsed = cast("object", json.loads(raw.decode("utf-8")))
    except (ValueError, RecursionError):
        return None
    if not isinstance(parsed, dict):
        return None
    body = Payload(cast("object", parsed))
    objects_fit = all(
        value is None or isinstance(value, dict)
        for value in (body.at(name).value for name in _OBJECTS)
    )
    return body if objects_fit and body.identifier("type") else None


async def _read(request: web.Request) -> bytes | None:
    if (request.content_length or 0) > LARGEST_BODY_BYTES:
        return None
    chunks: list[bytes] = []
    total = 0
    async with asyncio.timeout(_SLOWEST_BODY_SECONDS):
        async for chunk in request.content.iter_chunked(64 * 1024):
            total += len(chunk)
            if total > LARGEST_BODY_BYTES:
                return None
            chunks.append(chunk)
    return b"".join(chunks)


def _is_here(address: object) -> bool:
    if not isinstance(address, tuple):
        return False
    host = next(iter(cast("tuple[object, ...]", address)), None)
    return isinstance(host, str) and is_loopback(host)


def _is_local_name(host: str) -> bool:
    try:
        return is_loopback(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False


def _refuse(status: int, reason: str) -> web.Response:
    log.info("a request to /api/messages was refused: %s %s", status, reason)
    return web.json_response({"error": reason}, status=status)
