"""What policy calls critical is approved in Teams with a code from a person's own device."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyotp.totp import TOTP

from runtime.domain.conversation import Person
from runtime.domain.states import ApprovalStatus
from tests.worlds.leaks import stands_in
from tests.worlds.product import Product
from tests.worlds.teams.buying import OPENING_ORDERS, asked, buying
from tests.worlds.teams.cards import buttons, faults, inputs_of, readable
from tests.worlds.teams.cast import ADA, BEN, GROUP, OLGA, TENANT
from tests.worlds.teams.world import TeamsWorld

STEPPED_UP = """\
    assurance: stepped-up
    reasons_for: [approve]
"""
CODE, WHY, WHY_CHANGED = "code.approve", "why.approve", "why.change"
WRONG = "000 000"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[TeamsWorld, Product]]:
    key = "a key of more than thirty-two letters"
    with buying(tmp_path, STEPPED_UP, secret_keys=key) as both:
        yield both


def _device_of_ada(installation: Product) -> TOTP:
    """Have a device whose first code has been used up."""
    ada = Person(channel="teams", workspace=TENANT, external_id=ADA.object_id, name="Ada")
    governing = installation.runtime.governing
    secret = governing.begin_factor(ada, "").partition("secret=")[2].partition("&")[0]
    device = TOTP(secret)
    governing.confirm_factor(ada, device.at(installation.clock.now()))
    installation.clock.pass_time(60)
    return device


def test_a_wrong_code_comes_back_on_the_card_and_a_right_one_lets_it_happen(
    running: tuple[TeamsWorld, Product],
) -> None:
    world, installation = running
    device = _device_of_ada(installation)
    card = asked(world)
    assert faults(card.card) == []
    assert {one["id"] for one in inputs_of(card.card, "approval.approve")} == {CODE, WHY}

    typed = {CODE: WRONG, WHY: "Twelve people start in May"}
    refused = world.press(ADA, card, "approval.approve", GROUP, inputs=typed)
    seen = refused.body["value"]
    assert "This code does not count" in readable(seen)
    kept = {one["id"]: one.get("value") for one in inputs_of(seen, "approval.approve")}
    assert kept == {CODE: None, WHY: "Twelve people start in May"}
    assert WRONG not in str(seen)
    (approval,) = installation.runtime.approvals(workspace=None)
    assert approval.status is ApprovalStatus.PENDING

    code = device.at(installation.clock.now())
    world.press(ADA, card, "approval.approve", GROUP, inputs={CODE: code})

    view = installation.until_ended()
    assert view.status == "succeeded"
    (decided,) = view.approvals
    assert decided.decision_reason == "Twelve people start in May"
    assert [one["quantity"] for one in installation.orders()[OPENING_ORDERS:]] == [12]
    facts = [
        one.facts
        for one in installation.runtime.audit("1", workspace=None)
        if one.event == "ApprovalDecided"
    ]
    assert "'assurance': 'stepped-up'" in str(facts)
    assert not stands_in(code, facts)


def test_who_has_no_device_or_may_not_decide_is_told_so_whatever_the_code(
    running: tuple[TeamsWorld, Product],
) -> None:
    world, installation = running
    card = asked(world)
    typed = {CODE: "123456", WHY: "because"}

    no_device = world.press(OLGA, card, "approval.approve", GROUP, inputs=typed)
    may_not = world.press(BEN, card, "approval.approve", GROUP, inputs=typed)

    assert "factor new" in readable(no_device.body["value"])
    assert may_not.body["type"].endswith("activity.message")
    assert "kept from deciding" in may_not.body["value"]
    (approval,) = installation.runtime.approvals(workspace=None)
    assert approval.status is ApprovalStatus.PENDING
    assert len(installation.orders()) == OPENING_ORDERS


def test_rejecting_wants_no_code(running: tuple[TeamsWorld, Product]) -> None:
    world, installation = running
    card = asked(world)

    world.press(ADA, card, "approval.reject", GROUP, inputs={"reason": "no budget"})

    (approval,) = installation.runtime.view("1", workspace=None).approvals
    assert approval.status is ApprovalStatus.REJECTED
    world.until(lambda: "Rejected by Ada" in readable(card.card))
    assert buttons(card.card) == []


def test_a_change_wants_the_reason_as_well_also_from_who_changes_what_the_client_sends(
    running: tuple[TeamsWorld, Product],
) -> None:
    world, installation = running
    card = asked(world)
    fields = {one["label"]: one for one in inputs_of(card.card, "approval.edit")}
    assert (fields["Why?"]["id"], fields["Why?"]["isRequired"]) == (WHY_CHANGED, True)
    ten = {fields["quantity"]["id"]: "10"}

    blank = world.press(ADA, card, "approval.edit", GROUP, inputs={**ten, WHY_CHANGED: " "})
    seen = blank.body["value"]
    assert "Policy wants a reason to approve this; say why" in readable(seen)
    assert faults(seen) == []
    kept = {one["id"]: one.get("value") for one in inputs_of(seen, "approval.edit")}
    assert kept[fields["quantity"]["id"]] == 10
    (approval,) = installation.runtime.approvals(workspace=None)
    assert (approval.number, approval.status) == (1, ApprovalStatus.PENDING)
    world.press(ADA, card, "approval.edit", GROUP, inputs={WHY_CHANGED: "Two have left"})

    assert "12 → 10" in readable(world.message(GROUP, "Approval 2 · pending").card)
    changed, anew = installation.runtime.view("1", workspace=None).approvals
    assert (changed.number, changed.decision_reason) == (1, "Two have left")
    assert (anew.number, anew.arguments["quantity"]) == (2, 10)
