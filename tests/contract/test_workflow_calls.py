"""What workflows call: the web, programs, tools, people, each other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from runtime.agent.question import KIND as QUESTION
from runtime.domain.effects import Effect
from runtime.domain.json import Json
from runtime.domain.states import ApprovalStatus, StepStatus
from runtime.expressions.evaluator import Evaluator
from runtime.outbox.announce import Announcements
from runtime.storage import approvals, audits, trees
from runtime.tools.tool import Call, Tool
from runtime.workflows.outlet import Outlet
from tests.worlds.flows import FlowWorld, Outcome, opened
from tests.worlds.web_server import Page, WebServer, answer_json

JSON = {"Content-Type": "application/json"}


def _echo(handler: BaseHTTPRequestHandler) -> None:
    answer_json(handler, {"path": handler.path, "method": handler.command})


@pytest.fixture
def web() -> Iterator[WebServer]:
    token = Page(headers=JSON, body=b'{"access_token": "t0ken"}')
    config = Page(headers=JSON)
    pages = {
        "/echo": Page(act=_echo),
        "/echo?a=1&b=x+y": Page(act=_echo),
        "/text": Page(body=b"plain"),
        "/bytes": Page(body=b"\xff\x00"),
        "/moved": Page(status=302, headers={"Location": "/text"}, body=b"over there"),
        "/oauth2/token": token,
        "/realm/.well-known/openid-configuration": config,
        "/realm/token": token,
        "/functions/shout/1.0.0/function.yaml": Page(body=b"set: '${ {loud: (.word + \"!\")} }'\n"),
    }
    with WebServer(pages) as server:
        config.body = json.dumps({"token_endpoint": server.url("/realm/token")}).encode()
        yield server


def note(arguments: object, call: Call) -> Json:
    with (call.data / "notes").open("a") as notes:
        notes.write(f"{call.key} {json.dumps(arguments)}\n")
    return {"noted": True}


NOTE = Tool(
    name="note",
    description="Writes a note.",
    parameters={"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}},
    effect=Effect.WRITE,
    run=note,
)
ASKING = """\
version: 1
roles: {boss: ["slack:T1/U9"]}
defaults: {read: allow, write: allow, irreversible: ask}
rules:
  - {id: no-shell, tools: [shell], outcome: deny, reason: Not here.}
"""


@pytest.fixture
def world(
    sqlite_url: str, evaluator: Evaluator, web: WebServer, tmp_path: Path
) -> Iterator[FlowWorld]:
    make = partial(
        FlowWorld,
        evaluator=evaluator,
        data=tmp_path,
        allowed=frozenset({web.place}),
        secrets={
            "WORKFLOW_SECRET_PET_STORE": '{"username": "ada", "password": "love"}',
            "WORKFLOW_SECRET_KEY": "s3cret",
        },
        tools=(NOTE, replace(NOTE, name="desk.note", source="mcp:desk")),
        policy=ASKING,
    )
    with opened(sqlite_url, make) as made:
        yield made


def http(web: WebServer, path: str, **more: Json) -> str:
    given = {"method": "get", "endpoint": web.url(path), **more}
    return f"do:\n  - ask: {{call: http, with: {json.dumps(given)}}}\n"


def test_http_gives_content_bytes_or_the_whole_response(world: FlowWorld, web: WebServer) -> None:
    assert world.run(http(web, "/text")).output == "plain"
    assert world.run(http(web, "/bytes", output="raw")).output == "/wA="
    whole = world.run(http(web, "/text", output="response")).output

    assert isinstance(whole, dict)
    assert (whole["statusCode"], whole["content"]) == (200, "plain")


def test_http_sends_query_headers_and_body(world: FlowWorld, web: WebServer) -> None:
    query = {"a": "1", "b": "${ .b }"}
    done = world.run(http(web, "/echo", query=query, headers={"X-A": "1"}), input={"b": "x y"})

    assert done.output == {"path": "/echo?a=1&b=x+y", "method": "GET"}
    assert web.seen[-1].headers["x-a"] == "1"

    put = http(web, "/echo", method="put", body={"n": "${ .n }"})
    assert world.run(put, input={"n": 3}).output == {"path": "/echo", "method": "PUT"}
    assert web.seen[-1].body == b'{"n": 3}'


def test_http_says_what_went_wrong_as_a_problem(world: FlowWorld, web: WebServer) -> None:
    gone = world.run(http(web, "/nowhere")).problem
    moved = world.run(http(web, "/moved")).problem

    assert (gone["status"], gone["title"], gone["instance"]) == (404, "Not Found", "/do/0/ask")
    assert str(gone["type"]).endswith("/errors/communication")
    assert moved["status"] == 302
    assert world.run(http(web, "/moved", redirect=True)).output == "over there"


def test_http_may_not_reach_what_nobody_allowed(world: FlowWorld) -> None:
    done = world.run(
        "do:\n  - a: {call: http, with: {method: get, endpoint: 'http://127.0.0.1:1/x'}}\n"
    )

    assert "may not be called" in str(done.problem["detail"])


@pytest.mark.parametrize(
    ("policy", "sent"),
    [
        ({"basic": {"use": "pet-store"}}, "Basic YWRhOmxvdmU="),
        ({"bearer": {"token": "${ .token }"}}, "Bearer from-input"),
        ({"oauth2": {"authority": "HERE", "grant": "client_credentials"}}, "Bearer t0ken"),
        ({"oidc": {"authority": "HERE/realm", "grant": "client_credentials"}}, "Bearer t0ken"),
    ],
)
def test_requests_are_made_as_the_document_says(
    world: FlowWorld, web: WebServer, policy: Json, sent: str
) -> None:
    spelled = json.dumps(policy).replace("HERE", f"http://{web.place}")
    endpoint = f'{{"uri": "{web.url("/text")}", "authentication": {spelled}}}'
    run_id = world.accept(
        "use: {secrets: [pet-store]}\n"
        f"do:\n  - a: {{call: http, with: {{method: get, endpoint: {endpoint}}}}}\n",
        input={"token": "from-input"},
    )
    world.engines.do(world.process(), run_id)

    assert world.outcome(run_id).output == "plain"
    assert web.seen[-1].headers["authorization"] == sent
    assert not any("love" in str(step) or "t0ken" in str(step) for step in world.steps(run_id))


def test_secrets_are_those_that_are_declared_and_set(world: FlowWorld) -> None:
    show = "do:\n  - a: {set: {n: '${ $secrets.key | length }'}}\n"

    assert world.run("use: {secrets: [key]}\n" + show).output == {"n": 6}
    refused = world.run("use: {secrets: [key, lost]}\n" + show).problem
    assert (refused["status"], "WORKFLOW_SECRET_LOST" in str(refused["detail"])) == (403, True)
    failed = world.run("use: {secrets: [key]}\ndo:\n  - a: {set: '${ $secrets.key.x }'}\n").problem
    assert "s3cret" not in str(failed)


def test_functions_may_lie_in_a_catalogue(world: FlowWorld, web: WebServer) -> None:
    done = world.run(
        f"use: {{catalogs: {{ours: {{endpoint: 'http://{web.place}'}}}}}}\n"
        "do:\n  - a: {call: 'shout:1.0.0@ours', with: {word: '${ .w }'}}\n",
        input={"w": "hey"},
    )

    assert done.output == {"loud": "hey!"}


def test_mcp_tools_are_those_of_servers_that_an_operator_set_up(
    world: FlowWorld, tmp_path: Path
) -> None:
    servers = '{"mcpServers": {"desk": {"command": "desk-server", "args": ["--stdio"]}}}'
    call = (
        "do:\n  - a: {call: mcp, with: {method: METHOD, transport: {stdio: {command: COMMAND,"
        " arguments: ['--stdio']}}, parameters: {name: note, arguments: {text: hi}}}}\n"
    )

    def run(method: str, command: str) -> Outcome:
        text = call.replace("METHOD", method).replace("COMMAND", command)
        run_id = world.accept(text, mcp=servers)
        world.engines.do(world.process(), run_id)
        return world.outcome(run_id)

    assert run("tools/call", "desk-server").output == {"noted": True}
    assert "noted" not in (tmp_path / "notes").read_text()
    listed = run("tools/list", "desk-server").output
    assert isinstance(listed, dict)
    assert "note" in str(listed["tools"])
    assert "mcp.json has no server" in str(run("tools/call", "other").problem["detail"])
    assert "not supported here" in str(run("prompts/list", "desk-server").problem["detail"])


@pytest.mark.parametrize("function", ["grpc", "asyncapi"])
def test_what_is_not_supported_says_what_is(world: FlowWorld, function: str) -> None:
    given = {
        "grpc": "{proto: {endpoint: 'file:///x'}, service: {name: a, host: b}, method: c}",
        "asyncapi": "{document: {endpoint: 'https://x.y'}, operation: a, message: {}}",
    }[function]
    done = world.run(f"do:\n  - a: {{call: {function}, with: {given}}}\n")

    assert "not supported here; supported: " in str(done.problem["detail"])


def test_a_python_script_gets_input_arguments_and_environment(world: FlowWorld) -> None:
    code = (
        "import os, sys\n"
        "print(sys.argv[1], os.environ['WHO'], sys.stdin.read())\n"
        "print('aside', file=sys.stderr)\n"
    )
    script = {
        "language": "python",
        "code": code,
        "stdin": "${ .text }",
        "arguments": ["one"],
        "environment": {"WHO": "${ .who }"},
    }
    body = f"do:\n  - a: {{run: {{script: {json.dumps(script)}, return: all}}}}\n"

    done = world.run(body, input={"text": "in", "who": "me"})

    assert done.output == {"code": 0, "stdout": "one me in\n", "stderr": "aside\n"}


def test_a_javascript_script_gets_the_same(world: FlowWorld) -> None:
    code = """
import { readFileSync } from 'node:fs';
const stdin = readFileSync(process.stdin.fd, 'utf8');
console.log('stdin', stdin, process.argv[2], process.env.foo, { n: 1 });
return { length: stdin.length };
"""
    script = {
        "language": "js",
        "code": code,
        "stdin": "hello",
        "arguments": ["arg"],
        "environment": {"foo": "bar"},
    }

    done = world.run(f"do:\n  - a: {{run: {{script: {json.dumps(script)}}}}}\n")

    assert done.output == 'stdin hello arg bar {"n":1}\n{"length":5}\n'


def test_a_program_that_fails_is_an_error_unless_its_code_is_asked_for(world: FlowWorld) -> None:
    script = json.dumps({"language": "python", "code": "raise SystemExit(3)"})

    assert world.run(f"do:\n  - a: {{run: {{script: {script}, return: code}}}}\n").output == 3
    failed = world.run(f"do:\n  - a: {{run: {{script: {script}}}}}\n")
    assert "it ended with 3" in str(failed.problem["detail"])


def test_policy_may_forbid_what_a_workflow_does(world: FlowWorld) -> None:
    done = world.run("do:\n  - a: {run: {shell: {command: 'echo hi'}}}\n")

    assert (done.problem["status"], done.problem["instance"]) == (403, "/do/0/a")
    assert "Not here." in str(done.problem["detail"])


def test_an_irreversible_request_waits_for_people(world: FlowWorld, web: WebServer) -> None:
    run_id = world.accept(http(web, "/echo", method="post", body={"n": 1}))
    world.engines.do(world.process(), run_id)

    assert world.outcome(run_id).waits_for == "approval of http"
    assert web.seen == []
    with world.database.read() as connection:
        [asked] = approvals.of_run(connection, run_id)
    assert asked.arguments == {"method": "POST", "url": web.url("/echo"), "body": {"n": 1}}


def test_a_tool_is_called_once_with_checked_arguments(world: FlowWorld, tmp_path: Path) -> None:
    body = "do:\n  - a: {call: tool, with: {tool: note, arguments: {text: '${ .t }'}}}\n"

    assert world.run(body, input={"t": "hi"}).output == {"noted": True}
    assert world.run(body, input={"t": 1}).problem["status"] == 400
    assert len((tmp_path / "notes").read_text().splitlines()) == 1


def test_a_person_is_asked_and_their_answer_is_data(world: FlowWorld) -> None:
    run_id = world.accept("do:\n  - a: {call: ask, with: {question: Which, choices: [x, y]}}\n")
    process = world.process()
    world.engines.do(process, run_id)
    with world.database.read() as connection:
        [leaf] = trees.leaves(connection, run_id, kind=QUESTION)

    world.engines.answer(leaf.id, {"answer": "y", "by": "Ada"})
    world.engines.answer_rings(process)

    assert world.outcome(run_id).output == {"answer": "y", "by": "Ada"}


def test_people_approve_what_a_workflow_puts_before_them(world: FlowWorld) -> None:
    run_id = world.accept(
        """
do:
  - a:
      call: approval
      with:
        title: Pay 5 to Ada
        details: {amount: '${ .n }'}
        stages: [{eligible: ['role:boss'], quorum: 1}]
        expires: PT4H
""",
        input={"n": 5},
    )
    process = world.process()
    world.engines.do(process, run_id)
    with world.database.read() as connection:
        [asked] = approvals.of_run(connection, run_id)
    assert (asked.preview.what, asked.arguments["amount"]) == ("Pay 5 to Ada", 5)
    assert asked.stages[0].eligible == ("role:boss",)

    answer = {"verdict": "rejected", "by": "Boss", "reason": "too much", "approval": asked.id}
    world.engines.answer(asked.step_id, answer)
    world.engines.answer_rings(process)

    assert world.outcome(run_id).output == {
        "approved": False,
        "verdict": "rejected",
        "by": "Boss",
        "reason": "too much",
    }


def test_a_workflow_runs_another_of_its_catalog(world: FlowWorld) -> None:
    inner = """\
document: {dsl: '1.0.3', namespace: test, name: inner, version: '2.0.0'}
input: {schema: {document: {required: [n]}}}
do:
  - double: {set: {twice: '${ .n * 2 }'}}
"""
    outer = (
        "do:\n  - a: {run: {workflow: {namespace: test, name: inner, version: VERSION,"
        " input: {n: '${ .x }'}}}}\n"
    )

    done = world.run(outer.replace("VERSION", "latest"), inner, input={"x": 4})
    wrong = world.run(outer.replace("VERSION", "'1.0.0'"), inner, input={"x": 4})

    assert done.output == {"twice": 8}
    assert wrong.status == StepStatus.FAILED
    assert "inner@2.0.0" in str(wrong.problem["detail"])


def test_an_approval_within_a_lost_race_is_withdrawn(world: FlowWorld) -> None:
    race = """
do:
  - either:
      fork:
        compete: true
        branches:
          - asked: {do: [{may: {call: approval, with: {title: Go}}}]}
          - timed: {wait: PT1M}
"""
    run_id = world.accept(race)
    process = world.process(Announcements(world.engines.clock))
    world.engines.do(process, run_id)
    world.engines.later(process, seconds=61)

    assert world.outcome(run_id).status == StepStatus.SUCCEEDED
    with world.database.read() as connection:
        [asked] = approvals.of_run(connection, run_id)
        told = [one.event for one in audits.of_run(connection, run_id)]
    assert asked.status == ApprovalStatus.CANCELLED
    assert "ApprovalNoLongerNeeded" in told


def test_emitted_events_go_out_where_the_operator_says(world: FlowWorld, web: WebServer) -> None:
    body = "do:\n  - a: {emit: {event: {with: {type: sold, data: {pieces: 3}}}}}\n"
    at_home = world.run(body)
    seen = len(web.seen)
    web.pages["/sink"] = Page(status=202)
    outlet = Outlet(http=world.outfit.http, url=web.url("/sink"), token="out")
    world.outfit = replace(world.outfit, outlet=outlet)
    out = world.run(body)
    [request] = web.seen[seen:]
    web.pages["/sink"].status = 403
    refused = world.run(body)

    assert (at_home.status, out.status) == (StepStatus.SUCCEEDED, StepStatus.SUCCEEDED)
    assert json.loads(request.body)["data"] == {"pieces": 3}
    assert request.headers["content-type"] == "application/cloudevents+json"
    assert request.headers["authorization"] == "Bearer out"
    assert str(refused.problem["type"]).endswith("/errors/communication")
    assert "answered 403" in str(refused.problem["detail"])
