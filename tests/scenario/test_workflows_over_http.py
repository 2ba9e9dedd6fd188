"""Programs start workflows and send events, on the real product over real HTTP."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from runtime.domain.conversation import Person, Place
from tests.worlds.product import Product, product

ANN, SHOP = "ann-has-a-token-of-her-own=1", "the-shop-has-a-token-as-well"
TILL = "the-till-may-ask-and-see-nothing"
TOKENS = f"{ANN}=slack:T1/UANN,{SHOP}=http:T1/shop,{TILL}=http:T1/till"
POLICY = """version: 1
access:
  - {who: ["slack:T1/UANN"], may: [ask, publish, see-own], start: ["*"]}
  - {who: ["http:T1/shop"], may: [ask, see-own], start: [wait-*]}
  - {who: ["http:T1/till"], may: [ask]}
"""
PRICE = """document: {dsl: '1.0.3', namespace: shop, name: price, version: '1.0.0', title: Price}
input:
  schema:
    document:
      type: object
      required: [pieces]
      properties: {pieces: {$ref: '#/$defs/count'}}
      $defs: {count: {type: integer, minimum: 1}}
do: [{multiply: {set: {total: '${ .pieces * 7 }'}}}]
output: {schema: {document: {type: object, properties: {total: {type: integer}}}}}
"""
WAIT = """document: {dsl: '1.0.3', namespace: shop, name: wait-for-sale, version: '1.0.0'}
do: [{sale: {listen: {to: {one: {with: {type: sold}}}}}}]
"""
ECHO = """document: {dsl: '1.0.3', namespace: shop, name: echo, version: '1.0.0', title: Echo,
  metadata: {sponsor: 'slack:T1/UANN'}}
schedule: {on: {one: {with: {type: echoed}}}}
do: [{a: {set: '${ {heard: .[0]} }'}}]
"""


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass
class Program:
    product: Product

    def ask(
        self, method: str, path: str, body: object = None, *, token: str = ANN, **headers: str
    ) -> Answer:
        place = urlsplit(self.product.url)
        connection = HTTPConnection(place.hostname or "", place.port, timeout=30)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        content = body if isinstance(body, bytes) else None if body is None else json.dumps(body)
        try:
            connection.request(method, path, content, sent)
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), json.load(response))
        finally:
            connection.close()

    def send(self, type_: str, id_: str, data: object, **more: str) -> Answer:
        event = {"specversion": "1.0", "id": id_, "source": "/till", "type": type_, "data": data}
        kind = {"Content_Type": "application/cloudevents+json"}
        return self.ask("POST", "/events", event, **kind, **more)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("http")
    with product(folder / "home", agents=_agents(folder / "agents"), api_tokens=TOKENS) as running:
        yield Program(running)


def _agents(folder: Path) -> Path:
    (folder / "clerk").mkdir(parents=True)
    (folder / "clerk" / "agent.md").write_text(
        "---\nrole: worker\ndescription: Works.\n---\nWork.\n"
    )
    (folder / "policy.yaml").write_text(POLICY)
    (folder / "models.yaml").write_text("tiers: {planner: {model: auto}, light: {model: auto}}\n")
    (folder / "workflows").mkdir()
    for name, text in (("price", PRICE), ("wait", WAIT), ("echo", ECHO)):
        (folder / "workflows" / f"{name}.yaml").write_text(text)
    return folder


def test_a_workflow_is_started_and_answers_at_its_end(program: Program) -> None:
    ended = program.ask("POST", "/workflows/price/runs?wait=30", {"pieces": 6})
    looked = program.ask("GET", urlsplit(str(ended.body["status_url"])).path)

    assert (ended.status, ended.body["status"]) == (200, "succeeded")
    assert ended.body["output"] == {"total": 42}
    assert ended.headers["Location"] == ended.body["status_url"]
    assert looked.body == ended.body


def test_one_key_is_one_run(program: Program) -> None:
    first = program.ask("POST", "/workflows/price/runs", {"pieces": 1}, Idempotency_Key="k-1")
    again = program.ask("POST", "/workflows/price/runs", {"pieces": 1}, Idempotency_Key="k-1")
    other = program.ask("POST", "/workflows/price/runs", {"pieces": 2}, Idempotency_Key="k-1")

    assert first.body["run"] == again.body["run"]
    assert (other.status, other.body["code"]) == (422, "key_reused")


@pytest.mark.parametrize(
    ("path", "body", "token", "status", "code"),
    [
        ("/workflows/price/runs", {"pieces": 1}, "", 401, "unauthenticated"),
        ("/workflows/price/runs", {"pieces": 1}, "x" * 30, 401, "unauthenticated"),
        ("/workflows/price/runs", {"pieces": 1}, SHOP, 403, "refused"),
        ("/workflows/prize/runs", {"pieces": 1}, ANN, 404, "not_found"),
        ("/workflows/price/runs", {"pieces": 0}, ANN, 400, "input_needed"),
        ("/workflows/price/runs", [1], ANN, 400, "bad_request"),
        ("/workflows/price/runs", b"{", ANN, 400, "bad_request"),
        ("/workflows/price/runs?wait=soon", {"pieces": 1}, ANN, 400, "bad_request"),
        ("/events", {"specversion": "1.0"}, "", 401, "unauthenticated"),
        ("/events", {"specversion": "1.0"}, ANN, 400, "bad_request"),
        ("/events", b"x" * 1_100_000, ANN, 413, "too_large"),
    ],
)
def test_what_is_refused_is_told_as_a_problem(
    program: Program, path: str, body: object, token: str, status: int, code: str
) -> None:
    kind = "application/cloudevents+json"
    before = len(program.product.runtime.runs(workspace=None, limit=100))

    answer = program.ask("POST", path, body, token=token, Content_Type=kind)

    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert (answer.status, answer.body["status"], answer.body["code"]) == (status, status, code)
    assert answer.body["detail"]
    assert len(program.product.runtime.runs(workspace=None, limit=100)) == before


def test_a_run_is_shown_to_whoever_started_it_alone(program: Program) -> None:
    run = program.ask("POST", "/workflows/price/runs", {"pieces": 1}).body["run"]

    assert program.ask("GET", f"/workflows/price/runs/{run}", token=SHOP).status == 404
    assert program.ask("GET", f"/workflows/echo/runs/{run}").status == 404


def test_who_may_see_no_run_is_told_that_theirs_was_accepted_and_why_no_more(
    program: Program,
) -> None:
    begun = program.ask("POST", "/workflows/price/runs?wait=30", {"pieces": 6}, token=TILL)
    looked = program.ask("GET", urlsplit(str(begun.body["status_url"])).path, token=TILL)

    assert begun.status == 202
    assert set(begun.body) == {"run", "number", "status_url", "hidden"}
    assert "it needs the grant 'see-own'" in begun.body["hidden"]
    assert (looked.status, looked.body["code"]) == (403, "refused")
    assert "42" not in str(looked.body)


def test_events_reach_those_who_listen_and_start_what_waits_for_them(program: Program) -> None:
    runtime = program.product.runtime
    ann = Person(channel="slack", workspace="T1", external_id="UANN", name="Ann")
    place = Place(channel="console", workspace="T1", key="here", address={})
    runtime.starting.schedules.start("echo", ann, place, [])
    waiting = program.ask("POST", "/workflows/wait-for-sale/runs", {}, token=SHOP).body
    program.product.until(lambda: runtime.trace(waiting["run"], workspace=None)[0].step.waits_for)

    sold = program.send("sold", "1", {"pieces": 3})
    again = program.send("sold", "1", {"pieces": 3})
    body = json.dumps({"n": 1}).encode()
    signed = program.ask(
        "POST", "/events", body, token="", Content_Type="application/json", ce_specversion="1.0",
        ce_id="2", ce_source="/till", ce_type="echoed",
        X_Hub_Signature_256="sha256=" + hmac.new(SHOP.encode(), body, hashlib.sha256).hexdigest(),
    )  # fmt: skip
    forged = program.ask(
        "POST", "/events", body, token="", ce_specversion="1.0", ce_id="3", ce_source="/till",
        ce_type="echoed", X_Hub_Signature_256="sha256=" + "0" * 64,
    )  # fmt: skip

    assert (sold.status, sold.body) == (202, {"taken": 1, "known": 0})
    assert again.body == {"taken": 0, "known": 1}
    assert (signed.status, forged.status) == (202, 401)
    heard = program.product.until_ended(waiting["run"])
    assert json.loads(heard.run.answer) == [{"pieces": 3}]
    line = _echo(program)
    assert json.loads(program.product.until_ended(line.id).run.answer) == {"heard": {"n": 1}}


def _echo(program: Program) -> Any:
    def found() -> Any:
        runs = program.product.runtime.runs(workspace=None, limit=100)
        return next((one for one in runs if one.request.startswith("Echo")), None)

    return program.product.until(found)


def test_what_a_token_may_start_is_described_as_openapi(program: Program) -> None:
    ann = program.ask("GET", "/workflows/openapi.json").body
    shop = program.ask("GET", "/workflows/openapi.json", token=SHOP).body

    assert set(shop["paths"]) == {
        "/workflows/wait-for-sale/runs", "/workflows/wait-for-sale/runs/{run}",
    }  # fmt: skip
    assert "/workflows/price/runs" in ann["paths"]
    assert ann["openapi"].startswith("3.1.")
    names = [one["operationId"] for path in ann["paths"].values() for one in path.values()]
    assert len(set(names)) == len(names)
    for path, item in ann["paths"].items():
        for operation in item.values():
            given = {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"}
            assert given == ({"run"} if "{run}" in path else set())
            assert all("description" in one for one in operation["responses"].values())
    schema = ann["paths"]["/workflows/price/runs"]["post"]["requestBody"]["content"][
        "application/json"
    ]["schema"]
    whole = Registry[Any]().with_resource("", Resource.opaque(ann))
    validator = Draft202012Validator(schema, registry=whole)
    assert validator.is_valid({"pieces": 1})
    assert not validator.is_valid({"pieces": 0})
