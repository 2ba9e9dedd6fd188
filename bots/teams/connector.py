"""Calls to the Bot Connector: one session, nothing posted twice by itself, every failure named."""

from __future__ import annotations

import json
from typing import cast
from urllib.parse import quote

import aiohttp
from yarl import URL

from bots.teams.elements import as_sent
from bots.teams.payload import Payload
from bots.teams.reference import Reference
from bots.teams.service import ServiceUrls
from bots.teams.tokens_out import Tokens
from runtime.domain.json import Json, JsonObject

_TIMEOUT = aiohttp.ClientTimeout(total=15, sock_connect=3)
"""Half a courier's lease: what takes longer is a doubt, not a wait."""
_RETRY_SECONDS = 10.0


class CallError(Exception):
    """A call that did not succeed. ``status`` is 0 where no answer came."""

    def __init__(
        self,
        code: str,
        *,
        status: int = 0,
        retry_after_seconds: float | None = None,
        ambiguous: bool = False,
        words: str = "",
    ) -> None:
        super().__init__(code)
        self.code = code
        self.words = words
        """What was said besides; some codes stand for several things."""
        self.status = status
        self.retry_after_seconds = retry_after_seconds
        self.ambiguous = ambiguous
        """The call may have taken effect."""


class Connector:
    """Baton's line to Teams; belongs to one event loop, from the first call on."""

    def __init__(self, *, tokens: Tokens, service_urls: ServiceUrls) -> None:
        self._tokens = tokens
        self._service_urls = service_urls
        self._session: aiohttp.ClientSession | None = None

    def session(self) -> aiohttp.ClientSession:
        """Give the one session, opened at its first use inside the loop."""
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        return self._session

    async def post(self, there: Reference, activity: JsonObject) -> str:
        """Say something; gives the message's id."""
        answer = await self._call("POST", there, f"{_conversation(there)}/activities", activity)
        message_id = answer.identifier("id")
        if not message_id:
            raise CallError("no_id_in_answer", ambiguous=True)
        return message_id

    async def follow(self, there: Reference, activity: JsonObject) -> None:
        """Say the next part of a stream, whose id the first one gave."""
        await self._call("POST", there, f"{_conversation(there)}/activities", activity)

    async def post_to(self, there: Reference, user_id: str, activity: JsonObject) -> str:
        """Say something in a conversation that one person alone sees; gives the message's id."""
        path = f"{_conversation(there)}/activities?isTargetedActivity=true"
        targeted: JsonObject = {**activity, "recipient": {"id": user_id}}
        answer = await self._call("POST", there, path, targeted)
        return answer.identifier("id")

    async def put(self, there: Reference, message_id: str, activity: JsonObject) -> None:
        """Put something else in a message's place; may be repeated."""
        path = f"{_conversation(there)}/activities/{_quoted(message_id)}"
        await self._call("PUT", there, path, {**activity, "id": message_id})

    async def put_to(self, there: Reference, message_id: str, activity: JsonObject) -> None:
        """Put something else in the place of a message that one person alone sees; it stays
        theirs, and Teams refuses to be told whose it is. May be repeated.
        """
        path = f"{_conversation(there)}/activities/{_quoted(message_id)}?isTargetedActivity=true"
        await self._call("PUT", there, path, {**activity, "id": message_id})

    async def delete(self, there: Reference, message_id: str) -> None:
        """Take back something the bot has said; may be repeated."""
        path = f"{_conversation(there)}/activities/{_quoted(message_id)}"
        await self._call("DELETE", there, path, None)

    async def member(self, there: Reference, user_id: str) -> Payload:
        """Give what the roster says about one person."""
        path = f"v3/conversations/{_quoted(there.roster)}/members/{_quoted(user_id)}"
        return await self._call("GET", there, path, None)

    async def members(self, there: Reference, *, after: str = "") -> Payload:
        """Give a page of the roster; ``after`` is the mark at the end of the one before."""
        mark = f"&continuationToken={_quoted(after)}" if after else ""
        path = f"v3/conversations/{_quoted(there.roster)}/pagedmembers?pageSize=500{mark}"
        return await self._call("GET", there, path, None)

    async def open_personal(self, there: Reference, user_id: str) -> str:
        """Give the id of the chat with one person of a conversation."""
        parameters: JsonObject = {
            "isGroup": False,
            "bot": {"id": there.bot},
            "members": [{"id": user_id}],
            "tenantId": there.tenant,
            "channelData": {"tenant": {"id": there.tenant}},
        }
        answer = await self._call("POST", there, "v3/conversations", parameters)
        conversation = answer.identifier("id")
        if not conversation:
            raise CallError("no_id_in_answer", ambiguous=True)
        return conversation

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()

    async def _call(self, method: str, there: Reference, path: str, said: Json) -> Payload:
        # Asked at every call: an address that was trusted when it was stored need not be now.
        if not self._service_urls.trusts(there.service_url):
            raise CallError("untrusted_service_url", status=403)
        try:
            return await self._once(method, there, path, said)
        except CallError as fault:
            if fault.status != 401:
                raise
            # A token that was withdrawn early; nothing was done with it.
            self._tokens.forget()
        return await self._once(method, there, path, said)

    async def _once(self, method: str, there: Reference, path: str, said: Json) -> Payload:
        authorization = await self._tokens.authorization()
        # Encoded already: the client would turn ``%3A`` and ``%3B`` back, which Teams refuses.
        url = URL(f"{there.service_url.rstrip('/')}/{path}", encoded=True)
        headers = {"Content-Type": "application/json"}
        if authorization:
            headers["Authorization"] = authorization
        data = None if said is None else as_sent(said)
        creates = method == "POST"
        try:
            async with self.session().request(
                method, url, data=data, headers=headers, allow_redirects=False
            ) as answer:
                raw = await answer.read()
                if 200 <= answer.status < 300:
                    return _parsed(raw)
                raise _named(answer, _parsed(raw), creates=creates)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            # Nothing was sent: there was no line to send it on.
            raise CallError("unreachable") from None
        except TimeoutError:
            raise CallError("timeout", ambiguous=creates) from None
        except (aiohttp.ClientError, OSError):
            raise CallError("connection_lost", ambiguous=creates) from None


def _conversation(there: Reference) -> str:
    return f"v3/conversations/{_quoted(there.conversation)}"


def _quoted(value: str) -> str:
    return quote(value, safe="")


def _parsed(raw: bytes) -> Payload:
    try:
        return Payload(cast("object", json.loads(raw)))
    except (ValueError, RecursionError):
        return Payload(None)


def _named(answer: aiohttp.ClientResponse, body: Payload, *, creates: bool) -> CallError:
    code = body.text("error", "code") or body.text("code") or f"http_{answer.status}"
    # A POST is not idempotent, and 408, 500, 502 and 504 may come after it took effect; 429, 412
    # and 503 come instead of it.
    certain = answer.status == 503 or (400 <= answer.status < 500 and answer.status != 408)
    return CallError(
        code[:80],
        status=answer.status,
        retry_after_seconds=_retry_after(answer),
        ambiguous=creates and not certain,
        words=body.text("error", "message")[:200],
    )


def _retry_after(answer: aiohttp.ClientResponse) -> float | None:
    spelled = answer.headers.get("Retry-After", "")
    if not spelled:
        return _RETRY_SECONDS if answer.status == 429 else None
    try:
        return min(max(float(spelled), 0.1), 3_600.0)
    except ValueError:
        return _RETRY_SECONDS
