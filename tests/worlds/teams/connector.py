"""The far side on the wire: Bot Connector, key endpoint and token endpoint in one application."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import jwt
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.worlds.teams.activities import new_id
from tests.worlds.teams.cards import card_of, faults, file_of
from tests.worlds.teams.cast import APP_ID, EVERYBODY, PASSWORD, TENANT, Member
from tests.worlds.teams.signing import Signer

CONNECTOR = "https://api.botframework.com"
_NAMES = ("id", "name", "objectId", "aadObjectId", "tenantId", "userRole")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as it arrived."""

    method: str
    path: str
    """Undecoded, as on the wire."""
    authorization: str
    body: Any


@dataclass(slots=True, kw_only=True)
class Posted:
    """One message of the bot, and all it has been."""

    id: str
    conversation: str
    revisions: list[dict[str, Any]]
    only_for: str = ""
    """The one person who sees it; empty where everybody does."""

    @property
    def activity(self) -> dict[str, Any]:
        """Give what everybody sees now."""
        return self.revisions[-1]

    @property
    def card(self) -> dict[str, Any]:
        """Give the card everybody sees now."""
        return card_of(self.activity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong with the next request of a kind."""

    method: str
    part: str
    """Found in the request's path or body."""
    status: int
    """0 cuts the line."""
    after: bool
    """The request takes effect first."""
    retry_after: str
    code: str
    location: str = ""
    """Where it sends the caller on to."""


@dataclass(slots=True)
class Connector:
    """State and routes. ``signed`` says whether callers must show a token."""

    signer: Signer
    signed: bool
    url: str = ""
    members: dict[str, Member] = field(
        default_factory=lambda: {one.id: one for one in EVERYBODY if one.tenant == TENANT}
    )
    messages: list[Posted] = field(default_factory=list[Posted])
    chats: dict[str, str] = field(default_factory=dict[str, str])
    """Personal chats the bot has opened: their id and whom with."""
    calls: list[Call] = field(default_factory=list[Call])
    wishes: deque[Fault] = field(default_factory=deque[Fault])
    tokens: list[str] = field(default_factory=list[str])
    blocked: set[str] = field(default_factory=set[str])
    """Conversations whose people have blocked the bot."""
    graph_tokens: list[str] = field(default_factory=list[str])
    groups: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """Whom Graph knows in which groups, by object id."""
    group_questions: list[tuple[str, tuple[str, ...]]] = field(
        default_factory=list[tuple[str, tuple[str, ...]]]
    )
    certificate: x509.Certificate | None = None
    """What the application may prove itself with, beside its secret."""
    withdrawn: set[str] = field(default_factory=set[str])
    key_fetches: int = 0
    streams: dict[str, str] = field(default_factory=dict[str, str])
    """By id: ``open``, ``stopped`` by its reader, or ``completed``."""
    files: dict[str, tuple[bytes, dict[str, str]]] = field(
        default_factory=dict[str, tuple[bytes, dict[str, str]]]
    )
    """What was put into somebody's OneDrive: by its place, the bytes and the headers they had."""
    violations: list[str] = field(default_factory=list[str])

    def application(self) -> web.Application:
        """Give the application to be served."""
        app = web.Application(client_max_size=4 * 1024 * 1024)
        app.router.add_get("/v1/.well-known/openidconfiguration", self._configuration)
        app.router.add_get("/v1/.well-known/keys", self._keys)
        app.router.add_get("/{tenant}/v2.0/.well-known/openid-configuration", self._authority)
        app.router.add_post("/{tenant}/oauth2/v2.0/token", self._token)
        app.router.add_get("/metadata/identity/oauth2/token", self._machine)
        app.router.add_post("/v1.0/users/{user}/checkMemberGroups", self._groups)
        app.router.add_put("/onedrive/{place}", self._stored)
        app.router.add_route("*", "/v3/{rest:.*}", self._connector)
        return app

    async def _configuration(self, _: web.Request) -> web.Response:
        return web.json_response({"jwks_uri": f"{self.url}/v1/.well-known/keys"})

    async def _keys(self, _: web.Request) -> web.Response:
        self.key_fetches += 1
        return web.json_response(self.signer.published())

    async def _authority(self, request: web.Request) -> web.Response:
        tenant = request.match_info["tenant"]
        login = f"https://login.microsoftonline.com/{tenant}"
        return web.json_response(
            {
                "issuer": f"{login}/v2.0",
                "authorization_endpoint": f"{login}/oauth2/v2.0/authorize",
                "token_endpoint": f"{login}/oauth2/v2.0/token",
            }
        )

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        proven = form.get("client_secret") == PASSWORD or self._is_signed(
            str(form.get("client_assertion", ""))
        )
        if not proven or request.match_info["tenant"] != TENANT:
            return web.json_response({"error": "invalid_client"}, status=401)
        return self._issue(str(form["scope"]).removesuffix("/.default"))

    async def _machine(self, request: web.Request) -> web.Response:
        """Answer as the identity endpoint that Azure gives its machines."""
        asked = request.query
        if request.headers.get("Metadata") != "true" or asked.get("client_id") != APP_ID:
            return web.json_response({"error": "invalid_request"}, status=400)
        return self._issue(asked["resource"])

    def _issue(self, resource: str) -> web.Response:
        issued = self.tokens if resource == CONNECTOR else self.graph_tokens
        kind = "token" if issued is self.tokens else "graph-token"
        issued.append(f"{kind}-{len(issued) + 1}")
        # Entra answers a number, the machine's endpoint its digits.
        return web.json_response(
            {"access_token": issued[-1], "token_type": "Bearer", "expires_in": 3_600}
        )

    def _is_signed(self, assertion: str) -> bool:
        if self.certificate is None or not assertion:
            return False
        digest = self.certificate.fingerprint(hashes.SHA256())
        thumbprint = base64.urlsafe_b64encode(digest).decode()
        header = jwt.get_unverified_header(assertion)
        key = self.certificate.public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        try:
            claims: dict[str, Any] = jwt.decode(
                assertion,
                key,
                algorithms=["PS256"],
                audience=f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token",
            )
        except jwt.PyJWTError:
            return False
        return header.get("x5t#S256") == thumbprint and claims["iss"] == claims["sub"] == APP_ID

    async def _groups(self, request: web.Request) -> web.Response:
        """Answer as Graph: of these groups, those somebody is in, also by way of others."""
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in (
            self.graph_tokens
        ):
            return _error(401, "InvalidAuthenticationToken")
        asked: list[str] = (await request.json())["groupIds"]
        if len(asked) > 20:
            return _error(400, "Request_BadRequest")
        self.group_questions.append((request.match_info["user"], tuple(asked)))
        fault = self._due("POST", request.rel_url.raw_path)
        if fault is not None:
            return _error(fault.status, fault.code)
        theirs = self.groups.get(request.match_info["user"], set())
        return web.json_response({"value": [one for one in asked if one in theirs]})

    async def _stored(self, request: web.Request) -> web.Response:
        """Take a file as OneDrive does, once, in one piece, for whoever knows the address."""
        place, content = request.match_info["place"], await request.read()
        fault = self._due("PUT", request.rel_url.raw_path)
        if fault is not None:
            return _error(fault.status, fault.code)
        whole = f"bytes 0-{len(content) - 1}/{len(content)}"
        if request.query.get("tempauth") != "sesame" or place in self.files:
            return _error(404, "itemNotFound")
        if request.headers.get("Content-Range") != whole:
            return _error(416, "invalidRange")
        self.files[place] = content, dict(request.headers)
        return web.json_response({"id": place}, status=201)

    async def _connector(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        body = json.loads(raw) if raw else None
        authorization = request.headers.get("Authorization", "")
        path = request.rel_url.raw_path
        self.calls.append(
            Call(method=request.method, path=path, authorization=authorization, body=body)
        )
        if self.signed:
            token = authorization.removeprefix("Bearer ")
            if token not in self.tokens or token in self.withdrawn:
                return _error(401, "Unauthorized")
        elif authorization:
            self.violations.append("a token was sent to a connector that asks for none")
        # What the real one refuses: ids that were decoded on the way.
        if any(mark in path for mark in ":;@"):
            self.violations.append(f"an id in {path} is not percent-encoded")
        fault = self._due(request.method, path + raw.decode())
        if fault is not None and not fault.after:
            return await _fail(request, fault)
        targeted = "isTargetedActivity" in request.query
        parts = [unquote(part) for part in path.split("/")[3:]]
        answer = self._do(request.method, parts, body, targeted=targeted)
        if fault is not None:
            return await _fail(request, fault)
        return answer

    def _do(self, method: str, parts: list[str], body: Any, *, targeted: bool) -> web.Response:
        if parts and parts[0] in self.blocked:
            return _error(403, "BotBlockedByUser")
        match method, parts:
            case "POST", []:
                chat = f"a:own-{body['members'][0]['id']}"
                self.chats[chat] = body["members"][0]["id"]
                return web.json_response({"id": chat}, status=201)
            case "POST", [conversation, "activities"] if _stream_in(body):
                return self._stream(conversation, body, _stream_in(body))
            case "POST", [conversation, "activities"]:
                return self._posted(conversation, body, targeted=targeted)
            case "PUT", [conversation, "activities", message_id]:
                self._look_at(body)
                if targeted and "recipient" in body:
                    return _error(400, "BadArgument", message="Cannot edit Recipient")
                for message in self.messages:
                    found = (message.conversation, message.id, bool(message.only_for))
                    if found == (conversation, message_id, targeted):
                        message.revisions.append(body)
                        return web.json_response({"id": message_id})
                return _error(404, "ActivityNotFoundInConversation")
            case "DELETE", [conversation, "activities", message_id]:
                for message in self.messages:
                    if (message.conversation, message.id) == (conversation, message_id):
                        self.messages.remove(message)
                        return web.json_response({})
                return _error(404, "ActivityNotFoundInConversation")
            case "GET", [_, "members", user_id]:
                member = self.members.get(user_id)
                if member is None:
                    return _error(404, "MemberNotFoundInConversation")
                return web.json_response(_spelled(member))
            case "GET", [_, "pagedmembers"]:
                everybody = [_spelled(one) for one in self.members.values()]
                return web.json_response({"members": everybody})
            case _:
                return _error(405, "NotSupported")

    def _posted(self, conversation: str, body: Any, *, targeted: bool) -> web.Response:
        self._look_at(body)
        only_for = str(body["recipient"]["id"]) if targeted else ""
        if targeted and only_for not in self.members:
            return _error(400, "BadArgument")
        message_id = new_id()
        if conversation.endswith("@thread.tacv2") and not targeted:
            # Said in the channel itself: the message begins a thread.
            conversation = f"{conversation};messageid={message_id}"
        message = Posted(
            id=message_id, conversation=conversation, revisions=[body], only_for=only_for
        )
        self.messages.append(message)
        return web.json_response({"id": message.id}, status=201)

    def _stream(self, conversation: str, body: Any, info: dict[str, Any]) -> web.Response:
        """Take a part of a stream as Teams does: in personal chats, one end for each."""
        if not conversation.startswith("a:"):
            return _error(405, "NotSupported")
        if info["streamType"] == "informative":
            if body["type"] != "typing" or info["streamSequence"] != 1 or not body.get("text"):
                return _error(400, "BadRequest")
            stream = new_id()
            self.streams[stream] = "open"
            return web.json_response({"id": stream}, status=201)
        stream, refused = info["streamId"], "Content stream is not allowed"
        if "streamSequence" in info or body["type"] != "message":
            return _error(400, "BadRequest")
        match self.streams.get(stream):
            case "open":
                self._look_at(body)
                self.streams[stream] = "completed"
                message = Posted(id=stream, conversation=conversation, revisions=[body])
                self.messages.append(message)
                return web.json_response({}, status=202)
            case "completed":
                refused += " on an already completed streamed message"
            case "stopped":
                refused = "Content stream was canceled by user"
            case _:
                pass
        return _error(403, "ContentStreamNotAllowed", message=refused)

    def _look_at(self, activity: Any) -> None:
        card = card_of(activity)
        self.violations += faults(card) if card else []
        if not card and not activity.get("text") and not file_of(activity):
            self.violations.append("a message with neither card nor words")

    def _due(self, method: str, said: str) -> Fault | None:
        for fault in self.wishes:
            if fault.method == method and fault.part in said:
                self.wishes.remove(fault)
                return fault
        return None


def _spelled(member: Member) -> dict[str, str]:
    values = (member.id, member.name, member.object_id, member.object_id)
    sign_in = member.sign_in or f"{member.name.lower()}@example.com"
    named = dict(zip(_NAMES, (*values, member.tenant, member.role), strict=True))
    return {**named, "email": member.email or sign_in, "userPrincipalName": sign_in}


def _stream_in(activity: Any) -> dict[str, Any]:
    entities: list[dict[str, Any]] = activity.get("entities", [])
    found = [one for one in entities if one.get("type") == "streaminfo"]
    return found[0] if found else {}


def _error(
    status: int, code: str, headers: dict[str, str] | None = None, *, message: str = ""
) -> web.Response:
    return web.json_response(
        {"error": {"code": code, "message": message or code}}, status=status, headers=headers
    )


async def _fail(request: web.Request, fault: Fault) -> web.StreamResponse:
    if fault.status == 0:
        assert request.transport is not None
        request.transport.abort()
        await asyncio.sleep(0)
        return web.Response()
    told = {"Retry-After": fault.retry_after, "Location": fault.location}
    headers = {name: value for name, value in told.items() if value}
    return _error(fault.status, fault.code, headers)
