"""CloudEvents over HTTP: structured, binary and batched content.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import cast
from urllib.parse import unquote

from bots.http.problem import BadRequest
from runtime.domain.json import Json, JsonObject

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
MOST = 100
_PREFIX = "ce-"


def read_events(headers: Mapping[str, str], body: bytes) -> list[JsonObject]:
    """Read the events of a request. Raises ``BadRequest`` with what to send instead."""
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind == BATCH:
        batch = _json(body)
        if not isinstance(batch, list):
            raise BadRequest("a batch is a JSON array of events")
        if len(batch) > MOST:
            raise BadRequest(f"a batch has at most {MOST} events; this one has {len(batch)}")
        return [_structured(one) for one in batch]
    if kind == STRUCTURED:
        return [_structured(_json(body))]
    attributes = {
        name.lower().removeprefix(_PREFIX): unquote(value)
        for name, value in headers.items()
        if name.lower().startswith(_PREFIX)
    }
    if not attributes:
        raise BadRequest(
            f"send an event as {STRUCTURED}, several as {BATCH}, or its attributes as the headers"
            " ce-specversion, ce-id, ce-source and ce-type"
        )
    return [_binary(attributes, kind, body)]


def _structured(value: Json) -> JsonObject:
    if not isinstance(value, Mapping):
        raise BadRequest("an event is a JSON object")
    event = dict(value)
    encoded = event.pop("data_base64", None)
    if encoded is not None:
        event["data"] = encoded
    _check(event)
    return event


def _binary(attributes: Mapping[str, str], kind: str, body: bytes) -> JsonObject:
    event: dict[str, Json] = dict(attributes)
    _check(event)
    if kind:
        event["datacontenttype"] = kind
    if body:
        event["data"] = _data(kind, body)
    return event


def _data(kind: str, body: bytes) -> Json:
    if kind == "application/json" or kind.endswith("+json"):
        return _json(body)
    try:
        return body.decode()
    except UnicodeDecodeError:
        return base64.b64encode(body).decode()


def _check(event: JsonObject) -> None:
    version = event.get("specversion")
    if version != "1.0":
        raise BadRequest(f"specversion {version!r} is not read here; send '1.0'")


def _json(body: bytes) -> Json:
    try:
        return cast("Json", json.loads(body, parse_constant=_no_number))
    except (ValueError, RecursionError) as broken:
        raise BadRequest("the body is not JSON") from broken


def _no_number(word: str) -> None:
    raise ValueError(word)
