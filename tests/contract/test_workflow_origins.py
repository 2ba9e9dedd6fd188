"""What came from outside does nothing unseen in a workflow either, whichever way it went."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from runtime.catalog.agent import Agent, Role
from runtime.domain.approval import Approval
from runtime.domain.effects import Effect
from runtime.domain.errors import ToolFailed
from runtime.domain.json import Json
from runtime.domain.states import StepStatus
from runtime.expressions.evaluator import Evaluator
from runtime.models.completion import Prompt
from runtime.storage import approvals
from runtime.storage.database import Database
from runtime.tools.tool import Call, Tool
from tests.worlds.flows import HEAD, POLICY, FlowWorld, ScriptedModels, opened
from tests.worlds.web_server import Page, WebServer

OFFER = {"vendor": "Mallory", "items": ["gloves"] * 60, "where": "http://evil.example/collect"}
PARAMETERS = {"type": "object", "properties": {"text": {"type": "string"}}}


def write_down(arguments: object, call: Call) -> Json:
    del call
    return {"noted": json.dumps(arguments)}


def refuse(arguments: object, call: Call) -> Json:
    del arguments, call
    raise ToolFailed("give it to Mallory")


NOTE = Tool(
    name="note",
    description="Writes a note.",
    parameters=PARAMETERS,
    effect=Effect.WRITE,
    run=write_down,
)


def answer(arguments: object, call: Call) -> Json:
    del arguments, call
    return {"noted": "Mallory wants it"}


READ = replace(
    NOTE, name="peer.read", effect=Effect.READ, source="mcp:peer", untrusted=True, run=answer
)
FAILS = replace(READ, name="peer.fail", run=refuse)


@pytest.fixture(scope="module")
def evaluator() -> Iterator[Evaluator]:
    made = Evaluator()
    yield made
    made.close()


@pytest.fixture
def web() -> Iterator[WebServer]:
    body = json.dumps(OFFER).encode()
    with WebServer({"/offer": Page(headers={"Content-Type": "application/json"}, body=body)}) as it:
        yield it


@pytest.fixture
def world(
    sqlite_url: str, evaluator: Evaluator, web: WebServer, tmp_path: Path
) -> Iterator[FlowWorld]:
    database = Database(sqlite_url)
    made = _world(database, evaluator, web, tmp_path)
    yield made
    made.close()
    database.close()


def _world(
    database: Database, evaluator: Evaluator, web: WebServer, data: Path, *, policy: str = POLICY
) -> FlowWorld:
    return FlowWorld(
        database,
        evaluator=evaluator,
        data=data,
        allowed=frozenset({web.place}),
        tools=(NOTE, READ, FAILS),
        policy=policy,
    )


def asked(world: FlowWorld, *documents: str, input: Json = None) -> Approval | None:
    """Carry a workflow out as far as it goes; give what it asks, None where it simply ended."""
    run_id = world.accept(*documents, input=input)
    world.engines.do(world.process(), run_id)
    outcome = world.outcome(run_id)
    with world.database.read() as connection:
        found = approvals.of_run(connection, run_id)
    if not found:
        assert outcome.status is StepStatus.SUCCEEDED, outcome.problem
        return None
    assert outcome.status is StepStatus.WAITING
    [one] = found
    assert one.rule == "outside-data"
    return one


def note(text: str) -> str:
    return f"{{call: tool, with: {{tool: note, arguments: {{text: '{text}'}}}}}}"


def get(web: WebServer) -> str:
    return f"{{call: http, with: {{method: get, endpoint: {web.url('/offer')}}}}}"


FETCHED_AND: dict[str, str] = {
    "as it came": "  - write: {note}\n",
    "through another shape": (
        "  - shape: {set: '${ {a: {b: [.vendor, \"x\"]}} }'}\n  - write: {inner}\n"
    ),
    "made unrecognisable": "  - shape: {set: '${ {vendor: (.vendor | @base64)} }'}\n"
    "  - write: {note}\n",
    "in a branch": "  - both: {fork: {branches: [{write: {note}}]}}\n",
    "in a long loop": "  - each: {for: {each: it, in: .items}, do: [{write: {loop}}]}\n",
    "below a condition": "  - maybe: {do: [{write: {note}}]}\n",
}


@pytest.mark.parametrize("way", FETCHED_AND)
def test_what_was_fetched_is_written_only_when_somebody_has_seen_it(
    world: FlowWorld, web: WebServer, way: str
) -> None:
    tasks = (
        FETCHED_AND[way]
        .replace("{note}", note("${ .vendor }"))
        .replace("{inner}", note("${ .a.b[0] }"))
        .replace("{loop}", note("${ $it }"))
    )

    found = asked(world, f"do:\n  - fetch: {get(web)}\n{tasks}")

    assert found is not None
    assert f"'text' came from http:{web.place.rpartition(':')[0]}" in found.reason


def test_it_is_remembered_in_the_context_and_what_steps_below_fetched(
    world: FlowWorld, web: WebServer
) -> None:
    kept = (
        f"do:\n  - both: {{fork: {{branches: [{{fetch: {get(web)}}}]}}, "
        "export: {as: '${ {found: .[0].vendor} }'}}\n"
        f"  - write: {note('${ $context.found }')}\n"
    )

    assert asked(world, kept) is not None


def test_it_is_remembered_across_workflows(world: FlowWorld, web: WebServer) -> None:
    fetching = HEAD.replace("name: flow", "name: fetching") + f"do:\n  - fetch: {get(web)}\n"
    writing = HEAD.replace("name: flow", "name: writing") + f"do:\n  - w: {note('${ .vendor }')}\n"
    run = "run: {workflow: {namespace: test, name: %s, version: '1.0.0'}}"
    both = f"do:\n  - a: {{{run % 'fetching'}}}\n  - b: {{{run % 'writing'}}}\n"

    found = asked(world, HEAD + both, fetching, writing)

    assert found is not None


@pytest.mark.parametrize(
    "tasks",
    [
        "  - say: {{call: post, with: {{text: '${{ .vendor }}'}}}}\n",
        "  - tell: {{emit: {{event: {{with: {{type: told, data: '${{ . }}'}}}}}}}}\n",
        "  - send: {{call: http, with: {{method: post, endpoint: {url}, body: '${{ . }}'}}}}\n",
        "  - go: {{call: http, with: {{method: get, endpoint: '${{ .where }}'}}}}\n",
    ],
    ids=["posted", "emitted", "sent", "an address that was fetched"],
)
def test_whatever_leaves_asks(world: FlowWorld, web: WebServer, tasks: str) -> None:
    text = tasks.format(url=web.url("/offer"))

    assert asked(world, f"do:\n  - fetch: {get(web)}\n{text}") is not None
    # Nothing but the first request has left.
    assert len(web.seen) == 1


def test_a_program_gives_on_what_it_was_fed(world: FlowWorld, web: WebServer) -> None:
    code = "import sys; print(sys.stdin.read()[::-1], 12345)"
    script = f'  - work: {{run: {{script: {{language: python, code: "{code}"%s}}}}}}\n'
    write = f"  - write: {note('${ . }')}\n"

    stdin = ", stdin: '${ .vendor }'"
    fed = asked(world, f"do:\n  - f: {get(web)}\n{script % stdin}{write}")
    alone = asked(world, f"do:\n{script % ''}{write}")

    assert fed is not None
    assert alone is None


def test_what_another_system_says_is_outside_also_where_it_fails(world: FlowWorld) -> None:
    read = "{call: tool, with: {tool: peer.read, arguments: {}}}"
    told = asked(world, f"do:\n  - a: {read}\n  - b: {note('${ .noted }')}\n")
    failing = (
        "do:\n  - a:\n      try: [{b: {call: tool, with: {tool: peer.fail, arguments: {}}}}]\n"
        f"      catch: {{as: oops, do: [{{c: {note('${ $oops.detail }')}}}]}}\n"
    )

    assert told is not None
    assert "peer.read" in told.reason
    assert asked(world, failing) is not None


FAILING = "{call: tool, with: {tool: peer.fail, arguments: {}}}"
BELOW: dict[str, str] = {
    "in a branch": f"{{fork: {{branches: [{{b: {FAILING}}}, {{c: {{set: {{x: 1}}}}}}]}}}}",
    "in a race": f"{{fork: {{compete: true, branches: [{{b: {FAILING}}}]}}}}",
    "in a long loop": f"{{for: {{in: '[range(20)]'}}, do: [{{b: {FAILING}}}]}}",
    "in another workflow": "{run: {workflow: {namespace: test, name: other, version: '1.0.0'}}}",
    "in a branch of another workflow": (
        "{fork: {branches: [{b: {run: {workflow: "
        "{namespace: test, name: other, version: '1.0.0'}}}}]}}"
    ),
}


@pytest.mark.parametrize("way", BELOW)
def test_an_error_of_a_step_below_says_whose_words_are_in_it(world: FlowWorld, way: str) -> None:
    other = HEAD.replace("name: flow", "name: other") + f"do:\n  - b: {FAILING}\n"
    catching = (
        f"do:\n  - a:\n      try: [{{below: {BELOW[way]}}}]\n"
        f"      catch: {{as: oops, do: [{{c: {note('${ $oops.detail }')}}}]}}\n"
    )

    found = asked(world, HEAD + catching, other)

    assert found is not None
    assert "'text' came from tool:peer.fail" in found.reason


def test_an_agent_that_fails_in_words_from_outside_is_outside_as_well(
    sqlite_url: str, evaluator: Evaluator, tmp_path: Path
) -> None:
    def fails(prompt: Prompt) -> str:
        del prompt
        raise ToolFailed("give it to Mallory")

    scout = Agent(
        name="scout", version="0" * 12, role=Role.WORKER, description="Looks.", tier="light",
        prompt="You look.", tools=("peer.read",),
    )  # fmt: skip
    make = partial(
        FlowWorld, evaluator=evaluator, data=tmp_path, tools=(NOTE, READ), agents=(scout,),
        models=ScriptedModels(fails),
    )  # fmt: skip
    with opened(sqlite_url, make) as world:
        found = asked(
            world,
            "do:\n  - a:\n      try: [{b: {call: agent, with: {agent: scout, task: Look}}}]\n"
            f"      catch: {{as: oops, do: [{{c: {note('${ $oops.detail }')}}}]}}\n",
        )

    assert found is not None
    assert "'text' came from agent:scout" in found.reason


def test_an_error_of_a_step_below_that_is_its_authors_asks_nobody(world: FlowWorld) -> None:
    own = "{raise: {error: {type: 'https://x.y/z', status: 400, title: Never, detail: alas}}}"
    catching = (
        f"do:\n  - a:\n      try: [{{below: {{fork: {{branches: [{{b: {own}}}]}}}}}}]\n"
        f"      catch: {{as: oops, do: [{{c: {note('${ $oops.detail }')}}}]}}\n"
    )

    assert asked(world, catching) is None


def test_what_an_event_says_is_outside(world: FlowWorld) -> None:
    tasks = "  - wait: {listen: {to: {one: {with: {type: sold}}}}}\n"
    run_id = world.accept(f"do:\n{tasks}  - write: {note('${ .[0].to }')}\n")
    engine = world.process()
    world.engines.do(engine, run_id)

    world.events.publish("T1", {"id": "1", "source": "/x", "type": "sold", "data": {"to": "Eve"}})
    world.engines.do(engine, run_id)

    with world.database.read() as connection:
        [one] = approvals.of_run(connection, run_id)
    assert one.rule == "outside-data"
    assert "came from event" in one.reason


def test_what_people_and_the_author_said_asks_nobody(world: FlowWorld, web: WebServer) -> None:
    given = asked(world, f"do:\n  - write: {note('${ .to }')}\n", input={"to": "Xenia"})
    own = asked(world, f"do:\n  - fetch: {get(web)}\n  - write: {note('gloves for all')}\n")

    assert given is None
    assert own is None


def test_a_rule_about_labels_may_allow_it(
    sqlite_url: str, evaluator: Evaluator, web: WebServer, tmp_path: Path
) -> None:
    allowing = (
        "version: 1\nrules:\n"
        "  - {id: notes, tools: [note], labels: ['http:127.0.0.1'], outcome: allow}\n"
    )
    database = Database(sqlite_url)
    world = _world(database, evaluator, web, tmp_path, policy=allowing)

    assert asked(world, f"do:\n  - f: {get(web)}\n  - w: {note('${ .vendor }')}\n") is None

    world.close()
    database.close()
