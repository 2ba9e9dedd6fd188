"""One purchase, from the message to the order in the ledger, as people in Teams live it.

The whole product runs in this process; Teams is the simulated one, in the way Microsoft's
playground speaks to a bot on the same machine: without keys, over loopback.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from runtime.domain.states import ApprovalStatus, StepStatus
from runtime.domain.step import Step
from tests.worlds.product import Product, product
from tests.worlds.teams.cards import buttons, inputs_of, readable
from tests.worlds.teams.cast import ADA, BEN, CHANNEL, GROUP, PERSONAL, Chat
from tests.worlds.teams.connector import Posted
from tests.worlds.teams.world import Answer, TeamsWorld, teams_world

BUY = "Buy 12 laptops from the best vendor"
OPENING_ORDERS = 4


@dataclass(frozen=True, slots=True)
class Stage:
    """The product, and the Teams it lives in."""

    world: TeamsWorld
    product: Product

    def settled(self) -> None:
        """Wait until nothing is owed to any conversation."""
        self.product.until(lambda: not self._owed())

    def _owed(self) -> int:
        numbers = {one.name: one.value for one in self.product.runtime.numbers()}
        return int(numbers["deliveries_due"])


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with teams_world(signed=False) as world, product(tmp_path / "home") as running:
        world.endpoint = f"{running.url}/api/messages"
        yield Stage(world, running)


def _conversation(asked: Answer) -> str:
    found: str = asked.activity["conversation"]["id"]
    return found


def _skipped(stage: Stage) -> list[Step]:
    steps = stage.product.runtime.view("1", workspace=None).steps
    return [one for one in steps if one.status is StepStatus.SKIPPED]


def _first_approval(stage: Stage) -> ApprovalStatus:
    return stage.product.runtime.view("1", workspace=None).approvals[0].status


def _approval(stage: Stage, conversation: str) -> Posted:
    return stage.world.message(conversation, "Approval 1 · pending")


@pytest.mark.parametrize("chat", [PERSONAL, GROUP, CHANNEL], ids=lambda chat: chat.kind)
def test_a_message_becomes_one_card_one_approval_one_order_and_one_answer(
    stage: Stage, chat: Chat
) -> None:
    asked = stage.world.say(ADA, chat, BUY)
    assert (asked.status, asked.body) == (200, None)
    conversation = _conversation(asked)
    approval = _approval(stage, conversation)
    stage.world.message(conversation, "Waits for approval #1")
    assert len(stage.product.orders()) == OPENING_ORDERS

    thread = replace(chat, id=conversation)
    clicked = stage.world.press(ADA, approval, "approval.approve", thread)

    assert clicked.status == 200
    assert "Approved by Ada" in readable(stage.world.seen_by(ADA, approval))
    assert stage.product.until_ended().status == "succeeded"
    answer = stage.world.message(conversation, "PO-1005")
    stage.settled()
    ordered = stage.product.orders()[OPENING_ORDERS:]
    assert [(one["item"], one["quantity"], one["vendor"]) for one in ordered] == [
        ("laptop", 12, "Nordlicht IT")
    ]
    assert "demonstration" in readable(answer.card)
    assert len(stage.world.messages(conversation)) == 3
    assert "Approved by Ada" in readable(approval.card)
    assert buttons(approval.card) == []
    assert stage.world.connector.violations == []


def test_a_rejection_with_its_reason_ends_the_run_without_an_order(stage: Stage) -> None:
    conversation = _conversation(stage.world.say(ADA, PERSONAL, BUY))
    approval = _approval(stage, conversation)

    with pytest.raises(AssertionError, match="must be filled in"):
        stage.world.press(ADA, approval, "approval.reject", PERSONAL)
    stage.world.press(
        ADA, approval, "approval.reject", PERSONAL, inputs={"reason": "we lease laptops now"}
    )

    assert stage.product.until_ended().status == "failed"
    told = readable(stage.world.message(conversation, "This did not work").card)
    assert told.count("we lease laptops now") == 1
    assert "propose" not in told
    stage.world.message(conversation, "⊘ Record the purchase order")
    stage.settled()
    (decided,) = stage.product.runtime.view("1", workspace=None).approvals
    assert decided.status is ApprovalStatus.REJECTED
    assert decided.decision_reason == "we lease laptops now"
    assert decided.decided_by == ADA.principal
    assert decided.decided_on == "teams"
    assert len(stage.product.orders()) == OPENING_ORDERS
    assert stage.world.connector.violations == []


def test_who_may_not_decide_is_told_so_and_the_approval_stays_open(stage: Stage) -> None:
    conversation = _conversation(stage.world.say(ADA, GROUP, BUY))
    approval = _approval(stage, conversation)

    refused = stage.world.press(BEN, approval, "approval.approve", GROUP)

    assert refused.status == 200
    (told,) = stage.world.told[BEN.id]
    assert "may not decide" in told or "may decide" in told
    assert approval.only_for == ""
    assert [one.status for one in stage.product.runtime.approvals(workspace=None)] == [
        ApprovalStatus.PENDING
    ]
    assert {one.verb for one in buttons(approval.card)} >= {"approval.approve", "approval.reject"}
    stage.world.press(ADA, approval, "approval.approve", GROUP)
    assert stage.product.until_ended().status == "succeeded"


def test_a_card_whose_post_was_in_doubt_is_found_by_whoever_looks_at_it(stage: Stage) -> None:
    stage.world.fault("POST", "approval.approve", status=504, after=True)
    conversation = _conversation(stage.world.say(ADA, PERSONAL, BUY))
    (card,) = stage.world.until(lambda: _copies(stage, conversation, 1))

    stage.world.look(ADA, card, PERSONAL)
    stage.settled()

    assert _copies(stage, conversation, 1) == [card]
    stage.world.press(ADA, card, "approval.approve", PERSONAL)
    assert stage.product.until_ended().status == "succeeded"
    stage.settled()
    assert len(stage.product.orders()) == OPENING_ORDERS + 1
    assert "Approved by Ada" in readable(card.card)
    assert len(stage.world.messages(conversation)) == 3


@pytest.mark.parametrize("arrives", [True, False])
def test_a_card_that_nobody_has_shown_is_posted_again_and_its_copy_taken_back(
    stage: Stage, arrives: bool
) -> None:
    stage.world.fault("POST", "approval.approve", status=504, after=arrives)
    conversation = _conversation(stage.world.say(ADA, PERSONAL, BUY))
    copies = 2 if arrives else 1

    cards = stage.world.until(lambda: _after_a_while(stage, conversation, copies))
    stage.settled()
    stage.world.press(ADA, cards[0], "approval.approve", PERSONAL)

    assert stage.product.until_ended().status == "succeeded"
    stage.settled()
    assert len(stage.product.orders()) == OPENING_ORDERS + 1
    assert "Approved by Ada" in readable(cards[-1].card)
    stage.world.until(lambda: len(stage.world.messages(conversation)) == 3)


def _after_a_while(stage: Stage, conversation: str, count: int) -> list[Posted] | None:
    stage.product.clock.pass_time(1.0)
    return _copies(stage, conversation, count)


def _copies(stage: Stage, conversation: str, count: int) -> list[Posted] | None:
    found = [
        one
        for one in stage.world.messages(conversation)
        if "Approval 1 · pending" in readable(one.card)
    ]
    return found if len(found) == count else None


def test_commands_are_answered_as_text(stage: Stage) -> None:
    conversation = _conversation(stage.world.say(ADA, PERSONAL, BUY))
    _approval(stage, conversation)

    stage.world.say(ADA, PERSONAL, "baton approvals 1")

    listing = stage.world.message(PERSONAL, "approve 1")
    assert "record_purchase_order" in readable(listing.card)
    stage.world.say(ADA, PERSONAL, "approve 1 cheaper than leasing")
    assert stage.product.until_ended().status == "succeeded"
    (decided,) = stage.product.runtime.view("1", workspace=None).approvals
    assert decided.decision_reason == "cheaper than leasing"


def test_a_run_goes_on_without_the_step_that_somebody_chose_on_its_card(stage: Stage) -> None:
    stage.world.say(ADA, GROUP, BUY)
    _approval(stage, GROUP.id)
    card = stage.world.message(GROUP, "Waits for approval #1")
    (field,) = [one for one in inputs_of(card.card, "run.skip") if one["id"] == "step"]
    chosen = field["choices"][0]["value"]

    typed = {"step": chosen, "why": "bought by hand"}
    pressed = stage.world.press(ADA, card, "run.skip", GROUP, inputs=typed)

    assert pressed.body["type"].endswith("card.adaptive")
    (skipped,) = stage.product.until(lambda: _skipped(stage))
    assert skipped.path == "/plan/1/order"
    assert "skipped by Ada: bought by hand" in str(skipped.error)
    stage.product.until(lambda: _first_approval(stage) is ApprovalStatus.CANCELLED)
    assert len(stage.product.orders()) == OPENING_ORDERS


def test_a_plan_that_worked_becomes_a_workflow_from_its_card(stage: Stage) -> None:
    asked = stage.world.say(ADA, PERSONAL, BUY)
    approval = _approval(stage, _conversation(asked))
    stage.world.press(ADA, approval, "approval.approve", PERSONAL)
    assert stage.product.until_ended().status == "succeeded"
    stage.settled()
    (card,) = [
        one
        for one in stage.world.messages(PERSONAL)
        if any(button.verb == "run.workflow" for button in buttons(one.card))
    ]

    stage.world.press(ADA, card, "run.workflow", PERSONAL)

    shown = readable(stage.world.seen_by(ADA, card))
    assert "document:" in shown
    assert "record_purchase_order" in shown
    stage.world.press(ADA, card, "run.back", PERSONAL)
    assert "document:" not in readable(stage.world.seen_by(ADA, card))
