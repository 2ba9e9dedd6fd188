"""A stand-in on loopback for the services that the specification's scenarios call."""

from __future__ import annotations

import base64
import json
from http.server import BaseHTTPRequestHandler

from runtime.domain.json import Json
from tests.worlds.web_server import Page, WebServer

_JSON = {"Content-Type": "application/json"}
_PETS = [{"id": number, "name": name, "status": "available"} for number, name in
         ((1, "Milou"), (2, "Idefix"), (3, "Laika"))]  # fmt: skip
_DOCUMENT: Json = {
    "swagger": "2.0",
    "basePath": "/v2",
    "paths": {
        "/pet/findByStatus": {
            "get": {
                "operationId": "findPetsByStatus",
                "parameters": [
                    {"name": "status", "in": "query", "required": True, "type": "array",
                     "collectionFormat": "multi"}
                ],
            }
        },
        "/pet/{petId}": {
            "get": {
                "operationId": "getPetById",
                "parameters": [{"name": "petId", "in": "path", "required": True}],
            },
            "post": {"operationId": "updatePet", "parameters": []},
        },
    },
}  # fmt: skip
USER, PASSWORD = "serverless-workflow", "conformance-test"


def pet_store() -> WebServer:
    """Give the server; a context manager."""
    pages = {
        "/v2/pet/findByStatus?status=available": Page(headers=_JSON, body=_body(_PETS)),
        "/v2/swagger.json": Page(headers=_JSON, body=_body(_DOCUMENT)),
        f"/basic-auth/{USER}/{PASSWORD}": Page(act=_log_in),
    }
    for pet in _PETS:
        pages[f"/v2/pet/{pet['id']}"] = Page(headers=_JSON, body=_body(pet))
    return WebServer(pages)


def here(text: str, server: WebServer) -> str:
    """Give a document with the services' addresses replaced by the stand-in's."""
    for host in ("https://petstore.swagger.io", "https://httpbin.org"):
        text = text.replace(host, f"http://{server.place}")
    return text


def _body(value: object) -> bytes:
    return json.dumps(value).encode()


def _log_in(handler: BaseHTTPRequestHandler) -> None:
    wanted = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    known = handler.headers.get("Authorization") == f"Basic {wanted}"
    handler.send_response(200 if known else 401)
    handler.send_header("Content-Length", "0")
    handler.end_headers()
