"""The door for strangers: what passes it is Slack's, fresh, new, small and well-formed.

It stands in front of bolt, which parses before it verifies, verifies re-encoded text instead of
bytes, and obeys headers that skip a listener.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import cast
from urllib.parse import parse_qsl

from aiohttp import ClientPayloadError, web

from bots.slack.payload import Payload
from bots.slack.signature import ReplayGuard, fault_in_signature
from runtime.domain.errors import Misconfigured, Refused
from runtime.domain.ports import Clock

log = logging.getLogger(__name__)

LARGEST_BODY_BYTES = 1024 * 1024
_SLOWEST_BODY_SECONDS = 10.0
_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 100

Body = Mapping[str, object]
Next = Callable[[Body], Awaitable[web.Response]]
"""What follows. It gets the parsed body and no header: unsigned ones can make bolt skip work."""


class Unreadable(Refused):
    """The body is none of Slack's shapes; ``public`` says in one word why."""

    code = "unreadable"


class Edge:
    """``handle`` answers ``POST /slack/events``."""

    def __init__(self, *, secret: str, clock: Clock, then: Next) -> None:
        if not secret:
            raise Misconfigured(
                "SLACK_SIGNING_SECRET is empty: nobody could tell Slack's requests from forged "
                "ones. Copy it from your app's page, Basic Information, App Credentials."
            )
        self._secret = secret
        self._clock = clock
        self._then = then
        self._guard = ReplayGuard(now=clock.now)

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request; 4xx with a reason for what is not let in."""
        try:
            body = await _read(request)
        except TimeoutError:
            return _refuse(408, "too_slow")
        except (web.RequestPayloadError, ClientPayloadError, OSError):
            return _refuse(400, "broken_body")
        if body is None:
            return _refuse(413, "too_large")
        timestamp = _single(request, "X-Slack-Request-Timestamp")
        signature = _single(request, "X-Slack-Signature")
        fault = fault_in_signature(
            body,
            secret=self._secret,
            timestamp=timestamp,
            signature=signature,
            now=self._clock.now(),
        )
        if fault:
            return _refuse(401, fault)
        content_type, charset_known = _content_type(request)
        if content_type not in (_JSON, _FORM):
            return _refuse(415, "unsupported_content_type")
        text = _decode(body) if charset_known else None
        if text is None:
            return _refuse(400, "not_utf8")
        try:
            parsed = parse_body(text, is_json=content_type == _JSON)
        except Unreadable as unreadable:
            return _refuse(400, unreadable.public)
        return await self._once(signature, parsed)

    async def _once(self, signature: str, body: Body) -> web.Response:
        if not await self._guard.enter(signature):
            return web.Response()
        took_effect = False
        try:
            answer = await self._then(body)
            took_effect = answer.status < 500
            return answer
        finally:
            self._guard.leave(signature, took_effect=took_effect)


def parse_body(text: str, *, is_json: bool) -> Body:
    """Parse a body here and only here, so that what was checked is what is obeyed.

    Raises:
        Unreadable: junk, or none of Slack's shapes.
    """
    try:
        if is_json:
            parsed = cast("object", json.loads(text))
        else:
            fields = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
            if "payload" not in fields:
                return _command(fields)
            parsed = cast("object", json.loads(fields["payload"]))
    except (ValueError, RecursionError):
        raise Unreadable("unreadable_body") from None
    if not isinstance(parsed, dict):
        raise Unreadable("not_an_object")
    body = cast("dict[str, object]", parsed)
    _require_shape(Payload(cast("object", body)))
    return body


def _command(fields: dict[str, str]) -> Body:
    if not fields.get("command") and not fields.get("ssl_check"):
        raise Unreadable("not_a_slack_form")
    return fields


_OBJECTS_OR_IDS = ("team", "enterprise", "user", "channel")
_OBJECTS = ("event", "view", "message", "container")
_IDS = ("type", "team_id", "enterprise_id", "user_id", "channel_id", "event_id", "trigger_id")


def _require_shape(payload: Payload) -> None:
    def is_one_of(name: str, *types: type) -> bool:
        value = payload.at(name).value
        return value is None or isinstance(value, types)

    if not payload.text("type"):
        raise Unreadable("no_type")
    well_shaped = (
        all(is_one_of(name, dict, str) for name in _OBJECTS_OR_IDS)
        and all(is_one_of(name, dict) for name in _OBJECTS)
        and all(is_one_of(name, str) for name in _IDS)
        and is_one_of("actions", list)
        and is_one_of("authorizations", list)
        and all(
            isinstance(item.value, dict)
            for name in ("actions", "authorizations")
            for item in payload.items(name)
        )
    )
    if not well_shaped:
        raise Unreadable("unexpected_shape")
    if payload.text("type") == "event_callback" and not payload.text("event", "type"):
        raise Unreadable("no_event")


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


def _single(request: web.Request, name: str) -> str:
    values = request.headers.getall(name, [])
    return values[0] if len(values) == 1 else ""


def _content_type(request: web.Request) -> tuple[str, bool]:
    media, *parameters = request.headers.get("Content-Type", "").lower().split(";")
    charsets = [
        value.strip().strip('"')
        for name, _, value in (parameter.partition("=") for parameter in parameters)
        if name.strip() == "charset"
    ]
    return media.strip(), all(charset in ("utf-8", "utf8") for charset in charsets)


def _decode(body: bytes) -> str | None:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _refuse(status: int, reason: str) -> web.Response:
    log.info("a request to /slack/events was refused: %s %s", status, reason)
    return web.json_response({"error": reason}, status=status)
