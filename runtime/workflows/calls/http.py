"""``call: http``, through the guarded HTTP of the tools."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, cast
from urllib.parse import urlencode, urlsplit, urlunsplit

from runtime.catalog.workflow.task import CallTask
from runtime.domain.effects import Effect
from runtime.domain.json import Json, JsonObject, object_of
from runtime.tools.http import Reply
from runtime.tools.tool import Call
from runtime.workflows.calls import authentication
from runtime.workflows.calls.gated import Deed, perform
from runtime.workflows.calls.uri import uri_of
from runtime.workflows.doing import Doing
from runtime.workflows.flow import Passed
from runtime.workflows.problem import fault

_EFFECTS: Final[Mapping[str, Effect]] = {
    **dict.fromkeys(("GET", "HEAD", "OPTIONS"), Effect.READ),
    **dict.fromkeys(("PUT", "DELETE"), Effect.WRITE),
}
"""What HTTP promises of its methods: those of the second line may be repeated, others not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, ready to be sent but for its credentials."""

    method: str
    uri: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    shown: Json = None
    """The body as people see it who are asked about it."""
    credentials: authentication.Credentials | None = None
    output: str = "content"
    redirects_are_fine: bool = False


def call_http(doing: Doing) -> Passed:
    """Make the request that the task describes."""
    task = doing.task
    assert isinstance(task, CallTask)
    given = task.arguments
    endpoint = given["endpoint"]
    policy = object_of(endpoint).get("authentication")
    credentials = authentication.credentials_of(doing, object_of(policy)) if policy else None
    if credentials is not None:
        doing = authentication.with_descriptor(doing, credentials)
    fill = {name: doing.view.fill(given.get(name), doing.data) for name in ("headers", "query")}
    body, shown, content_type = _body(doing, given)
    headers = _texts(doing, fill["headers"], "headers")
    if content_type and "content-type" not in {name.lower() for name in headers}:
        headers["Content-Type"] = content_type
    uri = uri_of(doing, str(object_of(endpoint).get("uri") or endpoint))
    request = Request(
        method=str(given["method"]).upper(),
        uri=_with_query(uri, _texts(doing, fill["query"], "query")),
        headers=headers,
        body=body,
        shown=shown,
        credentials=credentials,
        output=str(given.get("output") or "content"),
        redirects_are_fine=given.get("redirect") is True,
    )
    return doing.gives(send(doing, request))


def send(doing: Doing, request: Request) -> Json:
    """Send a request under the gate, and give what came back in the wanted form."""
    arguments: dict[str, Json] = {"method": request.method, "url": request.uri}
    if request.shown is not None:
        arguments["body"] = request.shown

    def run(call: Call) -> Json:
        headers = dict(request.headers)
        if request.credentials is not None:
            headers["Authorization"] = request.credentials.header(doing)
        effect = _EFFECTS.get(request.method, Effect.IRREVERSIBLE)
        if effect is not Effect.READ:
            headers.setdefault("Idempotency-Key", call.key)
        http = doing.act.outfit.http
        reply = http.send(request.method, request.uri, request.body, headers=headers)
        return _given(doing, request, reply)

    effect = _EFFECTS.get(request.method, Effect.IRREVERSIBLE)
    origin = f"http:{urlsplit(request.uri).hostname or request.uri}"
    deed = Deed(tool="http", effect=effect, arguments=arguments, run=run, origin=origin)
    return perform(doing, deed)


def _given(doing: Doing, request: Request, reply: Reply) -> Json:
    most = 400 if request.redirects_are_fine else 300
    if not 200 <= reply.status < most:
        raise fault(
            "communication",
            f"{request.method} {request.uri} answered {reply.status}",
            at=doing.task.reference,
            status=reply.status,
            title=_phrase(reply.status),
        )
    if request.output == "raw":
        return base64.b64encode(reply.body).decode()
    content = content_of(reply)
    if request.output == "content":
        return content
    headers: dict[str, Json] = dict(request.headers)
    return {
        "request": {"method": request.method.lower(), "uri": request.uri, "headers": headers},
        "statusCode": reply.status,
        "headers": dict(reply.headers),
        "content": content,
    }


def content_of(reply: Reply) -> Json:
    """Give a body as data: JSON and texts as what they are, anything else as base64."""
    if not reply.body:
        return None
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json" or kind.endswith("+json"):
        try:
            return cast("Json", json.loads(reply.body))
        except ValueError:
            return reply.body.decode(errors="replace")
    try:
        return reply.body.decode()
    except UnicodeDecodeError:
        return base64.b64encode(reply.body).decode()


def _body(doing: Doing, given: JsonObject) -> tuple[bytes, Json, str]:
    if given.get("body") is None:
        return b"", None, ""
    body = doing.view.fill(given["body"], doing.data)
    if isinstance(body, str):
        return body.encode(), body, "text/plain; charset=utf-8"
    return json.dumps(body, ensure_ascii=False).encode(), body, "application/json"


def _texts(doing: Doing, value: Json, what: str) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        words = f"{what!r} gives {value!r:.80}, which is no object"
        raise fault("expression", words, at=doing.task.reference)
    return {name: _text(inner) for name, inner in value.items() if inner is not None}


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _with_query(uri: str, query: Mapping[str, str]) -> str:
    if not query:
        return uri
    parts = urlsplit(uri)
    added = urlencode(query)
    return urlunsplit(parts._replace(query=f"{parts.query}&{added}" if parts.query else added))


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"
