"""Workflows are started by those who may, with input that fits, in the version of that moment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bots.commands import run_command
from runtime.catalog.catalog import Catalog
from runtime.catalog.watch import Library
from runtime.domain.conversation import Message, Person, Place
from runtime.domain.errors import NotFound, Refused
from runtime.domain.form import InputNeeded
from runtime.domain.json import JsonObject
from runtime.opening import open_runtime
from runtime.service import Runtime
from runtime.storage import definitions
from runtime.storage.database import Database
from runtime.testing import RememberingBell, SteppedClock

ANN = Person(channel="slack", workspace="T1", external_id="UANN", name="Ann")
BOB = Person(channel="slack", workspace="T1", external_id="UBOB", name="Bob")
POLICY = """version: 1
access:
  - {who: ["slack:T1/UANN"], may: [ask], start: ["re*"]}
  - {who: ["slack:T1/UBOB"], may: [ask], start: [analyst]}
"""
FLOW = """document: {dsl: '1.0.3', namespace: shop, name: restock, version: 'VERSION'}
input:
  schema:
    document: {type: object, required: [item], properties: {item: {type: string}}}
do: [{a: {set: {x: 1}}}]
"""


class Installation:
    """A front door on a folder of agents that can be written to."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.folder = folder
        self.clock = SteppedClock()
        (folder / "clerk").mkdir()
        (folder / "clerk" / "agent.md").write_text(
            "---\nrole: worker\ndescription: Works.\n---\nWork.\n"
        )
        (folder / "policy.yaml").write_text(POLICY)
        (folder / "workflows").mkdir()
        self.publish("1.0.0")
        self.runtime: Runtime = open_runtime(
            database,
            clock=self.clock,
            bell=RememberingBell(),
            library=Library(folder, clock=self.clock),
        )

    def publish(self, version: str) -> None:
        (self.folder / "workflows" / "restock.yaml").write_text(FLOW.replace("VERSION", version))

    def start(self, person: Person, given: JsonObject, *, workflow: str = "restock") -> str:
        key = f"C1/{self.clock.step(1).timestamp()}"
        place = Place(channel="slack", workspace="T1", key=key, address={})
        message = Message(
            event_key=key, person=person, place=place, text="Go", addressed=True, input=given
        )
        run_id = self.runtime.receive(replace(message, workflow=workflow)).run_id
        assert run_id is not None
        return run_id

    def version_of(self, run_id: str) -> str:
        run = self.runtime.view(run_id, workspace=None).run
        with self.runtime.database.read() as connection:
            pinned = definitions.read(connection, run.catalog)
        assert pinned is not None
        return Catalog.from_json(pinned).workflow("restock").version


@pytest.fixture
def installation(database: Database, tmp_path: Path) -> Installation:
    return Installation(database, tmp_path)


def test_who_may_not_start_it_is_refused_wherever_they_try(installation: Installation) -> None:
    starting = installation.runtime.starting

    assert [one.name for one in starting.startable(ANN)] == ["restock"]
    assert starting.startable(BOB) == []
    assert starting.form("restock", ANN).missing[0].name == "item"
    for attempt in (
        lambda: starting.form("restock", BOB),
        lambda: starting.fill("restock", BOB, [("item", "tea")]),
        lambda: installation.start(BOB, {"item": "tea"}),
    ):
        with pytest.raises(Refused, match="'ask' for 'restock'"):
            attempt()
    with pytest.raises(NotFound, match="write 'restock'"):
        starting.form("restok", ANN)


def test_input_that_does_not_fit_starts_nothing_and_keys_are_not_kept(
    installation: Installation,
) -> None:
    with pytest.raises(InputNeeded, match="item: it is missing"):
        installation.start(ANN, {})
    run_id = installation.start(ANN, {"item": "tea with xoxb-1234567890"})

    runs = installation.runtime.runs(workspace=None)
    assert [one.id for one in runs] == [run_id]
    assert installation.runtime.view(run_id, workspace=None).run.input == {
        "item": "tea with [secret]"
    }


def test_a_run_keeps_its_version_and_the_next_has_the_new_one(installation: Installation) -> None:
    first = installation.start(ANN, {"item": "tea"})
    installation.publish("2.0.0")
    second = installation.start(ANN, {"item": "tea"})

    assert [installation.version_of(one) for one in (first, second)] == ["1.0.0", "2.0.0"]


def test_what_a_new_version_changed_is_shown_in_chat(installation: Installation) -> None:
    def say(text: str, person: Person = ANN) -> str:
        place = Place(channel="slack", workspace="T1", key="C1", address={})
        runtime = installation.runtime
        return run_command(text, runtime=runtime, person=person, place=place, surface="slack").text

    unchanged = say("workflows diff restock")
    installation.start(ANN, {"item": "tea"})
    installation.publish("2.0.0")
    installation.clock.step(2)
    changed = say("workflows diff restock")

    assert unchanged == "No run of restock had another version."
    assert changed.startswith("restock 1.0.0 → 2.0.0; the earlier one was first run 2026-01-05")
    assert "\n-  version: 1.0.0\n+  version: 2.0.0\n" in changed
    assert "'ask' for 'restock'" in say("workflows diff restock", BOB)
