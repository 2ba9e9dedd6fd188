"""``call: a2a``: an agent of somebody else's, spoken to as A2A lays down: JSON-RPC over HTTP.

https://a2a-protocol.org/latest/specification/
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Final, cast
from urllib.parse import urlsplit

from runtime.catalog.workflow.task import CallTask
from runtime.domain.effects import Effect
from runtime.domain.errors import ToolFailed
from runtime.domain.json import Json, JsonObject, object_of
from runtime.tools.http import Reply
from runtime.tools.tool import Call
from runtime.workflows.calls import authentication
from runtime.workflows.calls.gated import Deed, perform
from runtime.workflows.calls.uri import uri_of
from runtime.workflows.doing import Doing
from runtime.workflows.flow import Passed
from runtime.workflows.origins import heard
from runtime.workflows.problem import fault

_SAYS: Final = ("message/send", "message/stream")
_STREAMS: Final = ("message/stream", "tasks/resubscribe")
_CHANGES: Final = (
    *("tasks/cancel", "tasks/pushNotificationConfig/set", "tasks/pushNotificationConfig/delete"),
)
_SPOKEN: Final = "JSONRPC"
_EVENTS: Final = "text/event-stream"


def call_a2a(doing: Doing) -> Passed:
    """Send a method of A2A to an agent elsewhere; gives its result, of a stream all of them."""
    task = doing.task
    assert isinstance(task, CallTask)
    given = task.arguments
    method = str(given["method"])
    source = "agentCard" if "agentCard" in given else "server"
    if source not in given:
        words = "call: a2a needs 'agentCard' or 'server' in 'with'; add the agent's address"
        raise fault("configuration", words, at=task.reference)
    endpoint = given[source]
    if source == "agentCard":
        endpoint = object_of(endpoint).get("endpoint")
    policy = object_of(object_of(endpoint).get("authentication"))
    credentials = authentication.credentials_of(doing, policy) if policy else None
    uri = named = uri_of(doing, str(object_of(endpoint).get("uri") or endpoint))
    if source == "agentCard":
        uri = _address(doing, named, credentials)
        if _origin(uri) != _origin(named):
            # Who wrote the card does not thereby learn what was meant for where it lies, and it
            # leads where no author has sent anything.
            credentials = None
            heard(doing.act, f"http:{urlsplit(named).hostname or named}", uri)
    parameters = object_of(doing.view.fill(given.get("parameters") or {}, doing.data))
    return doing.gives(_sent(doing, method, uri, parameters, credentials))


def _sent(
    doing: Doing,
    method: str,
    uri: str,
    parameters: JsonObject,
    credentials: authentication.Credentials | None,
) -> Json:
    def run(call: Call) -> Json:
        headers = {"Content-Type": "application/json", "Accept": f"application/json, {_EVENTS}"}
        if credentials is not None:
            headers["Authorization"] = credentials.header(doing)
        body = {
            "jsonrpc": "2.0",
            "id": call.key,
            "method": method,
            "params": _whole(method, parameters, call.key),
        }
        content = json.dumps(body, ensure_ascii=False).encode()
        reply = doing.act.outfit.http.send("POST", uri, content, headers=headers)
        results = [_result(doing, one) for one in _answers(doing, uri, reply)]
        if method in _STREAMS:
            return results
        return results[0] if results else None

    effect = Effect.READ
    if method in _SAYS:
        # What the agent makes of what it is told, nobody here can take back.
        effect = Effect.IRREVERSIBLE
    elif method in _CHANGES:
        effect = Effect.WRITE
    deed = Deed(
        tool="a2a",
        effect=effect,
        arguments={"method": method, "url": uri, "parameters": parameters},
        run=run,
        fails_as="runtime",
        origin=f"a2a:{urlsplit(uri).hostname or uri}",
    )
    return perform(doing, deed)


def _whole(method: str, parameters: JsonObject, key: str) -> JsonObject:
    """Fill in what a message needs; its id is the call's, so that a repeat is the same message."""
    if method not in _SAYS:
        return parameters
    given = object_of(parameters.get("message"))
    message = {"messageId": str(uuid.uuid5(uuid.NAMESPACE_URL, key)), "role": "user", **given}
    return {**parameters, "message": message}


def _address(doing: Doing, uri: str, credentials: authentication.Credentials | None) -> str:
    """Give where the agent of a card is spoken to; its card is looked at once."""

    def look() -> Json:
        headers = {} if credentials is None else {"Authorization": credentials.header(doing)}
        http = doing.act.outfit.http
        reply = http.send("GET", uri, b"", headers=headers) if headers else http.get(uri)
        if reply.status != 200:
            raise ToolFailed(f"the card {uri!r} answered {reply.status}; check its address")
        return _spoken_at(object_of(_parsed(reply.body)), uri)

    return str(doing.once("a2a", look, name=f"{doing.name}/card"))


def _spoken_at(card: JsonObject, uri: str) -> str:
    preferred = {"url": card.get("url"), "transport": card.get("preferredTransport", _SPOKEN)}
    listed = [*_list(card.get("additionalInterfaces")), *_list(card.get("supportedInterfaces"))]
    for one in (preferred, *map(object_of, listed)):
        spoken, address = one.get("transport") or one.get("protocolBinding"), one.get("url")
        if spoken == _SPOKEN and isinstance(address, str):
            return address
    raise ToolFailed(f"the card {uri!r} names no address for {_SPOKEN}; only that is spoken here")


def _answers(doing: Doing, uri: str, reply: Reply) -> Iterator[Json]:
    if not 200 <= reply.status < 300:
        words = f"the agent at {uri} answered {reply.status}"
        at = doing.task.reference
        raise fault("communication", words, at=at, status=reply.status)
    if reply.headers.get("content-type", "").startswith(_EVENTS):
        text = reply.body.decode(errors="replace").replace("\r\n", "\n")
        for event in text.split("\n\n"):
            lines = [line[5:].strip() for line in event.split("\n") if line.startswith("data:")]
            if lines:
                yield _parsed("\n".join(lines).encode())
    else:
        yield _parsed(reply.body)


def _result(doing: Doing, answer: Json) -> Json:
    told = object_of(answer)
    if "result" in told:
        return told["result"]
    error = object_of(told.get("error"))
    words = f"the agent refused: {error.get('message') or 'its answer is no JSON-RPC'}"
    if error.get("code") is not None:
        words += f" ({error['code']})"
    raise fault("runtime", words, at=doing.task.reference)


def _origin(uri: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(uri)
    return parts.scheme, parts.hostname, parts.port


def _parsed(body: bytes) -> Json:
    try:
        return cast("Json", json.loads(body))
    except ValueError:
        return None


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
