"""The Home tab, and approvals in people's own chats: shown where needed, and all end the same."""

from __future__ import annotations

import pytest

from tests.worlds.carriers import over_both
from tests.worlds.crew import Crew, calls, plan, step
from tests.worlds.openai import Answer
from tests.worlds.scene import Scene
from tests.worlds.slack.cast import ADA, APPROVERS, BEN, CYD, GENERAL, GUEST, TEAM
from tests.worlds.slack.payload import Payload, table, tables, text
from tests.worlds.slack.values import Message

POLICY = """version: 1
roles:
  approver: ["slack:{team}/{ben}", "slack:{team}/{cyd}"]
rules:
  - id: letters
    tools: [send]
    outcome: ask
    eligible: ["role:approver"]
"""
WITHOUT_CYD = "C0BENONLY"


def waits(scene: Scene, agents: Crew) -> None:
    """Let Ben and Cyd decide about letters, and the worker propose one."""
    (agents.folder / "policy.yaml").write_text(POLICY.format(team=TEAM, ben=BEN, cyd=CYD))
    scene.product.clock.pass_time(5)
    agents.plans(plan(step("a")))
    agents.works(calls(("send", {"to": "Xenia"})), Answer(text="sent"))
    scene.world.put_channel(WITHOUT_CYD, members=["U0BATON", ADA, BEN], name="without-cyd")


def direct(scene: Scene, person: str) -> list[Message]:
    """Give what the bot has said to one person alone."""
    return [
        one
        for one in scene.world.messages()
        if one.channel.startswith("D") and one.bot_id and _is_of(scene, one.channel, person)
    ]


def _is_of(scene: Scene, channel: str, person: str) -> bool:
    opened = [
        table(call.arguments).get("users") == person
        for call in scene.world.calls_of("conversations.open")
    ]
    return any(opened)


def copy_for(scene: Scene, person: str) -> Message:
    def found() -> Message | None:
        told = [one for one in direct(scene, person) if one.text.startswith("Approval 1 is needed")]
        return told[0] if told else None

    return scene.world.until(found)


def home(scene: Scene, person: str) -> Payload:
    view = scene.world.home(person)
    assert view is not None
    return view


def drawn(scene: Scene, person: str) -> list[Payload]:
    """Give every form that somebody's Home has had."""
    return [
        table(call.arguments["view"])
        for call in scene.world.calls_of("views.publish")
        if call.arguments["user_id"] == person
    ]


def words(view: Payload) -> str:
    return str(view["blocks"])


def test_who_may_decide_and_is_not_in_the_channel_is_written_to(
    working: Scene, agents: Crew
) -> None:
    waits(working, agents)
    asked = working.ask("write to her", channel=WITHOUT_CYD)
    card = working.approval_card(asked.ts, channel=WITHOUT_CYD)

    copy = copy_for(working, CYD)
    working.until_quiet()
    opened = [call.arguments["users"] for call in working.world.calls_of("conversations.open")]
    assert opened == [CYD]
    working.world.click(CYD, copy, "approval.approve")

    view, _ = working.answer(asked.ts, channel=WITHOUT_CYD)
    assert view.approvals[0].decided_by == f"slack:{TEAM}/{CYD}"
    working.until_quiet()
    for one in (card, copy):
        shown = working.world.message(one.channel, one.ts)
        assert "Approved by" in working.world.readable(shown)
        assert "Approve]" not in working.world.readable(shown)
    assert working.world.violations == []


def test_who_is_in_the_channel_is_not_written_to_though_they_have_a_chat(
    working: Scene, agents: Crew
) -> None:
    waits(working, agents)
    working.world.open_home(BEN, "messages")
    asked = working.ask("write to her")
    working.approval_card(asked.ts)

    working.until_quiet()

    assert [one.channel for one in working.world.messages() if one.channel.startswith("D")] == []


def test_who_does_not_want_to_be_written_to_is_not(working: Scene, agents: Crew) -> None:
    waits(working, agents)
    working.world.open_home(CYD)
    working.world.click_view(CYD, home(working, CYD), "Do not write to me")
    assert "You are not written to" in words(home(working, CYD))

    asked = working.ask("write to her", channel=WITHOUT_CYD)
    working.approval_card(asked.ts, channel=WITHOUT_CYD)

    working.until_quiet()
    assert [one.channel for one in working.world.messages() if one.channel.startswith("D")] == []
    assert working.world.violations == []


@pytest.mark.parametrize("method", ["conversations.members", "conversations.open"])
def test_the_card_comes_though_nobody_could_be_written_to(
    working: Scene, agents: Crew, method: str
) -> None:
    waits(working, agents)
    working.world.fault(method, "server_error", times=None)

    asked = working.ask("write to her", channel=WITHOUT_CYD)

    working.approve(working.approval_card(asked.ts, channel=WITHOUT_CYD), person=BEN)
    working.answer(asked.ts, channel=WITHOUT_CYD)


@over_both
def test_home_shows_what_waits_works_and_costs(working: Scene, agents: Crew) -> None:
    waits(working, agents)
    asked = working.ask("write to her")
    working.approval_card(asked.ts)

    working.world.open_home(BEN)
    working.world.open_home(ADA)

    assert "May send be called?" in words(home(working, BEN))
    assert "No run of yours is at work" in words(home(working, BEN))
    assert "Nothing waits for your decision" in words(home(working, ADA))
    assert "write to her" in words(home(working, ADA))
    assert "This week: $" in words(home(working, ADA))
    assert working.world.violations == []


def test_what_is_decided_elsewhere_leaves_home(working: Scene, agents: Crew) -> None:
    waits(working, agents)
    asked = working.ask("write to her")
    card = working.approval_card(asked.ts)
    working.world.open_home(BEN)
    assert "May send be called?" in words(home(working, BEN))

    working.approve(card, person=CYD)

    working.world.until(lambda: "May send be called?" not in words(home(working, BEN)))
    working.answer(asked.ts)
    assert working.world.violations == []


def test_home_follows_a_run_to_its_end(working: Scene, agents: Crew) -> None:
    waits(working, agents)
    asked = working.ask("write to her")
    card = working.approval_card(asked.ts)
    working.world.open_home(ADA)
    assert "write to her" in words(home(working, ADA))

    working.approve(card, person=CYD)

    working.world.until(lambda: "No run of yours is at work" in words(home(working, ADA)))
    working.answer(asked.ts)
    assert working.world.violations == []


def test_a_run_that_begins_while_home_is_open_shows_there_and_so_does_its_end(
    working: Scene, agents: Crew
) -> None:
    waits(working, agents)
    working.world.open_home(ADA)
    working.world.open_home(BEN)
    assert "No run of yours is at work" in words(home(working, ADA))

    asked = working.ask("write to her")
    card = working.approval_card(asked.ts)

    working.world.until(lambda: " · waiting" in words(home(working, ADA)))
    assert "write to her" in words(home(working, ADA))
    working.approve(card, person=CYD)
    working.world.until(lambda: " · succeeded" in words(home(working, ADA)))
    working.answer(asked.ts)
    working.until_quiet()
    assert not any("write to her" in words(one) for one in drawn(working, BEN))
    assert working.world.violations == []


def test_an_approval_that_begins_to_wait_while_home_is_open_shows_to_those_it_waits_for(
    working: Scene, agents: Crew
) -> None:
    waits(working, agents)
    for person in (ADA, BEN):
        working.world.open_home(person)

    asked = working.ask("write to her")
    card = working.approval_card(asked.ts)

    working.world.until(lambda: "May send be called?" in words(home(working, BEN)))
    working.world.until(lambda: " · waiting" in words(home(working, ADA)))
    assert "Nothing waits for your decision" in words(home(working, ADA))
    working.approve(card, person=CYD)
    working.world.until(lambda: "Nothing waits for your decision" in words(home(working, BEN)))
    working.answer(asked.ts)
    assert working.world.violations == []


def test_a_group_that_may_decide_sees_it_on_open_homes(working: Scene, agents: Crew) -> None:
    waits(working, agents)
    group = f'["group:slack:{TEAM}/{APPROVERS}"]'
    policy = POLICY.format(team=TEAM, ben=BEN, cyd=CYD).replace('["role:approver"]', group)
    (agents.folder / "policy.yaml").write_text(policy)
    working.product.clock.pass_time(5)
    for person in (BEN, CYD):
        working.world.open_home(person)

    asked = working.ask("write to her", person=CYD)
    card = working.approval_card(asked.ts)

    working.world.until(lambda: "May send be called?" in words(home(working, BEN)))
    working.approve(card, person=BEN)
    working.answer(asked.ts)
    assert not any("May send" in words(one) for one in drawn(working, CYD))


def test_home_counts_as_open_for_an_hour_and_opening_it_changes_no_wish(working: Scene) -> None:
    runtime = working.product.runtime
    ada, ben = (f"slack:{TEAM}/{user}" for user in (ADA, BEN))
    working.world.open_home(ADA)
    working.world.click_view(ADA, home(working, ADA), "Do not write to me")
    working.world.open_home(ADA)
    assert runtime.has_home_open(ada)
    assert not runtime.has_home_open(ben)
    assert not runtime.wants_nudges(ada)

    working.product.clock.pass_time(3_700)

    assert not runtime.has_home_open(ada)


def test_a_group_decides_and_slack_is_asked_who_is_in_it(working: Scene, agents: Crew) -> None:
    waits(working, agents)
    group = f'["group:slack:{TEAM}/{APPROVERS}"]'
    policy = POLICY.format(team=TEAM, ben=BEN, cyd=CYD).replace('["role:approver"]', group)
    (agents.folder / "policy.yaml").write_text(policy)
    working.product.clock.pass_time(5)
    asked = working.ask("write to her", person=CYD)
    card = working.approval_card(asked.ts)
    assert APPROVERS in str(card.blocks)

    working.world.fault("usergroups.users.list", "error", error="missing_scope")
    working.approve(card, person=BEN)
    working.told(BEN, "usergroups:read")
    working.approve(card, person=CYD)
    working.told(CYD, "may not decide this")
    working.world.open_home(BEN)
    assert "May send be called?" in words(home(working, BEN))
    typed = working.world.slash(BEN, GENERAL, "approve 1")

    assert "Approved by" in typed.body
    view, _ = working.answer(asked.ts)
    assert view.approvals[0].decided_by == f"slack:{TEAM}/{BEN}"
    assert working.world.violations == []


@over_both
def test_an_approval_is_opened_and_decided_from_home(working: Scene, agents: Crew) -> None:
    waits(working, agents)
    asked = working.ask("write to her")
    working.approval_card(asked.ts)
    working.world.open_home(BEN)
    buttons = [text(one.get("action_id")) for one in _buttons(home(working, BEN))]
    assert "approval.approve" not in buttons

    working.world.click_view(BEN, home(working, BEN), "approval.show")
    dialog = working.world.until(lambda: working.world.views(BEN))[-1]
    assert "Xenia" in str(dialog["blocks"])
    working.world.submit_view(BEN, dialog)

    view, _ = working.answer(asked.ts)
    assert view.approvals[0].decided_by == f"slack:{TEAM}/{BEN}"
    working.world.until(lambda: "Nothing waits" in words(home(working, BEN)))
    working.world.open_home(BEN)
    assert "Approved by" in words(home(working, BEN))


@over_both
def test_a_refusal_in_home_is_told_in_a_dialog(working: Scene, agents: Crew) -> None:
    waits(working, agents)
    asked = working.ask("write to her")
    card = working.approval_card(asked.ts)
    working.world.open_home(BEN)
    stale = home(working, BEN)
    working.world.fault("views.publish", "error", error="not_enabled", times=None)
    working.approve(card, person=CYD)
    working.answer(asked.ts)

    working.world.click_view(BEN, stale, "approval.show")

    dialog = working.world.until(lambda: working.world.views(BEN))[-1]
    assert "submit" not in dialog or dialog["submit"] is None


@over_both
def test_guests_are_shown_no_home(working: Scene, agents: Crew) -> None:
    waits(working, agents)

    working.world.open_home(GUEST)

    assert working.world.home(GUEST) is None


def _buttons(view: Payload) -> list[Payload]:
    return [
        element
        for block in tables(view["blocks"])
        if block["type"] == "actions"
        for element in tables(block["elements"])
    ]
