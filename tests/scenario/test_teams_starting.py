"""A workflow that must be told more, begun with a form in Teams, on the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.worlds.product import Product, copy_of_agents, product
from tests.worlds.teams import activities
from tests.worlds.teams.cards import buttons, faults, inputs_of, readable
from tests.worlds.teams.cast import ADA, BEN, CHANNEL, GROUP, PERSONAL, Chat
from tests.worlds.teams.connector import Posted
from tests.worlds.teams.world import TeamsWorld, teams_world

WORKFLOW = """\
document: {dsl: '1.0.3', namespace: test, name: tea, version: '1.0.0', title: Order tea}
input:
  schema:
    document:
      type: object
      required: [kind, cups]
      properties:
        kind: {type: string, enum: [green, black], title: Which tea}
        cups: {type: integer, minimum: 1, maximum: 9, title: How many cups}
        day: {type: string, format: date}
        sweet: {type: boolean}
        to: {type: array, items: {type: string}, description: Who drinks it}
do:
  - serve: {set: {said: '${ "\\(.cups) cups of \\(.kind) tea for \\(.to // [] | join(" and "))" }'}}
output: {as: .said}
"""


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[TeamsWorld, Product]]:
    agents = copy_of_agents(tmp_path)
    (agents / "workflows").mkdir(exist_ok=True)
    (agents / "workflows" / "tea.yaml").write_text(WORKFLOW, encoding="utf-8")
    with (
        teams_world(signed=False) as world,
        product(tmp_path / "home", agents=agents) as it,
    ):
        world.endpoint = f"{it.url}/api/messages"
        yield world, it


def _seen_by_everybody(world: TeamsWorld, words: str) -> list[Posted]:
    """Wait for words that everybody sees; give all that everybody sees, oldest first."""

    def said() -> list[Posted]:
        return [one for one in world.connector.messages if not one.only_for]

    world.until(lambda: any(words in readable(one.card) for one in said()))
    return said()


def _filled(**inputs: str) -> dict[str, str]:
    return {f"input.{name}": text for name, text in inputs.items()}


@pytest.mark.parametrize("chat", [PERSONAL, GROUP, CHANNEL], ids=lambda chat: chat.kind)
def test_what_is_missing_is_asked_for_on_a_card_and_starts_the_run(
    running: tuple[TeamsWorld, Product], chat: Chat
) -> None:
    world, installation = running
    asked = world.say(ADA, chat, "run tea cups=3")
    thread = replace(chat, id=asked.activity["conversation"]["id"])
    form = world.message(thread.id, "Order tea")
    fields = {one["id"]: one for one in inputs_of(form.card, "start.run")}
    assert faults(form.card) == []
    assert [one["type"] for one in fields.values()] == [
        "Input.ChoiceSet", "Input.Number", "Input.Date", "Input.ChoiceSet", "Input.Text",
    ]  # fmt: skip
    assert fields["input.cups"]["value"] == 3
    assert "missing" not in readable(form.card)

    wrong = world.press(ADA, form, "start.run", thread, inputs=_filled(kind="green", cups="12"))
    assert wrong.status == 200
    seen = world.seen_by(ADA, form)
    assert "How many cups: " in readable(seen)
    kept = {one["id"]: one.get("value") for one in inputs_of(seen, "start.run")}
    assert (kept["input.kind"], kept["input.cups"]) == ("green", 12)
    assert installation.runtime.runs(workspace=None) == []

    world.press(
        ADA, form, "start.run", thread, inputs=_filled(kind="green", cups="2", to="Ann, Ben")
    )

    assert installation.until_ended().status == "succeeded"
    world.message(thread.id, "2 cups of green tea for Ann and Ben")
    world.until(lambda: "has started" in readable(form.card))
    assert buttons(form.card) == []


@pytest.mark.parametrize("chat", [GROUP, CHANNEL], ids=lambda chat: chat.kind)
def test_who_asks_privately_has_a_form_of_their_own_and_everybody_sees_the_run(
    running: tuple[TeamsWorld, Product], chat: Chat
) -> None:
    world, installation = running
    asked = activities.slash(ADA, chat, "run tea cups=3", service_url=world.url)
    world.deliver(asked)
    form = world.message(asked["conversation"]["id"], "Order tea")
    there = replace(chat, id=form.conversation)
    assert form.only_for == ADA.id
    assert faults(form.card) == []
    assert "everybody here sees the run" in readable(form.card)

    wrong = world.press(ADA, form, "start.run", there, inputs=_filled(kind="green", cups="12"))
    assert "How many cups: " in readable(wrong.body["value"])
    world.press(ADA, form, "start.run", there, inputs=_filled(kind="green", cups="2"))

    assert installation.until_ended().status == "succeeded"
    said = _seen_by_everybody(world, "2 cups of green tea")
    begun = f"{CHANNEL.id};messageid={said[0].id}" if chat is CHANNEL else chat.id
    assert {one.conversation for one in said} == {begun}
    world.until(lambda: "has started" in readable(form.card))
    assert buttons(form.card) == []
    assert world.connector.violations == []


def test_a_form_that_is_sent_twice_begins_one_run(running: tuple[TeamsWorld, Product]) -> None:
    world, installation = running
    world.say(ADA, PERSONAL, "run tea")
    form = world.message(PERSONAL, "Order tea")
    both = _filled(kind="black", cups="1")

    # In a client that has not yet got the new card, by either kind of button.
    world.press_old(ADA, form, "start.run", PERSONAL, inputs=both)
    stale = Posted(id=form.id, conversation=form.conversation, revisions=form.revisions[:1])
    again = world.press(ADA, stale, "start.run", PERSONAL, inputs=both)

    assert "received before" in readable(again.body["value"])
    assert len(installation.runtime.runs(workspace=None)) == 1


def test_a_form_is_nobodys_right_to_start(running: tuple[TeamsWorld, Product]) -> None:
    world, installation = running
    policy = installation.settings.agents_path / "policy.yaml"
    world.say(ADA, GROUP, "run tea")
    form = world.message(GROUP, "Order tea")
    who = f"access:\n  - {{who: ['{ADA.principal}'], may: [ask], start: [tea]}}\n"
    policy.write_text(policy.read_text(encoding="utf-8") + who, encoding="utf-8")
    installation.clock.pass_time(60)

    refused = world.press(BEN, form, "start.run", GROUP, inputs=_filled(kind="black", cups="1"))

    assert refused.body["type"].endswith("activity.message")
    assert "'tea'" in refused.body["value"]
    assert installation.runtime.runs(workspace=None) == []
