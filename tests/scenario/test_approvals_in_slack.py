"""Approvals as people in Slack meet them: who may, once only, and what becomes of each."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from bots.as_json import approval_object, run_object
from runtime.domain.states import ApprovalStatus
from tests.worlds.carriers import over_both
from tests.worlds.crew import Crew, calls, marks, plan, step
from tests.worlds.openai import Answer
from tests.worlds.scene import Scene
from tests.worlds.slack.cast import (
    ADA,
    BEN,
    CYD,
    GENERAL,
    GUEST,
    OTHER_BOT,
    SHARED,
    STRANGER,
    TEAM,
)
from tests.worlds.slack.signing import signed_headers
from tests.worlds.slack.values import Message

BUY = "Buy 12 laptops from the best vendor"
OPENING_ORDERS = 4


def sends(agents: Crew, *people: str) -> None:
    """Let the worker propose one letter to each, and then say what came of it."""
    agents.plans(plan(step("a")))
    agents.works(calls(*(("send", {"to": one}) for one in people)), Answer(text="that is all"))


@over_both
def test_of_several_approvals_each_is_decided_by_itself(working: Scene, agents: Crew) -> None:
    sends(agents, "Xenia", "Yves", "Zoe")
    asked = working.ask("write to them")
    working.until_approvals(3)

    working.approve(working.approval_card(asked.ts, 2))
    data = working.product.settings.data
    working.product.until(lambda: marks(data) == ["sent Yves"])
    working.reject(working.approval_card(asked.ts, 1), "not to her")
    working.approve(working.approval_card(asked.ts, 3))

    view, _ = working.answer(asked.ts)
    assert marks(data) == ["sent Yves", "sent Zoe"]
    assert [one.status for one in view.approvals] == [
        ApprovalStatus.REJECTED,
        ApprovalStatus.APPROVED,
        ApprovalStatus.APPROVED,
    ]
    told = agents.asked("worker")[-1]
    assert "rejected 'send': not to her" in told
    assert told.count("sent") >= 2
    assert working.world.violations == []


def test_a_card_holds_no_word_of_the_model_beside_the_calls_own_arguments(
    working: Scene, agents: Crew
) -> None:
    agents.plans(plan(step("a")))
    letter = replace(calls(("send", {"to": "Xenia"})), text="Ada has agreed to all of it.")
    agents.works(letter, Answer(text="sent"))
    asked = working.ask("write to her")

    card = working.approval_card(asked.ts)

    shown = working.world.readable(card)
    assert "Xenia" in shown
    assert "has agreed" not in f"{shown} {card.text} {card.raw}"


def test_a_rejected_call_that_is_proposed_again_is_refused_without_asking(
    working: Scene, agents: Crew
) -> None:
    agents.plans(plan(step("a")))
    letter = calls(("send", {"to": "Xenia"}))
    agents.works(letter, letter, Answer(text="I could not write to her"))
    asked = working.ask("write to her")

    working.reject(working.approval_card(asked.ts), "not to her")

    view, _ = working.answer(asked.ts)
    assert len(view.approvals) == 1
    assert "the identical call was rejected before" in agents.asked("worker")[-1]
    assert marks(working.product.settings.data) == []


@over_both
def test_who_is_not_eligible_is_told_privately_and_changes_nothing(
    working: Scene, agents: Crew
) -> None:
    sends(agents, "Xenia")
    asked = working.ask("write to her")
    card = working.approval_card(asked.ts)

    working.world.click(CYD, card, "approval.approve")

    told = working.told(CYD, "may not decide this")
    assert "the requester or the role 'approver'" in told.text
    (approval,) = working.product.runtime.approvals(workspace=None)
    assert approval.status == ApprovalStatus.PENDING
    refused = [
        one
        for one in working.product.runtime.audit("1", workspace=None)
        if one.event == "DecisionRefused"
    ]
    assert len(refused) == 1
    working.approve(card, person=BEN)
    view, _ = working.answer(asked.ts)
    assert view.approvals[0].decided_by == f"slack:{TEAM}/{BEN}"
    assert working.world.violations == []


@over_both
@pytest.mark.parametrize("person", [GUEST, OTHER_BOT, STRANGER])
def test_guests_bots_and_outsiders_decide_nothing(
    working: Scene, agents: Crew, person: str
) -> None:
    # By name anybody in Slack could: nothing but what they are keeps them from it.
    policy = EXPIRING.format(on_expiry="hold").replace("[requester]", '["slack:*/*"]')
    (agents.folder / "policy.yaml").write_text(policy)
    working.product.clock.pass_time(5)
    sends(agents, "Xenia")
    asked = working.ask("write to her", channel=SHARED)
    card = working.approval_card(asked.ts, channel=SHARED)

    clicked = working.world.click(person, card, "approval.approve")

    assert clicked.status == 200
    (approval,) = working.product.runtime.approvals(workspace=None)
    assert approval.status == ApprovalStatus.PENDING
    working.told(person, "")
    assert marks(working.product.settings.data) == []


@over_both
def test_a_decision_is_final_whoever_comes_second(working: Scene, agents: Crew) -> None:
    sends(agents, "Xenia")
    asked = working.ask("write to her")
    card = working.approval_card(asked.ts)
    working.world.click(BEN, card, "approval.reject")
    view_of_ben = working.world.until(lambda: working.world.views(BEN))[-1]

    working.approve(card)
    late = working.world.submit_view(BEN, view_of_ben, {"words": "no, do not"})

    assert "decided already" in late.body
    view, _ = working.answer(asked.ts)
    assert view.approvals[0].status == ApprovalStatus.APPROVED
    assert marks(working.product.settings.data) == ["sent Xenia"]


def test_closing_the_dialog_decides_nothing(working: Scene, agents: Crew) -> None:
    sends(agents, "Xenia")
    asked = working.ask("write to her")
    card = working.approval_card(asked.ts)

    working.world.click(ADA, card, "approval.reject")
    dialog = working.world.until(lambda: working.world.views(ADA))[-1]
    working.world.close_view(ADA, dialog)
    # Slack is not asked to tell that a dialog was closed; where it told all the same, or somebody
    # else did, it would count for nothing.
    assert dialog["notify_on_close"] is False
    signed(
        working,
        {
            "type": "view_closed",
            "team": {"id": TEAM},
            "user": {"id": ADA, "team_id": TEAM},
            "api_app_id": "A0BATON",
            "view": {**dialog, "state": {"values": {}}},
            "is_cleared": False,
        },
    )

    working.until_quiet()
    (approval,) = working.product.runtime.approvals(workspace=None)
    assert (approval.status, approval.history) == (ApprovalStatus.PENDING, ())


@over_both
def test_before_deciding_people_claim_ask_and_change_the_call(working: Scene, agents: Crew) -> None:
    sends(agents, "Xenia")
    asked = working.ask("write to her")
    card = working.approval_card(asked.ts)

    for action in ("approval.claim", "approval.ask", "approval.edit"):
        working.world.click(CYD, card, action)
        told = working.world.until(lambda: working.world.ephemerals(CYD))
        assert "may not decide this" in told[-1].text
    assert working.world.views(CYD) == []

    working.world.click(BEN, card, "approval.claim")
    shows(working, card, "ben is looking at it")

    working.world.click(BEN, card, "approval.ask")
    short = working.world.submit_view(BEN, open_dialog(working, BEN), {"words": " ?"})
    assert "Write what you want to know" in short.body
    working.world.submit_view(BEN, open_dialog(working, BEN), {"words": "Why <!here> her?"})
    shows(working, card, "ben asks: Why <!here> her? (not answered yet)")
    question = working.card(asked.ts, "Run 1 asks")
    working.world.reply(ADA, GENERAL, asked.ts, "Because she knows")
    shows(working, card, "Because she knows")
    assert question.text.count("<!here>") == 0

    working.world.click(ADA, card, "approval.edit")
    same = working.world.submit_view(ADA, open_dialog(working, ADA))
    assert json.loads(same.body)["errors"] == {
        "argument0": "Nothing was changed; to let the call be made as it is, press Approve."
    }
    working.world.submit_view(ADA, open_dialog(working, ADA), {"to": "Yves"})
    again = working.approval_card(asked.ts, 2)
    shows(working, card, "Changed by ada, and asked anew")
    shows(working, again, "to: Xenia → Yves")

    working.approve(again)
    working.told(ADA, "changed")
    working.approve(again, person=BEN)
    working.answer(asked.ts)
    assert marks(working.product.settings.data) == ["sent Yves"]
    assert working.world.violations == []


def open_dialog(scene: Scene, person: str) -> dict[str, Any]:
    return scene.world.until(lambda: scene.world.views(person))[-1]


def shows(scene: Scene, card: Message, words: str) -> None:
    """Wait until a card shows these words."""

    def shown() -> bool:
        return words in scene.world.readable(scene.world.message(GENERAL, card.ts))

    scene.world.until(shown)


@pytest.mark.parametrize("said", ["approve", "approve 1", "yes, approved", "/baton approve 1"])
def test_text_never_approves(working: Scene, agents: Crew, said: str) -> None:
    sends(agents, "Xenia")
    asked = working.ask("write to her")
    card = working.approval_card(asked.ts)

    working.world.reply(ADA, GENERAL, asked.ts, said)
    working.world.mention(ADA, GENERAL, said, asked.ts)

    # Whatever comes of words comes soon: here, where nobody has to press anything first.
    working.until_quiet()
    (approval,) = working.product.runtime.approvals(workspace=None)
    assert (approval.status, approval.history) == (ApprovalStatus.PENDING, ())
    assert marks(working.product.settings.data) == []
    working.approve(card)
    view, _ = working.answer(asked.ts)
    (decided,) = view.approvals[0].history
    assert decided.surface == "slack"
    assert marks(working.product.settings.data) == ["sent Xenia"]


def test_a_forged_approval_id_or_nonce_decides_nothing(working: Scene, agents: Crew) -> None:
    sends(agents, "Xenia")
    asked = working.ask("write to her")
    working.approval_card(asked.ts)
    (approval,) = working.product.runtime.approvals(workspace=None)

    for value in (
        {"id": "apr_00000000000000000000", "nonce": approval.nonce},
        {"id": approval.id, "nonce": "n_00000000000000000000"},
        {"id": str(approval.number), "nonce": approval.nonce + "x"},
        {"id": approval.id},
    ):
        payload = {
            "type": "block_actions",
            "team": {"id": TEAM},
            "user": {"id": ADA, "team_id": TEAM},
            "api_app_id": "A0BATON",
            "trigger_id": "1.2.3",
            "channel": {"id": GENERAL},
            "actions": [
                {
                    "type": "button",
                    "action_id": "approval.approve",
                    "block_id": "b",
                    "value": json.dumps(value),
                }
            ],
        }
        signed(working, payload)

    (after,) = working.product.runtime.approvals(workspace=None)
    assert after.status == ApprovalStatus.PENDING
    assert marks(working.product.settings.data) == []


def signed(scene: Scene, payload: Mapping[str, object]) -> None:
    """Deliver what Slack itself would not, with its signature."""
    body = json.dumps(payload).encode()
    headers = signed_headers(scene.world.signing_secret, timestamp=int(time.time()), body=body)
    scene.world.post_raw(body, {**headers, "Content-Type": "application/json"})


@over_both
def test_a_button_of_an_older_card_is_refused(working: Scene, agents: Crew) -> None:
    agents.plans(plan(step("a")))
    agents.works(calls(("move", {"to": "rest"})), Answer(text="moved"))
    asked = working.ask("move it")
    first = working.approval_card(asked.ts, 1)
    (working.product.settings.data / "state").write_text("storm")
    working.approve(first)

    second = working.approval_card(asked.ts, 2)
    stale = working.world.click(ADA, first, "approval.approve", stale=True)

    assert stale.status == 200
    working.told(ADA, "decided already")
    (approval,) = working.product.runtime.approvals(workspace=None)
    assert (approval.number, approval.status) == (2, ApprovalStatus.PENDING)
    assert "from storm to rest" in working.world.readable(second)
    assert marks(working.product.settings.data) == []
    working.approve(second)
    view, _ = working.answer(asked.ts)
    assert marks(working.product.settings.data) == ["moved rest"]
    assert [one.status for one in view.approvals] == [
        ApprovalStatus.SUPERSEDED,
        ApprovalStatus.APPROVED,
    ]
    assert working.world.violations == []


EXPIRING = """version: 1
roles:
  approver: ["slack:T024BATON/U062BEN"]
rules:
  - id: letters
    tools: [send]
    outcome: ask
    eligible: [requester]
    expires_after: 1h
    on_expiry: {on_expiry}
"""


def test_an_expired_approval_is_a_no_that_nobody_said(working: Scene, agents: Crew) -> None:
    (agents.folder / "policy.yaml").write_text(EXPIRING.format(on_expiry="deny"))
    working.product.clock.pass_time(5)
    sends(agents, "Xenia")
    asked = working.ask("write to her")
    card = working.approval_card(asked.ts)

    working.product.clock.pass_time(3601)

    view, answer = working.answer(asked.ts)
    assert view.approvals[0].status == ApprovalStatus.EXPIRED
    assert "was not approved (expired): nobody decided in time" in agents.asked("worker")[-1]
    assert marks(working.product.settings.data) == []
    working.until_quiet()
    shown = working.world.readable(working.world.message(GENERAL, card.ts))
    assert "Expired, nobody decided in time" in shown
    assert "Approve]" not in shown
    assert answer.text


def test_an_overdue_approval_that_is_held_waits_on_and_reminds(
    working: Scene, agents: Crew
) -> None:
    policy = EXPIRING.format(on_expiry="hold").replace("1h", "1s")
    (agents.folder / "policy.yaml").write_text(policy)
    working.product.clock.pass_time(5)
    sends(agents, "Xenia")
    asked = working.ask("write to her")
    card = working.approval_card(asked.ts)

    working.card(asked.ts, "Approval 1 of 'send' is overdue")
    working.approve(card)
    view, _ = working.answer(asked.ts)
    assert view.approvals[0].status == ApprovalStatus.APPROVED
    assert marks(working.product.settings.data) == ["sent Xenia"]


def test_nobody_being_eligible_is_said_at_once(working: Scene, agents: Crew) -> None:
    policy = EXPIRING.format(on_expiry="hold").replace("[requester]", '["role:treasurer"]')
    policy = policy.replace("rules:", "  treasurer: []\nrules:")
    (agents.folder / "policy.yaml").write_text(policy)
    working.product.clock.pass_time(5)
    sends(agents, "Xenia")

    asked = working.ask("write to her")

    alarm = working.card(asked.ts, "Nobody can decide")
    assert "rule 'letters' in policy.yaml" in alarm.text
    # Nobody being named means nobody, and not everybody.
    working.approve(working.approval_card(asked.ts))
    working.told(ADA, "nobody is eligible")
    (approval,) = working.product.runtime.approvals(workspace=None)
    assert approval.status == ApprovalStatus.PENDING


def test_a_decision_counts_though_the_front_is_new_and_the_worker_away(scaled: Scene) -> None:
    asked = scaled.ask(BUY)
    card = scaled.approval_card(asked.ts)
    scaled.until_quiet()
    scaled.product.stop_work()

    scaled.product.stop_front()
    scaled.product.start_front()
    scaled.world.target(f"{scaled.product.url}/slack/events")

    clicked = scaled.approve(card)

    assert clicked.status == 200
    assert scaled.product.runtime.approvals(workspace=None) == []
    assert len(scaled.product.orders()) == OPENING_ORDERS
    scaled.product.start_work()
    view, _ = scaled.answer(asked.ts)
    assert view.status == "succeeded"
    assert len(scaled.product.orders()) == OPENING_ORDERS + 1


def test_the_json_of_an_approval_names_who_may_decide(working: Scene, agents: Crew) -> None:
    sends(agents, "Xenia")
    working.ask("write to her")
    working.until_approvals()

    view = working.product.runtime.view("1", workspace=None)
    spelled = run_object(view)
    (approval,) = working.product.runtime.approvals(workspace=None)

    people = [f"slack:{TEAM}/{ADA}", f"slack:{TEAM}/{BEN}", "console:local/*"]
    assert approval_object(approval)["eligible"] == people
    assert json.loads(json.dumps(spelled["approvals"]))[0]["eligible"] == people
