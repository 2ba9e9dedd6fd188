"""``/api/<method>``: from an HTTP request to a method and back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from tests.worlds.slack.behaviour import Behaviour
from tests.worlds.slack.cast import APP_TOKEN
from tests.worlds.slack.directory import Team
from tests.worlds.slack.errors import SlackError
from tests.worlds.slack.faults import Fault, FaultPlan
from tests.worlds.slack.methods import METHODS
from tests.worlds.slack.methods.method import MethodCall
from tests.worlds.slack.oauth import exchange
from tests.worlds.slack.payload import Json, Payload, decode, encode, text
from tests.worlds.slack.rate_limits import RateLimits
from tests.worlds.slack.socket_mode import SocketMode
from tests.worlds.slack.state import State
from tests.worlds.slack.validation.inspector import Inspector
from tests.worlds.slack.values import Call

_JSON_ARGUMENTS = {
    "blocks": "invalid_blocks_format",
    "user_auth_blocks": "invalid_blocks_format",
    "attachments": "invalid_attachments",
    "metadata": "invalid_metadata_format",
    "unfurls": "invalid_unfurls_format",
    "chunks": "invalid_chunks",
    "view": "invalid_arguments",
    "files": "invalid_arguments",
    "outputs": "invalid_arguments",
    "prompts": "invalid_arguments",
    "loading_messages": "invalid_arguments",
    "message": "invalid_arguments",
}
"""Arguments that a form carries as JSON text, and the answer where they are not JSON."""


@dataclass(slots=True, kw_only=True)
class _Outcome:
    """What goes back, gathered while the call is served."""

    status: int = 200
    answer: Payload = field(default_factory=dict[str, Json])
    headers: dict[str, str] = field(default_factory=dict[str, str])
    team: str = ""


class WebApi:
    """Serves Web API calls: faults, tokens, checks, the method, and the record of it all."""

    def __init__(
        self,
        *,
        state: State,
        inspector: Inspector,
        faults: FaultPlan,
        behaviour: Behaviour,
        sockets: SocketMode,
        on_post: Callable[[str, str], None],
    ) -> None:
        self._state = state
        self._inspector = inspector
        self._faults = faults
        self._behaviour = behaviour
        self._sockets = sockets
        self._on_post = on_post
        self._limits = RateLimits(state.clock)

    async def serve(self, request: web.Request) -> web.Response:
        """Answer one call."""
        method = request.match_info["method"]
        arrived, started = time.time(), time.perf_counter()
        arguments, token, malformed = await _arguments(request)
        fault = self._faults.draw(method, encode(arguments))
        outcome = _Outcome()
        if fault and fault.kind == "slow":
            await asyncio.sleep(fault.delay_seconds)
        if fault is None or not _stops_call(fault):
            self._prepare(fault, arguments, token)
            self._serve(method, arguments, token, malformed, outcome, base_url=_origin(request))
        reset = _spoil(fault, outcome)
        self._state.calls.append(
            Call(
                number=len(self._state.calls) + 1,
                method=method,
                arguments=arguments,
                team=outcome.team,
                status=0 if reset else outcome.status,
                error=text(outcome.answer.get("error")),
                fault=fault.kind if fault else "",
                at=arrived,
                milliseconds=(time.perf_counter() - started) * 1000,
            )
        )
        self._state.touch()
        if fault and fault.kind == "slow_after":
            await asyncio.sleep(fault.delay_seconds)
        if reset and request.transport is not None:
            request.transport.abort()
        return web.Response(
            status=outcome.status,
            text=encode(outcome.answer),
            content_type="application/json",
            headers=outcome.headers,
        )

    def _serve(
        self,
        method: str,
        arguments: Payload,
        token: str,
        malformed: str,
        outcome: _Outcome,
        *,
        base_url: str,
    ) -> None:
        try:
            if malformed:
                self._state.violate(method, malformed, "an argument is not the JSON it must be")
                raise SlackError(malformed)
            if method == "apps.connections.open":
                outcome.answer = {"ok": True, "url": self._open_socket(token, base_url)}
                return
            if method == "oauth.v2.access":
                code = text(arguments.get("code"))
                outcome.answer = {"ok": True, **exchange(self._state, login=token, code=code)}
                return
            team = self._team(token)
            outcome.team = team.id
            if team.scopes is not None:
                outcome.headers["x-oauth-scopes"] = ",".join(team.scopes)
            call = MethodCall(
                name=method,
                arguments=arguments,
                team=team,
                state=self._state,
                inspector=self._inspector,
                base_url=base_url,
            )
            if not self._limited(call, outcome):
                outcome.answer = {"ok": True, **self._perform(call)}
        except SlackError as refusal:
            outcome.answer = refusal.payload()

    def _perform(self, call: MethodCall) -> Payload:
        method = METHODS.get(call.name)
        if method is None:
            self._state.violate(call.name, "unknown_method", "the world does not serve it")
            raise SlackError("unknown_method")
        self._require_scope(call)
        call.require(self._inspector.arguments(call.name, call.arguments))
        answer = method(call)
        if call.name == "chat.postMessage":
            self._on_post(text(answer["channel"]), text(answer["ts"]))
        return answer

    def _team(self, token: str) -> Team:
        if not token:
            raise SlackError("not_authed")
        if token == APP_TOKEN:
            raise SlackError("not_allowed_token_type")
        team = self._state.directory.team_of_token(token)
        if team is None:
            raise SlackError("invalid_auth")
        if team.revoked:
            raise SlackError("token_revoked")
        return team

    def _require_scope(self, call: MethodCall) -> None:
        needed = self._inspector.reference.bot_scopes(call.name)
        granted = call.team.scopes
        if granted is not None and needed and not set(needed) & set(granted):
            detail = f"needs one of {needed}"
            self._state.violate(call.name, "missing_scope", detail)
            raise SlackError("missing_scope", messages=[detail])

    def _open_socket(self, token: str, base_url: str) -> str:
        if token != APP_TOKEN:
            raise SlackError("not_allowed_token_type" if token else "not_authed")
        return self._sockets.issue_url(base_url)

    def _limited(self, call: MethodCall, outcome: _Outcome) -> bool:
        if not self._behaviour.rate_limits:
            return False
        wait = self._limits.seconds_to_wait(
            team=call.team.id,
            method=call.name,
            tier=self._inspector.reference.tier(call.name),
            channel=call.text("channel"),
        )
        if wait:
            outcome.status, outcome.headers = 429, {"Retry-After": str(wait)}
            outcome.answer = {"ok": False, "error": "ratelimited"}
        return wait > 0

    def _prepare(self, fault: Fault | None, arguments: Payload, token: str) -> None:
        """Change the world under the call's feet, where that is the fault."""
        if fault and fault.kind == "archive_channel":
            named = text(arguments.get("channel")) or text(arguments.get("channel_id"))
            channel = self._state.directory.channels.get(named)
            if channel:
                channel.is_archived = True
        team = self._state.directory.team_of_token(token)
        if fault and fault.kind == "revoke_token" and team:
            team.revoked = True


def _stops_call(fault: Fault) -> bool:
    return fault.kind in {"rate_limited", "server_error", "reset_before", "error"}


def _spoil(fault: Fault | None, outcome: _Outcome) -> bool:
    """Turn the answer into the fault's. Give whether the connection is reset instead."""
    if fault is None:
        return False
    match fault.kind:
        case "rate_limited":
            outcome.status = 429
            outcome.headers = {"Retry-After": str(fault.retry_after_seconds)}
            outcome.answer = {"ok": False, "error": fault.error or "ratelimited"}
        case "server_error" | "server_error_after":
            outcome.status = fault.status
            outcome.answer = {"ok": False, "error": fault.error or "internal_error"}
        case "error":
            outcome.answer = {"ok": False, "error": fault.error}
        case _:
            pass
    return fault.kind in {"reset_before", "reset_after"}


async def _arguments(request: web.Request) -> tuple[Payload, str, str]:
    """Give the arguments, the token, and the error word where they cannot be read."""
    arguments: Payload = dict(request.query)
    malformed = ""
    if request.content_type == "application/json":
        body = await request.text()
        try:
            given = decode(body) if body else {}
        except ValueError:
            given, malformed = {}, "invalid_json"
        if isinstance(given, dict):
            arguments |= given
        else:
            malformed = "json_not_object"
    else:
        form = await request.post()
        arguments |= {name: value for name, value in form.items() if isinstance(value, str)}
    header = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    token = text(arguments.pop("token", "")) or header
    for name, error in _JSON_ARGUMENTS.items():
        value = arguments.get(name)
        if isinstance(value, str) and value:
            try:
                arguments[name] = decode(value)
            except ValueError:
                malformed = error
    return arguments, token, malformed


def _origin(request: web.Request) -> str:
    return f"http://{request.host}"
