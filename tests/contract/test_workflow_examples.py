"""The specification's examples, carried out against stand-ins on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.domain.json import Json
from runtime.domain.states import StepStatus
from runtime.expressions.evaluator import Evaluator
from runtime.storage.database import Database
from tests.worlds.flows import FlowWorld, Outcome
from tests.worlds.pet_store import here, pet_store
from tests.worlds.specification import FOLDER, needs_specification
from tests.worlds.web_server import WebServer

Stage = tuple[FlowWorld, WebServer]
MILOU: Json = {"id": 1, "name": "Milou", "status": "available"}
PET: Json = {"petId": 1}

ENDS: dict[str, tuple[Json, Json]] = {
    "authentication-reusable": (PET, MILOU),
    "call-http-endpoint-interpolation": (PET, MILOU),
    "call-http-endpoint-interpolation-shorthand": (PET, MILOU),
    "do-single": (PET, MILOU),
    "run-script-with-stdin-and-arguments": (
        None,
        "stdin >  Hello Workflow\narg >  hello\nenv >  bar\n",
    ),
    "run-shell-stdin-and-arguments": (None, "STDIN was: Hello World\nARGS are Foo Bar\n"),
    "try-catch": (PET, MILOU),
    "try-catch-retry-inline": (PET, MILOU),
    "try-catch-retry-reusable": (PET, MILOU),
    "wait-duration-inline": (PET, PET),
    "wait-duration-iso8601": (PET, PET),
}
"""Examples that end well, with their input and output."""

FAULTS = {
    "call-custom-function-inline": "communication",
    "raise-inline": "not-implemented",
    "raise-reusable": "not-implemented",
    "authentication-oauth2-secret": "authorization",
    "authentication-oidc-secret": "authorization",
    **dict.fromkeys(
        (
            *("call-asyncapi-publish", "call-asyncapi-subscribe-consume-amount", "call-grpc"),
            *("call-mcp", "run-container", "run-return-all", "run-container-with-name"),
        ),
        "configuration",
    ),
}
"""Examples that fail here as they should: by their own error, a secret, or what is not there."""


@pytest.fixture(scope="module")
def evaluator() -> Iterator[Evaluator]:
    made = Evaluator()
    yield made
    made.close()


@pytest.fixture
def stage(sqlite_url: str, evaluator: Evaluator, tmp_path: Path) -> Iterator[Stage]:
    database = Database(sqlite_url)
    with pet_store() as store:
        made = FlowWorld(
            database, evaluator=evaluator, data=tmp_path, allowed=frozenset({store.place})
        )
        yield made, store
        made.close()
    database.close()


def carry_out(stage: Stage, name: str, input: Json) -> Outcome:
    world, store = stage
    text = (FOLDER / "examples" / f"{name}.yaml").read_text(encoding="utf-8")
    run_id = world.accept(here(text, store), input=input)
    process = world.process()
    world.engines.do(process, run_id)
    for _ in range(3):
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
@pytest.mark.parametrize("name", FAULTS)
def test_the_example_fails_with_a_typed_problem(stage: Stage, name: str) -> None:
    problem = carry_out(stage, name, PET).problem

    assert str(problem["type"]).endswith(FAULTS[name]), problem
    assert str(problem["instance"]).startswith(("/do/0/", "/use/functions/"))
