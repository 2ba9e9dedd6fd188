"""A workflow that starts by itself, as people in a chat of Teams live with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.worlds.product import Product, copy_of_agents, product
from tests.worlds.reports import DAILY_REPORT
from tests.worlds.teams import activities
from tests.worlds.teams.cards import buttons, readable
from tests.worlds.teams.cast import ADA, BEN, CHANNEL, GROUP, PERSONAL, TENANT, Chat
from tests.worlds.teams.connector import Posted
from tests.worlds.teams.world import TeamsWorld, teams_world

PENDING = "Approval 1 · pending"
ACCESS = f"""
access:
  - {{who: ['teams:{TENANT}/*'], may: [ask, see, publish]}}
"""


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[TeamsWorld, Product]]:
    agents = copy_of_agents(tmp_path)
    (agents / "workflows").mkdir(exist_ok=True)
    (agents / "workflows" / "report.yaml").write_text(DAILY_REPORT, encoding="utf-8")
    policy = agents / "policy.yaml"
    policy.write_text(policy.read_text(encoding="utf-8") + ACCESS, encoding="utf-8")
    with (
        teams_world(signed=False) as world,
        product(tmp_path / "home", agents=agents) as it,
    ):
        world.endpoint = f"{it.url}/api/messages"
        yield world, it


def _cards(world: TeamsWorld, words: str) -> list[Posted]:
    everybodys = [one for one in world.connector.messages if not one.only_for]
    return [one for one in everybodys if words in readable(one.card)]


@pytest.mark.parametrize("chat", [PERSONAL, GROUP, CHANNEL], ids=lambda chat: chat.kind)
def test_its_cards_are_known_wherever_they_are_shown(
    running: tuple[TeamsWorld, Product], chat: Chat
) -> None:
    world, it = running
    typed = world.say(ADA, chat, "schedules start report")
    there = replace(chat, id=typed.activity["conversation"]["id"])
    approval = world.message(there.id, PENDING)
    card = world.message(there.id, "Waits for approval #1")

    looks = [world.look(BEN, one, there).body for one in (card, approval)]

    assert [one["statusCode"] for one in looks] == [200, 200]
    world.press(ADA, approval, "approval.approve", there)
    assert it.until_ended().status == "succeeded"
    world.until(lambda: "Approved by Ada" in readable(approval.card))
    assert buttons(approval.card) == []
    assert len(_cards(world, "Approval 1")) == 1
    assert world.connector.violations == []


def test_a_card_whose_post_was_in_doubt_is_adopted_by_a_look(
    running: tuple[TeamsWorld, Product],
) -> None:
    world, it = running
    world.fault("POST", "approval.approve", status=504, after=True)
    world.say(ADA, GROUP, "schedules start report")
    approval = world.message(GROUP, PENDING)

    world.look(ADA, approval, GROUP)
    world.press(ADA, approval, "approval.approve", GROUP)

    assert it.until_ended().status == "succeeded"
    world.until(lambda: _cards(world, "sent"))
    assert _cards(world, "Approval 1") == [approval]
    assert "Approved by Ada" in readable(approval.card)


def test_what_was_set_going_privately_in_a_channel_begins_a_thread_each_time(
    running: tuple[TeamsWorld, Product],
) -> None:
    world, it = running
    asked = activities.slash(ADA, CHANNEL, "schedules start report", service_url=world.url)
    world.deliver(asked)
    (approval,) = world.until(lambda: _cards(world, PENDING))

    thread = replace(CHANNEL, id=approval.conversation)
    world.press(ADA, approval, "approval.approve", thread)
    assert it.until_ended().status == "succeeded"
    world.until(lambda: _cards(world, "sent"))

    everybodys = [one for one in world.connector.messages if not one.only_for]
    assert {one.conversation for one in everybodys} == {
        f"{CHANNEL.id};messageid={everybodys[0].id}"
    }
    assert world.look(BEN, everybodys[0], thread).body["statusCode"] == 200
    assert world.connector.violations == []
