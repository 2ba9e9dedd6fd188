"""The specification's conformance kit, run from its own files."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runtime.expressions.evaluator import Evaluator
from tests.worlds.conformance import Results, follow, holds, recorded
from tests.worlds.conformance import world as a_world
from tests.worlds.flows import FlowWorld
from tests.worlds.pet_store import pet_store
from tests.worlds.scenarios import Scenario, scenarios
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
def seen() -> Results:
    """Give what the tests of this module found out."""
    return {}


@pytest.fixture
def world(sqlite_url: str, evaluator: Evaluator, store: WebServer) -> Iterator[FlowWorld]:
    with a_world(sqlite_url, evaluator, store) as made:
        yield made


@needs_specification
def test_every_feature_of_the_kit_is_run() -> None:
    assert {one.feature for one in SCENARIOS} == FEATURES
    assert len(SCENARIOS) >= 21


@needs_specification
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: f"{one.feature}: {one.name}")
def test_the_scenario_holds(
    scenario: Scenario, world: FlowWorld, store: WebServer, seen: Results
) -> None:
    told = seen.setdefault(scenario.feature, {})
    told[scenario.name] = False

    follow(scenario, world, store)

    told[scenario.name] = True


@needs_specification
def test_the_record_in_the_reference_is_what_was_seen(
    world: FlowWorld, store: WebServer, seen: Results
) -> None:
    for one in SCENARIOS:
        # What was not selected in this run of the tests is found out here.
        told = seen.setdefault(one.feature, {})
        if one.name not in told:
            told[one.name] = holds(one, world, store)

    assert recorded() == seen, "run `make references`"
