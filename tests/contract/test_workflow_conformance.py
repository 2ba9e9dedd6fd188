"""The specification's conformance kit, run from its own files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import pytest

from runtime.domain.json import Json
from runtime.domain.states import StepStatus
from runtime.domain.step import Step
from runtime.expressions.evaluator import Evaluator
from runtime.storage.database import Database
from tests.worlds.flows import FlowWorld, Outcome, TickingClock
from tests.worlds.pet_store import here, pet_store
from tests.worlds.scenarios import Scenario, Sentence, scenarios
from tests.worlds.specification import needs_specification
from tests.worlds.web_server import WebServer

FEATURES = {
    *("branch", "call", "data-flow", "do", "emit", "flow", "for", "raise", "set", "switch"),
    "try",
}
SCENARIOS = list(scenarios())


@pytest.fixture(scope="module")
def store() -> Iterator[WebServer]:
    with pet_store() as server:
        yield server


@pytest.fixture(scope="module")
def evaluator() -> Iterator[Evaluator]:
    made = Evaluator()
    yield made
    made.close()


@pytest.fixture
def world(
    sqlite_url: str, evaluator: Evaluator, store: WebServer, tmp_path: Path
) -> Iterator[FlowWorld]:
    database = Database(sqlite_url)
    made = FlowWorld(
        database,
        evaluator=evaluator,
        data=tmp_path,
        allowed=frozenset({store.place}),
        clock=TickingClock(),
    )
    yield made
    made.close()
    database.close()


@needs_specification
def test_every_feature_of_the_kit_is_run() -> None:
    assert {one.feature for one in SCENARIOS} == FEATURES
    assert len(SCENARIOS) >= 21


@needs_specification
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: f"{one.feature}: {one.name}")
def test_the_scenario_holds(scenario: Scenario, world: FlowWorld, store: WebServer) -> None:
    play = _Play(world, store)

    for sentence in scenario.sentences:
        play.follow(sentence)


class _Play:
    """Carries out the sentences of one scenario."""

    def __init__(self, world: FlowWorld, store: WebServer) -> None:
        self._world = world
        self._store = store
        self._definition = ""
        self._input: Json = None
        self._outcome: Outcome | None = None
        self._done: list[Step] = []

    def follow(self, sentence: Sentence) -> None:
        words = sentence.words
        if words == "a workflow with definition:":
            self._definition = here(sentence.text, self._store)
        elif words == "the workflow input is:":
            self._input = sentence.value
        elif words == "the workflow is executed":
            self._execute()
        elif words.startswith("the workflow should"):
            self._check_end(sentence)
        elif words.startswith("the workflow output should have"):
            self._check_output(sentence)
        else:
            self._check_order(words.split())

    def _execute(self) -> None:
        run_id = self._world.accept(self._definition, input=self._input)
        self._world.engines.do(self._world.process(), run_id)
        self._outcome = self._world.outcome(run_id)
        self._done = self._world.steps(run_id)

    @property
    def outcome(self) -> Outcome:
        assert self._outcome is not None, "nothing was executed"
        return self._outcome

    def _check_end(self, sentence: Sentence) -> None:
        faults = "fault" in sentence.words
        assert self.outcome.status == (StepStatus.FAILED if faults else StepStatus.SUCCEEDED)
        if faults:
            assert self.outcome.problem["type"]
        if sentence.text and faults:
            assert self.outcome.problem == sentence.value
        elif sentence.text:
            assert self.outcome.output == sentence.value

    def _check_output(self, sentence: Sentence) -> None:
        for name in sentence.quoted:
            assert self._at(name) is not None, name
        [first, *_] = sentence.quoted
        if sentence.text:
            assert self._at(first) == sentence.value
        elif "containing" in sentence.words:
            assert len(cast("list[Json]", self._at(first))) == int(sentence.words.split()[-2])

    def _check_order(self, words: list[str]) -> None:
        order = [step.path.rsplit("/", 1)[1] for step in self._done if "/do/" in step.path]
        name = words[0]
        assert words[1:3] == ["should", "run"], words
        if words[3] == "after":
            assert order.index(name) > order.index(words[4])
        else:
            assert order[{"first": 0, "last": -1}[words[3]]] == name

    def _at(self, path: str) -> Json:
        found = self.outcome.output
        for part in path.split("."):
            assert isinstance(found, Mapping), f"{path} leads nowhere"
            found = found[part]
        return found
