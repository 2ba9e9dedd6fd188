"""Workflows speak to agents of others as A2A lays down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import cast

import pytest

from runtime.domain.json import Json, JsonObject
from runtime.expressions.evaluator import Evaluator
from runtime.storage import approvals
from tests.worlds.flows import POLICY, FlowWorld, opened
from tests.worlds.web_server import Page, WebServer

JSON = {"Content-Type": "application/json"}
MESSAGE = "{message: {parts: [{kind: text, text: '${ .ask }'}]}}"
ASKING = "version: 1\ndefaults: {read: allow, write: allow, irreversible: ask}\n"


def answer(result: Json) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": "x", "result": result}).encode()


@pytest.fixture
def web() -> Iterator[WebServer]:
    events = b"".join(b"data: " + answer({"n": n}) + b"\r\n\r\n" for n in (1, 2))
    refused = b'{"jsonrpc": "2.0", "id": "x", "error": {"code": -32001, "message": "No such task"}}'
    pages = {
        "/card": Page(headers=JSON),
        "/other-card": Page(headers=JSON),
        "/grpc-card": Page(headers=JSON, body=b'{"url": "x", "preferredTransport": "GRPC"}'),
        "/agent": Page(headers=JSON, body=answer({"kind": "message", "parts": []})),
        "/stream": Page(headers={"Content-Type": "text/event-stream"}, body=events),
        "/refuses": Page(headers=JSON, body=refused),
        "/down": Page(status=502),
    }
    with WebServer(pages) as server:
        pages["/card"].body = json.dumps({"url": server.url("/agent")}).encode()
        spoken = {"url": server.url("/agent"), "protocolBinding": "JSONRPC"}
        pages["/other-card"].body = json.dumps({"supportedInterfaces": [spoken]}).encode()
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
        secrets={"WORKFLOW_SECRET_PEER": "peer-t0ken-4711"},
        policy=POLICY,
    )
    with opened(sqlite_url, make) as made:
        yield made


def a2a(method: str, where: str, parameters: str = MESSAGE) -> str:
    return (
        "use: {secrets: [peer]}\n"
        f"do:\n  - a: {{call: a2a, with: {{method: {method}, {where},"
        f" parameters: {parameters}}}}}\n"
    )


def sent(web: WebServer) -> JsonObject:
    return cast("JsonObject", json.loads(web.seen[-1].body))


@pytest.mark.parametrize("card", ["/card", "/other-card"])
def test_a_message_goes_where_the_card_says(world: FlowWorld, web: WebServer, card: str) -> None:
    where = (
        f"agentCard: {{endpoint: {{uri: '{web.url(card)}', "
        "authentication: {bearer: {token: '${ $secrets.peer }'}}}}"
    )

    done = world.run(a2a("message/send", where), input={"ask": "Report Q1"})

    assert done.output == {"kind": "message", "parts": []}, done.problem
    assert [one.path for one in web.seen] == [card, "/agent"]
    assert {one.headers["authorization"] for one in web.seen} == {"Bearer peer-t0ken-4711"}
    message = cast("JsonObject", cast("JsonObject", sent(web)["params"])["message"])
    assert sent(web)["method"] == "message/send"
    assert (message["role"], message["parts"]) == ("user", [{"kind": "text", "text": "Report Q1"}])
    assert message["messageId"]


def test_a_card_that_leads_somewhere_else_is_shown_to_somebody_first(
    world: FlowWorld, web: WebServer
) -> None:
    web.pages["/card"].body = b'{"url": "https://elsewhere.example/agent"}'
    where = f"agentCard: {{endpoint: '{web.url('/card')}'}}"

    run_id = world.accept(a2a("message/send", where), input={"ask": "Report Q1"})
    world.engines.do(world.process(), run_id)

    with world.database.read() as connection:
        [asked] = approvals.of_run(connection, run_id)
    assert asked.rule == "outside-data"
    assert asked.arguments["url"] == "https://elsewhere.example/agent"
    assert [one.path for one in web.seen] == ["/card"]


def test_a_stream_gives_all_that_was_said(world: FlowWorld, web: WebServer) -> None:
    where = f"server: '{web.url('/stream')}'"

    assert world.run(a2a("message/stream", where), input={"ask": "x"}).output == [
        {"n": 1},
        {"n": 2},
    ]


@pytest.mark.parametrize(
    ("where", "kind", "words"),
    [
        ("server: 'URL/refuses'", "runtime", "the agent refused: No such task (-32001)"),
        ("server: 'URL/down'", "communication", "answered 502"),
        ("agentCard: {endpoint: 'URL/grpc-card'}", "runtime", "names no address for JSONRPC"),
        ("agentCard: {endpoint: 'URL/no-card'}", "runtime", "answered 404; check its address"),
    ],
)
def test_what_goes_wrong_is_a_typed_problem(
    world: FlowWorld, web: WebServer, where: str, kind: str, words: str
) -> None:
    where = where.replace("URL", f"http://{web.place}")

    problem = world.run(a2a("tasks/get", where, "{id: '1'}")).problem

    assert str(problem["type"]).endswith(f"/errors/{kind}"), problem
    assert words in str(problem["detail"])


def test_where_an_agent_is_must_be_said(world: FlowWorld) -> None:
    problem = world.run("do:\n  - a: {call: a2a, with: {method: tasks/list}}\n").problem

    assert "needs 'agentCard' or 'server'" in str(problem["detail"])


def test_a_message_waits_for_people_and_looking_does_not(
    sqlite_url: str, evaluator: Evaluator, web: WebServer, tmp_path: Path
) -> None:
    where = f"server: '{web.url('/agent')}'"
    make = partial(
        FlowWorld,
        evaluator=evaluator,
        data=tmp_path,
        allowed=frozenset({web.place}),
        policy=ASKING,
    )
    with opened(sqlite_url, make) as world:
        looked = world.run(a2a("tasks/get", where, "{id: '1'}"))
        assert (looked.output, len(web.seen)) == ({"kind": "message", "parts": []}, 1)
        run_id = world.accept(a2a("message/send", where), input={"ask": "x"})
        world.engines.do(world.process(), run_id)
        with world.database.read() as connection:
            [asked] = approvals.of_run(connection, run_id)

    assert asked.tool == "a2a"
    assert asked.arguments["method"] == "message/send"
    assert len(web.seen) == 1
