"""Schemas of data: what is wrong with a value, in words for whoever sent it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

from runtime.catalog.fitting import misfits
from runtime.domain.errors import ToolFailed
from runtime.domain.json import Json, JsonObject, object_of
from runtime.workflows.act import Act
from runtime.workflows.problem import fault


def complaint(schema: JsonObject, value: Json) -> str | None:
    """Say what is wrong with a value, or None. References lead nowhere outside of the schema."""
    found = misfits(schema, value)
    return f"/{'/'.join(map(str, found[0].path))}: {found[0].text}" if found else None


def fetched(act: Act, resource: JsonObject, *, at: str) -> Json:
    """Give a schema that lies somewhere else; fetched once a workflow and step."""
    endpoint = resource.get("endpoint")
    uri = object_of(endpoint).get("uri") if isinstance(endpoint, Mapping) else endpoint
    if not isinstance(uri, str) or uri.strip().startswith("${"):
        raise fault("configuration", "a schema's resource needs a plain URI", at=at)

    def fetch() -> Json:
        reply = act.outfit.http.get(uri)
        if reply.status != 200:
            raise ToolFailed(f"the schema {uri!r} answered {reply.status}")
        return cast("Json", json.loads(reply.body))

    name = f"schema{at}/{uri.replace('/', '_')}"
    if name not in act.memo:
        act.memo[name] = act.ctx.do(name, fetch)
    return act.memo[name]
