"""``call: openapi``: a request that an OpenAPI or Swagger document describes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import cast
from urllib.parse import quote, urlencode, urljoin, urlsplit

import yaml

from runtime.catalog.workflow.task import CallTask
from runtime.domain.errors import ToolFailed
from runtime.domain.json import Json, JsonObject, object_of
from runtime.workflows.calls import authentication
from runtime.workflows.calls.http import Request, send
from runtime.workflows.calls.uri import uri_of
from runtime.workflows.doing import Doing
from runtime.workflows.flow import Passed
from runtime.workflows.origins import heard
from runtime.workflows.problem import fault

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch")


def call_openapi(doing: Doing) -> Passed:
    """Call the operation; its document is looked at once, and what it said stays journalled."""
    task = doing.task
    assert isinstance(task, CallTask)
    given = task.arguments
    endpoint = object_of(given["document"])["endpoint"]
    uri = uri_of(doing, str(object_of(endpoint).get("uri") or endpoint))
    operation_id = str(doing.view.fill(given["operationId"], doing.data))

    def look() -> Json:
        return _operation(_document(doing, uri), uri, operation_id)

    operation = object_of(doing.once("openapi", look, name=f"{doing.name}/operation"))
    heard(doing.act, f"http:{urlsplit(uri).hostname or uri}", operation)
    policy = object_of(given.get("authentication"))
    credentials = authentication.credentials_of(doing, policy) if policy else None
    if credentials is not None:
        doing = authentication.with_descriptor(doing, credentials)
    parameters = object_of(doing.view.fill(given.get("parameters") or {}, doing.data))
    request = _request(doing, operation, parameters)
    return doing.gives(
        send(
            doing,
            Request(
                method=request.method,
                uri=request.uri,
                headers=request.headers,
                body=request.body,
                shown=request.shown,
                credentials=credentials,
                output=str(given.get("output") or "content"),
                redirects_are_fine=given.get("redirect") is True,
            ),
        )
    )


def _document(doing: Doing, uri: str) -> JsonObject:
    reply = doing.act.outfit.http.get(uri)
    if reply.status != 200:
        raise fault(
            "communication",
            f"the document {uri} answered {reply.status}",
            at=doing.task.reference,
            status=reply.status,
        )
    try:
        # JSON first: it is what these documents mostly are, and much quicker to read.
        return object_of(cast("Json", json.loads(reply.body)))
    except ValueError:
        pass
    try:
        return object_of(cast("Json", yaml.safe_load(reply.body)))
    except yaml.YAMLError as error:
        raise ToolFailed(f"{uri!r} holds neither JSON nor YAML; check the address") from error


def _operation(document: JsonObject, uri: str, operation_id: str) -> Json:
    """Give what is needed of one operation: method, address, where each parameter goes."""
    for path, method, operation, shared in _operations(document):
        if operation.get("operationId") == operation_id:
            parameters = [*shared, *cast("list[Json]", operation.get("parameters") or [])]
            return {
                "method": method.upper(),
                "url": _base(document, uri) + path,
                "parameters": [_placed(document, one) for one in parameters],
                "body": _body_kind(document, operation),
            }
    known = [str(one.get("operationId")) for _, _, one, _ in _operations(document)]
    raise ToolFailed(f"there is no operation {operation_id!r}; there are: {', '.join(known[:30])}")


def _operations(document: JsonObject) -> Iterator[tuple[str, str, JsonObject, list[Json]]]:
    for path, item in object_of(document.get("paths")).items():
        shared = cast("list[Json]", object_of(item).get("parameters") or [])
        for method in _METHODS:
            if method in object_of(item):
                yield path, method, object_of(object_of(item)[method]), shared


def _base(document: JsonObject, uri: str) -> str:
    servers = document.get("servers")
    if isinstance(servers, list) and servers:
        return urljoin(uri, str(object_of(servers[0]).get("url"))).rstrip("/")
    here = urlsplit(uri)
    schemes = cast("list[Json]", document.get("schemes") or [])
    scheme = here.scheme if not schemes or here.scheme in schemes else str(schemes[0])
    host = str(document.get("host") or here.netloc)
    return f"{scheme}://{host}{document.get('basePath') or ''}".rstrip("/")


def _placed(document: JsonObject, parameter: Json) -> Json:
    given = _resolved(document, object_of(parameter))
    repeated = given.get("collectionFormat") == "multi" or "schema" in given
    return {
        "name": given.get("name"),
        "in": given.get("in"),
        "required": bool(given.get("required")),
        "repeated": repeated,
    }


def _body_kind(document: JsonObject, operation: JsonObject) -> Json:
    body = _resolved(document, object_of(operation.get("requestBody")))
    content = list(object_of(body.get("content")))
    if not content:
        return None
    return "application/json" if "application/json" in content else content[0]


def _resolved(document: JsonObject, given: JsonObject) -> JsonObject:
    reference = given.get("$ref")
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return given
    found: Json = document
    for part in reference[2:].split("/"):
        found = object_of(found).get(part.replace("~1", "/").replace("~0", "~"))
    return object_of(found)


def _request(doing: Doing, operation: JsonObject, given: JsonObject) -> Request:
    url = str(operation["url"])
    headers: dict[str, str] = {}
    query: list[tuple[str, str]] = []
    form: dict[str, str] = {}
    left = dict(given)
    body: Json = None
    for one in cast("list[JsonObject]", operation["parameters"]):
        name, place = str(one["name"]), one["in"]
        value = left.pop(name, None)
        if value is None:
            if one["required"]:
                words = f"the operation needs the parameter {name!r}; add it to 'parameters'"
                raise fault("validation", words, at=doing.task.reference)
            continue
        if place == "path":
            url = url.replace(f"{{{name}}}", quote(_text(value), safe=""))
        elif place == "query":
            query += [(name, part) for part in _parts(value, repeated=bool(one["repeated"]))]
        elif place == "header":
            headers[name] = _text(value)
        elif place == "formData":
            form[name] = _text(value)
        elif place == "body":
            body = value
    if operation["body"] is not None:
        body = left.pop("body", None) if set(left) == {"body"} else (left or None)
    return _sent(str(operation["method"]), url, query, headers, form, body)


def _sent(
    method: str,
    url: str,
    query: list[tuple[str, str]],
    headers: dict[str, str],
    form: Mapping[str, str],
    body: Json,
) -> Request:
    if query:
        url = f"{url}?{urlencode(query)}"
    content = b""
    if form:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        content = urlencode(form).encode()
    elif body is not None:
        headers["Content-Type"] = "application/json"
        content = json.dumps(body, ensure_ascii=False).encode()
    shown: Json = dict(form) if form else body
    return Request(method=method, uri=url, headers=headers, body=content, shown=shown)


def _parts(value: Json, *, repeated: bool) -> list[str]:
    if isinstance(value, list):
        return (
            [_text(one) for one in value] if repeated else [",".join(_text(one) for one in value)]
        )
    return [_text(value)]


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
