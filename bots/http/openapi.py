"""The workflows that a token may start, described as OpenAPI 3.1."""

from __future__ import annotations

from collections.abc import Sequence

from runtime.catalog.workflow.document import Workflow
from runtime.domain.json import Json, JsonObject

_ERRORS = {
    "400": "The input does not fit; `wrong` says what, by field.",
    "401": "The token stands for nobody.",
    "403": "Whom the token stands for may not start this.",
    "404": "There is no such workflow.",
    "422": "The same Idempotency-Key was sent with another input.",
}
_RUN: JsonObject = {
    "type": "object",
    "required": ["run", "number", "status"],
    "properties": {
        "run": {"type": "string"},
        "number": {"type": "integer"},
        "status": {
            "type": "string",
            "enum": ["running", "waiting", "paused", "succeeded", "failed", "cancelled"],
        },
        "status_url": {"type": "string"},
        "answer": {"type": ["string", "null"]},
        "output": {},
        "error": {"type": ["string", "null"]},
        "error_code": {"type": ["string", "null"]},
    },
}
_PROBLEM: JsonObject = {
    "type": "object",
    "required": ["title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "wrong": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}


def describe(workflows: Sequence[Workflow], *, server: str) -> JsonObject:
    """Describe the paths of some workflows, with their input and output schemas."""
    paths: dict[str, Json] = {}
    for one in workflows:
        paths[f"/workflows/{one.name}/runs"] = {"post": _start(one)}
        paths[f"/workflows/{one.name}/runs/{{run}}"] = {"get": _look(one)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Baton workflows", "version": "1"},
        "servers": [{"url": server}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Run": _RUN, "Problem": _PROBLEM},
        },
    }


def _start(one: Workflow) -> JsonObject:
    schema = one.input_schema
    return {
        "operationId": f"start_{one.name}",
        "summary": one.title,
        "description": one.summary,
        "x-version": one.version,
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "The same key starts one run, however often it is sent.",
                "schema": {"type": "string", "maxLength": 200},
            },
            {
                "name": "wait",
                "in": "query",
                "description": "Seconds to wait for the end before answering.",
                "schema": {"type": "number", "minimum": 0, "maximum": 60},
            },
        ],
        "requestBody": {
            "required": bool(one.required),
            "content": {"application/json": {"schema": _own(one, "input", schema)}},
        },
        "responses": {
            "200": _run(one, "It has ended."),
            "202": _run(one, "It has started; look at `status_url`."),
            **_problems("400", "401", "403", "404", "422"),
        },
    }


def _look(one: Workflow) -> JsonObject:
    return {
        "operationId": f"look_at_{one.name}",
        "summary": f"How a run of {one.name} stands",
        "parameters": [
            {"name": "run", "in": "path", "required": True, "schema": {"type": "string"}}
        ],
        "responses": {"200": _run(one, "As it stands."), **_problems("401", "404")},
    }


def _run(one: Workflow, words: str) -> JsonObject:
    output = one.output.schema.document if one.output.schema else None
    schema: JsonObject = {"$ref": "#/components/schemas/Run"}
    if isinstance(output, dict):
        own = _own(one, "output", output)
        schema = {"allOf": [schema, {"properties": {"output": own}}]}
    return {"description": words, "content": {"application/json": {"schema": schema}}}


def _problems(*statuses: str) -> dict[str, Json]:
    return {
        status: {
            "description": _ERRORS[status],
            "content": {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            },
        }
        for status in statuses
    }


def _own(one: Workflow, side: str, schema: JsonObject | None) -> JsonObject:
    """Give a schema in which the author's ``#/…`` go on meaning the schema, not this document."""
    if schema is None:
        return {"type": "object"}
    return {"$id": f"urn:baton:workflow:{one.name}:{one.version}:{side}", **schema}
