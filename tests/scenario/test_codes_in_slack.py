"""What policy calls critical is approved in Slack with a code from a person's own device."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyotp.totp import TOTP

from runtime.domain.approval import Verdict
from runtime.domain.conversation import Person
from runtime.domain.states import ApprovalStatus
from tests.worlds.carriers import over_both
from tests.worlds.crew import Crew, calls, plan, step
from tests.worlds.leaks import stands_in
from tests.worlds.openai import Answer
from tests.worlds.product import product
from tests.worlds.scene import Scene
from tests.worlds.slack.cast import BEN, CYD, GENERAL, TEAM
from tests.worlds.slack.payload import Payload
from tests.worlds.slack.values import Message
from tests.worlds.slack.world import SlackWorld

POLICY = """version: 1
rules:
  - id: letters
    tools: [send]
    outcome: ask
    eligible: ["slack:{team}/{ben}"]
    critical: true
    reasons_for: [approve]
"""
WRONG = "000 000"


@pytest.fixture
def guarded(tmp_path: Path, agents: Crew, carrier: str) -> Iterator[Scene]:
    """Give the product where secrets can be kept, and a letter waits for Ben's code."""
    (agents.folder / "policy.yaml").write_text(POLICY.format(team=TEAM, ben=BEN))
    with (
        SlackWorld.start() as world,
        product(
            tmp_path / "home",
            world=world,
            agents=agents.folder,
            model=None,
            carrier=carrier,
            secret_keys="a key of more than thirty-two letters",
        ) as running,
    ):
        yield Scene(running, world)


def device_of_ben(scene: Scene) -> TOTP:
    """Have a device whose first code has been used up."""
    ben = Person(channel="slack", workspace=TEAM, external_id=BEN, name="Ben")
    governing = scene.product.runtime.governing
    secret = governing.begin_factor(ben, "").partition("secret=")[2].partition("&")[0]
    device = TOTP(secret)
    governing.confirm_factor(ben, device.at(scene.product.clock.now()))
    scene.product.clock.pass_time(60)
    return device


def waits(scene: Scene, agents: Crew, words: str = "Xenia") -> tuple[str, Message]:
    agents.plans(plan(step("a")))
    agents.works(calls(("send", {"to": words})), Answer(text="sent"))
    asked = scene.ask("write to her")
    return asked.ts, scene.approval_card(asked.ts)


def dialog(scene: Scene, person: str = BEN) -> Payload:
    return scene.world.until(lambda: scene.world.views(person))[-1]


@over_both
def test_a_critical_call_is_approved_with_a_code_in_the_dialog(
    guarded: Scene, agents: Crew
) -> None:
    device = device_of_ben(guarded)
    ts, card = waits(guarded, agents)

    guarded.approve(card, person=BEN)
    view = dialog(guarded)
    assert "send" in str(view["blocks"])
    refused = guarded.world.submit_view(BEN, view, {"code": WRONG, "why": "She is waiting"})
    assert "this code does not count" in refused.body
    assert '"code"' in refused.body
    (approval,) = guarded.product.runtime.approvals(workspace=None)
    assert approval.status is ApprovalStatus.PENDING

    code = device.at(guarded.product.clock.now())
    guarded.world.submit_view(BEN, dialog(guarded), {"code": code, "why": "She is waiting"})

    view_of_run, _ = guarded.answer(ts)
    (decided,) = view_of_run.approvals
    assert (decided.verdict, decided.decision_reason) == (Verdict.APPROVE, "She is waiting")
    [fact] = [
        one.facts
        for one in guarded.product.runtime.audit("1", workspace=None)
        if one.event == "ApprovalDecided"
    ]
    assert "'assurance': 'stepped-up'" in str(fact)
    records = guarded.product.runtime.audit("1", workspace=None)
    assert not stands_in(code, [one.facts for one in records])
    assert guarded.world.violations == []


@over_both
def test_wrong_codes_are_limited_and_closing_decides_nothing(guarded: Scene, agents: Crew) -> None:
    device = device_of_ben(guarded)
    _, card = waits(guarded, agents)
    guarded.approve(card, person=BEN)

    told = [
        guarded.world.submit_view(BEN, dialog(guarded), {"code": WRONG, "why": "now"}).body
        for _ in range(5)
    ]
    right = device.at(guarded.product.clock.now())
    late = guarded.world.submit_view(BEN, dialog(guarded), {"code": right, "why": "now"}).body
    guarded.world.close_view(BEN, dialog(guarded))

    assert ["too many wrong codes" in one for one in told] == [False] * 4 + [True]
    assert "too many wrong codes" in late
    (approval,) = guarded.product.runtime.approvals(workspace=None)
    assert approval.status is ApprovalStatus.PENDING


@over_both
def test_who_may_not_decide_is_asked_for_no_code(guarded: Scene, agents: Crew) -> None:
    _, card = waits(guarded, agents)

    guarded.approve(card, person=CYD)

    assert "may not decide" in guarded.told(CYD, "may not decide").text
    assert guarded.world.views(CYD) == []


@over_both
def test_a_long_critical_call_asks_for_the_code_where_it_is_shown_whole(
    guarded: Scene, agents: Crew
) -> None:
    device = device_of_ben(guarded)
    ts, card = waits(guarded, agents, "Xenia " * 900)
    guarded.world.click(BEN, card, "approval.show")
    view = dialog(guarded)

    wrong = guarded.world.submit_view(BEN, view, {"code": WRONG, "why": "fine"})
    assert "this code does not count" in wrong.body
    code = device.at(guarded.product.clock.now())
    guarded.world.submit_view(BEN, dialog(guarded), {"code": code, "why": "fine"})

    view_of_run, _ = guarded.answer(ts)
    assert view_of_run.approvals[0].verdict is Verdict.APPROVE
    assert guarded.world.violations == []


def test_a_change_wants_the_reason_that_the_policy_wants_and_is_kept_with_it(
    guarded: Scene, agents: Crew
) -> None:
    both = POLICY.format(team=TEAM, ben=BEN).replace(
        "]\n    crit", f', "slack:{TEAM}/{CYD}"]\n    crit'
    )
    (agents.folder / "policy.yaml").write_text(both)
    guarded.product.clock.pass_time(5)
    ts, card = waits(guarded, agents)

    guarded.world.click(BEN, card, "approval.edit")
    unsaid = guarded.world.submit_view(BEN, dialog(guarded), {"to": "Yves", "why": " "})
    assert json.loads(unsaid.body)["errors"] == {
        "why": "The policy wants a reason to approve this; say why."
    }
    guarded.world.submit_view(BEN, dialog(guarded), {"to": "Yves", "why": "She is away"})

    guarded.approval_card(ts, 2)
    changed, anew = guarded.product.runtime.view("1", workspace=None).approvals
    assert (changed.verdict, changed.decision_reason) == (Verdict.EDIT, "She is away")
    assert anew.arguments == {"to": "Yves"}
    guarded.world.until(
        lambda: "She is away" in guarded.world.readable(guarded.world.message(GENERAL, card.ts))
    )
    assert guarded.world.violations == []


def test_a_no_needs_no_code(guarded: Scene, agents: Crew) -> None:
    ts, card = waits(guarded, agents)

    guarded.reject(card, "not today", person=BEN)

    view, _ = guarded.answer(ts)
    assert view.approvals[0].verdict is Verdict.REJECT
