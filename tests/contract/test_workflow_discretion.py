"""What nobody should keep is in no answer and no error that a workflow goes on with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from runtime.domain.personal import Personal
from runtime.expressions.evaluator import Evaluator
from runtime.observability.personal_data import PersonalData
from tests.worlds.flows import FlowWorld, opened
from tests.worlds.web_server import Page, WebServer, answer_json

CARD = "4111 1111 1111 1111"
TOKEN = "peer-t0ken-4711"
JSON = {"Content-Type": "application/json"}
DOCUMENT = {
    "openapi": "3.0.0",
    "paths": {"/bill": {"get": {"operationId": "bill"}}},
}
REFUSED = {"jsonrpc": "2.0", "id": "1", "error": {"code": 1, "message": f"no money on {CARD}"}}


def _says_back(handler: BaseHTTPRequestHandler) -> None:
    answer_json(handler, {"you sent": handler.headers["Authorization"]})


@pytest.fixture
def web() -> Iterator[WebServer]:
    pages = {
        "/bill": Page(headers=JSON, body=json.dumps({"paid": [f"with {CARD}"]}).encode()),
        "/openapi.json": Page(headers=JSON, body=json.dumps(DOCUMENT).encode()),
        "/agent": Page(headers=JSON, body=json.dumps(REFUSED).encode()),
        "/mirror": Page(act=_says_back),
    }
    with WebServer(pages) as server:
        yield server


@pytest.fixture
def world(
    sqlite_url: str, evaluator: Evaluator, web: WebServer, tmp_path: Path
) -> Iterator[FlowWorld]:
    make = partial(
        FlowWorld,
        evaluator=evaluator,
        data=tmp_path,
        allowed=frozenset({web.place}),
        secrets={"WORKFLOW_SECRET_PEER": json.dumps({"user": "ann", "token": TOKEN})},
        hide=PersonalData([Personal.CARD]),
    )
    with opened(sqlite_url, make) as made:
        yield made


@pytest.mark.parametrize(
    "call",
    [
        "{call: http, with: {method: get, endpoint: 'URL/bill'}}",
        "{call: openapi, with: {document: {endpoint: 'URL/openapi.json'}, operationId: bill}}",
    ],
    ids=["http", "openapi"],
)
def test_what_a_service_answers_holds_no_card_number(
    world: FlowWorld, web: WebServer, call: str
) -> None:
    run_id = world.accept(f"do:\n  - a: {call}\n".replace("URL", f"http://{web.place}"))
    world.engines.do(world.process(), run_id)

    assert world.outcome(run_id).output == {"paid": ["with [card]"]}
    assert not any(CARD in str(step) for step in world.steps(run_id))


def test_an_error_with_the_words_of_others_holds_none_either(
    world: FlowWorld, web: WebServer
) -> None:
    call = f"{{call: a2a, with: {{method: tasks/list, server: '{web.url('/agent')}'}}}}"
    run_id = world.accept(f"do:\n  - a: {call}\n")
    world.engines.do(world.process(), run_id)

    assert "no money on [card]" in str(world.outcome(run_id).problem["detail"])
    assert not any(CARD in str(step) for step in world.steps(run_id))


def test_a_secret_that_a_service_says_back_is_not_kept(world: FlowWorld, web: WebServer) -> None:
    endpoint = {
        "uri": web.url("/mirror"),
        "authentication": {"bearer": {"token": "${ $secrets.peer.token }"}},
    }
    call = {"call": "http", "with": {"method": "get", "endpoint": endpoint}}
    run_id = world.accept(f"use: {{secrets: [peer]}}\ndo:\n  - a: {json.dumps(call)}\n")
    world.engines.do(world.process(), run_id)

    assert web.seen[-1].headers["authorization"] == f"Bearer {TOKEN}"
    assert world.outcome(run_id).output == {"you sent": "Bearer [secret]"}
    assert not any(TOKEN in str(step) for step in world.steps(run_id))
