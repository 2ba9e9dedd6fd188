"""The specification's examples, each carried out against stand-ins on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from runtime.domain.json import Json, JsonObject
from runtime.domain.states import StepStatus
from runtime.expressions.evaluator import Evaluator
from runtime.storage.database import Database
from tests.worlds.called_services import at_services, services
from tests.worlds.flows import FlowWorld, Outcome
from tests.worlds.specification import FOLDER, examples, needs_specification
from tests.worlds.web_server import WebServer

Stage = tuple[FlowWorld, WebServer]
Events = tuple[tuple[str, Json], ...]

MILOU: Json = {"id": 1, "name": "Milou", "status": "available"}
PETS: Json = [
    {"id": number, "name": name, "status": "available"}
    for number, name in ((1, "Milou"), (2, "Idefix"), (3, "Laika"))
]
PET: Json = {"petId": 1}
SEARCH: Json = {"searchQuery": "r2-d2"}
WITH_TOKEN: Json = {"petId": 1, "token": "t0ken"}
WARD: Json = {"patient": {"fullName": "Ann"}, "room": {"number": 4}}
TRIGGER: Json = [{"id": 1}]
HEARTBEAT: Json = [{"data": {"patient": {"id": 7}}}]

ENDS: dict[str, tuple[Json, Json]] = {
    "authentication-bearer": (WITH_TOKEN, MILOU),
    "authentication-bearer-uri-format": (WITH_TOKEN, MILOU),
    "authentication-oauth2": (PET, MILOU),
    "authentication-oidc": (PET, MILOU),
    "authentication-reusable": (PET, MILOU),
    "call-custom-function-cataloged": (None, "information: Hello, world!"),
    "call-http-endpoint-interpolation": (PET, MILOU),
    "call-http-endpoint-interpolation-shorthand": (PET, MILOU),
    "call-http-query-headers-expressions": (SEARCH, {"found": "R2-D2"}),
    "call-http-query-parameters": (SEARCH, {"found": "R2-D2"}),
    "call-http-redirect": (SEARCH, {"found": "R2-D2"}),
    "call-openapi": (None, PETS),
    "call-openapi-redirect": (None, PETS),
    "conditional-task": ({"customer": {"age": 30}}, {"done": "/api/bet/on/football"}),
    "do-multiple": (PET, {"done": "/v2/pet/"}),
    "do-single": (PET, MILOU),
    "for-inline-array": (
        {},
        {
            "processed": [
                {"name": "red", "hex": "#FF0000"},
                {"name": "green", "hex": "#00FF00"},
                {"name": "blue", "hex": "#0000FF"},
            ]
        },
    ),
    "fork": (WARD, {"came": "nurse"}),
    "run-script-with-stdin-and-arguments": (
        None,
        "stdin >  Hello Workflow\narg >  hello\nenv >  bar\n",
    ),
    "run-shell-stdin-and-arguments": (None, "STDIN was: Hello World\nARGS are Foo Bar\n"),
    # It gives the text: only what stands in ${ } is an expression.
    "run-subflow": ({"user": "Ann"}, {"registered": ".user"}),
    "schedule-cron": (None, {"done": "/api/v1/backup/start"}),
    "schedule-event-driven": (HEARTBEAT, {"done": "/api/v1/notify"}),
    "set": (TRIGGER, {"startEvent": {"id": 1}}),
    "set-expression": (TRIGGER, {"id": 1}),
    "star-wars-homeworld": ({"id": 1}, {"name": "Tatooine"}),
    "switch-then-string": (
        {"orderType": "physical"},
        {"inventory": "clear", "items": 1, "address": "Elmer St"},
    ),
    "try-catch": (PET, MILOU),
    "try-catch-retry-inline": (PET, MILOU),
    "try-catch-retry-reusable": (PET, MILOU),
    "try-catch-then": ({"petId": 9}, {"error": "$error"}),
    "try-catch-then-directive": (None, {"status": "failed"}),
    "wait-duration-inline": (PET, PET),
    "wait-duration-iso8601": (PET, PET),
}
"""Examples that end well, with their input and output."""

HOT: tuple[str, Json] = (
    "com.fake-hospital.vitals.measurements.temperature",
    {"temperature": 39},
)
COOL: tuple[str, Json] = (HOT[0], {"temperature": 37})
FAST: tuple[str, Json] = ("com.fake-hospital.vitals.measurements.bpm", {"bpm": 120})
HEARD: dict[str, tuple[Events, Json]] = {
    "listen-to-all": ((COOL, FAST, HOT), [FAST[1], HOT[1]]),
    "listen-to-any": ((COOL,), [COOL[1]]),
    "listen-to-any-filter": ((COOL, FAST), [FAST[1]]),
    "listen-to-any-until-condition": ((COOL,) * 4, [COOL[1]] * 4),
    "listen-to-any-until-consumed": (
        (HOT, COOL, FAST, ("com.fake-hospital.patient.checked-out", None)),
        [HOT[1], FAST[1]],
    ),
    "listen-to-one": (
        (("com.virtual-wf-powered-race.events.race.started.v1", {"race": 1}),),
        {"done": "/api/v4/cars//start"},
    ),
}
"""Examples that end when events have come, with these and what they give."""

READINGS: Events = (
    ("my.home.sensors.temperature", {"roomid": 1}),
    ("my.home.sensors.humidity", {"roomid": 1}),
)
CHECKUP: Events = (("com.fake.petclinic.pets.checkup.completed.v2", {"pet": 1}),)
FAULTS: dict[str, tuple[str, Events]] = {
    "call-custom-function-inline": ("communication", ()),
    "raise-inline": ("not-implemented", ()),
    "raise-reusable": ("not-implemented", ()),
    # These two name a secret that nobody has set.
    "authentication-oauth2-secret": ("authorization", ()),
    "authentication-oidc-secret": ("authorization", ()),
    # "A `listen` task produces a sequentially ordered array of all the events it has consumed"
    # (dsl-reference.md, Listen), and these read it as one object.
    "accumulate-room-readings": ("expression", READINGS),
    "for": ("expression", CHECKUP),
    # By the schema an endpoint is a text or an object. Its condition asks startswith of it before
    # it looks which: here it is an object, of which jq makes an error.
    "mock-service-extension": ("expression", ()),
    **dict.fromkeys(
        (
            *("call-asyncapi-publish", "call-asyncapi-subscribe-consume-amount", "call-grpc"),
            *(f"call-asyncapi-subscribe-consume-{how}" for how in ("until", "while")),
            "call-asyncapi-subscribe-consume-forever-foreach",
            *("call-mcp", "run-container", "run-return-all", "run-container-with-name"),
            *(f"run-return-{what}" for what in ("code", "none", "stderr")),
            *(f"run-container-cleanup-{when}" for when in ("always", "eventually")),
            *("run-container-stdin-and-arguments", "run-container-with-pull-policy"),
        ),
        ("configuration", ()),
    ),
}
"""Examples that fail here as they should: by their own error, a secret, or what is not there."""
ALONE = {"emit", "listen-to-all read-envelope", "listen-to-any-forever-foreach"}
"""Examples that have a test of their own."""
OTHER = """\
document: {dsl: '1.0.3', namespace: test, name: register-customer, version: '0.1.0'}
do: [{register: {set: {registered: '${ .customer }'}}}]
"""
POLICY = """\
version: 1
defaults: {read: allow, write: allow, irreversible: allow}
rules:
  - {id: what they fetch they send, tools: [http, emit], labels: ['http:*', event], outcome: allow}
"""
INPUTS: dict[str, Json] = {"for": {"pets": [{"id": 1}], "vet": "Dolittle"}}


@pytest.fixture
def stage(sqlite_url: str, evaluator: Evaluator, tmp_path: Path) -> Iterator[Stage]:
    database = Database(sqlite_url)
    with services() as store:
        made = FlowWorld(
            database,
            evaluator=evaluator,
            data=tmp_path,
            allowed=frozenset({store.place}),
            policy=POLICY,
        )
        yield made, store
        made.close()
    database.close()


def carry_out(stage: Stage, name: str, input: Json, events: Events = ()) -> Outcome:
    world, store = stage
    text = (FOLDER / "examples" / f"{name}.yaml").read_text(encoding="utf-8")
    run_id = world.accept(at_services(text, store), OTHER, input=input)
    process = world.process()
    world.engines.do(process, run_id)
    for number, (type_, data) in enumerate(events):
        assert world.outcome(run_id).status == StepStatus.WAITING, world.outcome(run_id)
        event = {"id": str(number), "source": "https://my.home.com/sensor", "type": type_}
        world.events.publish("T1", {**event, **cast("JsonObject", data or {}), "data": data})
        world.engines.answer_rings(process)
    for _ in range(3):
        if world.outcome(run_id).status == StepStatus.WAITING:
            world.engines.later(process, seconds=60)
    return world.outcome(run_id)


@needs_specification
@pytest.mark.parametrize("name", ENDS)
def test_the_example_ends_with_its_output(stage: Stage, name: str) -> None:
    input, output = ENDS[name]

    ended = carry_out(stage, name, input)

    assert ended.status == StepStatus.SUCCEEDED, ended
    assert ended.output == output


@needs_specification
@pytest.mark.parametrize("name", HEARD)
def test_the_example_ends_when_its_events_have_come(stage: Stage, name: str) -> None:
    events, output = HEARD[name]

    ended = carry_out(stage, name, {}, events)

    assert ended.status == StepStatus.SUCCEEDED, ended
    assert ended.output == output


@needs_specification
@pytest.mark.parametrize("name", FAULTS)
def test_the_example_fails_with_a_typed_problem(stage: Stage, name: str) -> None:
    kind, events = FAULTS[name]

    problem = carry_out(stage, name, INPUTS.get(name, PET), events).problem

    assert str(problem["type"]).endswith(kind), problem
    assert str(problem["instance"]).startswith(("/do/", "/use/functions/"))


@needs_specification
def test_the_example_emits_its_event(stage: Stage) -> None:
    output = cast("JsonObject", carry_out(stage, "emit", None).output)

    assert (output["source"], output["type"]) == (
        "https://petstore.com",
        "com.petstore.order.placed.v1",
    )
    assert output["data"] == {
        "client": {"firstName": "Cruella", "lastName": "de Vil"},
        "items": [{"breed": "dalmatian", "quantity": 101}],
    }


@needs_specification
def test_the_example_reads_whole_envelopes(stage: Stage) -> None:
    output = carry_out(stage, "listen-to-all read-envelope", None, (HOT, FAST)).output

    heard = [cast("JsonObject", one) for one in cast("list[Json]", output)]
    assert [(one["type"], one["data"]) for one in heard] == [HOT, FAST]
    assert [one["specversion"] for one in heard] == ["1.0", "1.0"]


@needs_specification
def test_the_example_listens_for_ever(stage: Stage) -> None:
    gossips: list[Json] = [{"roomId": 42, "says": words} for words in ("psst", "oh no")]
    events = tuple(("gossip", one) for one in gossips)

    still = carry_out(stage, "listen-to-any-forever-foreach", None, events)

    assert still.status == StepStatus.WAITING, still
    posts = [json.loads(one.body) for one in stage[1].seen if one.path == "/room/42"]
    assert [one["event"] for one in posts] == gossips


@needs_specification
def test_what_the_examples_send_is_what_they_say(stage: Stage) -> None:
    carry_out(stage, "do-multiple", PET)
    carry_out(stage, "authentication-bearer", WITH_TOKEN)

    store = stage[1]
    assert (store.seen[1].method, json.loads(store.seen[1].body)["status"]) == ("PUT", "sold")
    assert store.seen[-1].headers["authorization"] == "Bearer t0ken"


@needs_specification
def test_every_example_is_carried_out_here() -> None:
    there = {path.stem for path in examples()}

    assert {*ENDS, *HEARD, *FAULTS, *ALONE} == there
    assert len(ENDS) + len(HEARD) + len(FAULTS) + len(ALONE) == len(there)
