"""The conformance kit of the specification, carried out, and the record of how it went.

The reference page draws its table of features from that record, so what it says was seen.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast

from runtime.domain.json import Json
from runtime.domain.states import StepStatus
from runtime.domain.step import Step
from runtime.expressions.evaluator import Evaluator
from runtime.storage.database import Database
from tests.worlds.flows import FlowWorld, Outcome, TickingClock
from tests.worlds.pages import ROOT
from tests.worlds.pet_store import here, pet_store
from tests.worlds.scenarios import Scenario, Sentence, scenarios
from tests.worlds.services import fresh_sqlite
from tests.worlds.web_server import WebServer

RECORD: Final = ROOT / "docs/reference/workflow-conformance.json"
Results = dict[str, dict[str, bool]]
"""By feature and scenario, whether it holds."""


def recorded() -> Results:
    """Give the record as it was written down last."""
    return cast("Results", json.loads(RECORD.read_text(encoding="utf-8")))


def write_record() -> None:
    """Carry out the whole kit and write down how it went."""
    results: Results = {}
    with tempfile.TemporaryDirectory() as folder, pet_store() as store:
        evaluator = Evaluator()
        for one in scenarios():
            with fresh_sqlite(Path(folder)) as url, world(url, evaluator, store) as made:
                results.setdefault(one.feature, {})[one.name] = holds(one, made, store)
        evaluator.close()
    text = json.dumps(results, indent=2, sort_keys=True, ensure_ascii=False)
    RECORD.write_text(f"{text}\n", encoding="utf-8")


@contextmanager
def world(url: str, evaluator: Evaluator, store: WebServer) -> Generator[FlowWorld]:
    """Give a place to carry out one scenario, where nothing but the stand-in can be reached."""
    database = Database(url)
    allowed = frozenset({store.place})
    clock = TickingClock()
    made = FlowWorld(database, evaluator=evaluator, data=Path(), allowed=allowed, clock=clock)
    try:
        yield made
    finally:
        made.close()
        database.close()


def holds(scenario: Scenario, made: FlowWorld, store: WebServer) -> bool:
    """Tell whether a scenario holds."""
    try:
        follow(scenario, made, store)
    except AssertionError:
        return False
    return True


def follow(scenario: Scenario, made: FlowWorld, store: WebServer) -> None:
    """Do what a scenario says. Raises ``AssertionError`` where it does not hold."""
    play = Play(made, store)
    for sentence in scenario.sentences:
        play.follow(sentence)


class Play:
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
