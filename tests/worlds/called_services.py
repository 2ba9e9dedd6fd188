"""A stand-in on loopback for every service that the specification's examples call."""

from __future__ import annotations

import json
import re

from runtime.domain.json import Json
from tests.worlds.pet_store import pet_store
from tests.worlds.web_server import Page, WebServer

_JSON = {"Content-Type": "application/json"}
_HOSTS = (
    *("petstore.swagger.io", "swapi.dev", "raw.githubusercontent.com", "fake.com", "keycloak"),
    *("superbet-casinos.com", "fake-hospital.com", "fake-chat-api.com", "example.com"),
    *("virtual-wf-powered-race.com", "hospital.example.com", "external-service.example.com"),
)
_CALLED = re.compile(rf"https?://(?:{'|'.join(map(re.escape, _HOSTS))})(?![\w.-])")
_REALM = "/realms/fake-authority"
_LOG = "/serverlessworkflow/catalog/main/functions/log/1.0.0/function.yaml"
_DONE = (
    *("/v2/pet/", "/sample", "/api/bet/on/football", "/room/42", "/api/v1/backup/start"),
    *("/api/v4/cars//start", "/api/v1/notify"),
)


def services() -> WebServer:
    """Give the server, with ``/v2/…`` of the pet store in it; a context manager."""
    server = pet_store()
    token = Page(headers=_JSON, body=b'{"access_token": "t0ken"}')
    server.pages.update(
        {
            **{path: _page({"done": path}) for path in _DONE},
            "/v2/pet/9": Page(status=404),
            "/api": Page(status=503),
            "/api/people/?search=r2-d2": _page({"found": "R2-D2"}),
            "/api/people/1": _page({"homeworld": server.url("/api/planets/1")}),
            "/api/planets/1": _page({"name": "Tatooine"}),
            "/api/v3/alert/nurses": _page({"came": "nurse"}),
            "/api/v3/alert/doctor": _page({"came": "doctor"}),
            f"{_REALM}/auth/token": token,
            f"{_REALM}/token": token,
            f"{_REALM}/.well-known/openid-configuration": _page(
                {"token_endpoint": server.url(f"{_REALM}/token")}
            ),
            _LOG: Page(body=b"set: '${ \"\\(.level): \\(.message)\" }'\n"),
        }
    )
    return server


def at_services(text: str, server: WebServer) -> str:
    """Give a document that calls the stand-in where it called others."""
    return _CALLED.sub(f"http://{server.place}", text)


def _page(content: Json) -> Page:
    return Page(headers=_JSON, body=json.dumps(content).encode())
