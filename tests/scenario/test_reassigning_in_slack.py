"""Hand over: from the card and from Home, one approval goes into somebody else's hands."""

from __future__ import annotations

from tests.scenario.test_home_in_slack import home, words
from tests.worlds.carriers import over_both
from tests.worlds.crew import Crew, calls, marks, plan, step
from tests.worlds.openai import Answer
from tests.worlds.scene import Scene
from tests.worlds.slack.cast import ADA, BEN, CYD, GENERAL, GUEST, OTHER_BOT, TEAM
from tests.worlds.slack.payload import Payload
from tests.worlds.slack.values import Message

POLICY = """version: 1
rules:
  - id: letters
    tools: [send]
    outcome: ask
    eligible: ["slack:{team}/{ben}", "!requester"]
"""


def waits_for_ben(scene: Scene, agents: Crew) -> Message:
    (agents.folder / "policy.yaml").write_text(POLICY.format(team=TEAM, ben=BEN))
    scene.product.clock.pass_time(5)
    agents.plans(plan(step("a")))
    agents.works(calls(("send", {"to": "Xenia"})), Answer(text="sent"))
    return scene.approval_card(scene.ask("write to her").ts)


def dialog(scene: Scene, person: str, count: int = 1) -> Payload:
    scene.world.until(lambda: len(scene.world.views(person)) >= count)
    return scene.world.views(person)[-1]


@over_both
def test_an_approval_is_handed_over_from_its_card(working: Scene, agents: Crew) -> None:
    world, card = working.world, waits_for_ben(working, agents)
    world.click(CYD, card, "approval.reassign")
    working.told(CYD, "may not decide this")

    world.click(BEN, card, "approval.reassign")
    form = dialog(working, BEN)
    for person, why in (
        (GUEST, "Only members"),
        (OTHER_BOT, "Only members"),
        (ADA, "kept from deciding"),
        (BEN, "for yourself"),
    ):
        assert why in world.submit_view(BEN, form, {"to": person}).body
    sent = world.submit_view(BEN, form, {"to": CYD, "why": "<!here> she knows"})

    assert sent.body == ""
    ours = world.until(lambda: _own_copy(working, CYD))
    shown = world.until(lambda: _shows(working, card, "Handed to cyd by ben"))
    assert "<!here> she knows" in shown
    assert f"<@{CYD}>" not in world.message(GENERAL, card.ts).text
    working.approve(ours, person=CYD)
    working.product.until_ended()
    assert marks(working.product.settings.data) == ["sent Xenia"]
    (approval,) = working.product.runtime.view("1", workspace=None).approvals
    assert [one.on_behalf_of for one in approval.history] == [f"slack:{TEAM}/{BEN}"]
    assert world.violations == []


def test_an_approval_is_handed_over_from_home_and_shows_on_the_other_home(
    working: Scene, agents: Crew
) -> None:
    world = working.world
    world.open_home(CYD)
    waits_for_ben(working, agents)
    world.open_home(BEN)
    world.until(lambda: "Hand over" in words(home(working, BEN)) or None)

    world.click_view(BEN, home(working, BEN), "approval.reassign")
    world.submit_view(BEN, dialog(working, BEN), {"to": CYD})

    world.until(lambda: "send" in words(home(working, CYD)) or None)
    assert world.violations == []


def test_a_decided_approval_is_not_handed_over(working: Scene, agents: Crew) -> None:
    card = waits_for_ben(working, agents)
    working.world.click(BEN, card, "approval.reassign")
    form = dialog(working, BEN)
    working.approve(card, person=BEN)
    working.product.until_ended()

    late = working.world.submit_view(BEN, form, {"to": CYD})

    assert "approved already" in late.body


def _own_copy(scene: Scene, person: str) -> Message | None:
    del person
    found = [
        one
        for one in scene.world.messages()
        if one.channel.startswith("D") and one.text.startswith("Approval 1 is needed")
    ]
    return found[0] if found else None


def _shows(scene: Scene, card: Message, part: str) -> str:
    shown = scene.world.readable(scene.world.message(GENERAL, card.ts))
    return shown if part in shown else ""
