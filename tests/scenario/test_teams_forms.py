"""The three forms of an approval's card in Teams, filled in before the real approval engine.

Ben buys, Ada and Olga may decide: what is typed into a card is checked, said, and bound by the
engine itself, over the wire.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.domain.approval import Verdict
from runtime.domain.states import ApprovalStatus
from tests.worlds.product import Product
from tests.worlds.teams.buying import OPENING_ORDERS, asked, buying
from tests.worlds.teams.cards import buttons, inputs_of, readable
from tests.worlds.teams.cast import ADA, BEN, GROUP, OLGA
from tests.worlds.teams.connector import Posted
from tests.worlds.teams.world import TeamsWorld

NO_GIANT_ORDERS = """\
  - id: no-giant-orders
    tools: ["record_purchase_order"]
    where: {quantity: {over: 500}}
    outcome: deny
    reason: Orders of more than 500 pieces go through a tender.
"""


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[TeamsWorld, Product]]:
    with buying(tmp_path, NO_GIANT_ORDERS) as both:
        yield both


def test_ask_change_and_agree_end_to_end(running: tuple[TeamsWorld, Product]) -> None:
    world, installation = running
    card = asked(world)
    _only_those_who_may_decide_have_buttons(world, card)

    world.press(ADA, card, "approval.ask", GROUP, inputs={"question": "Why twelve?"})
    world.say(BEN, GROUP, "Twelve people start in May")
    world.until(lambda: "Ben: Twelve people start in May" in readable(card.card))

    fields = {one["label"]: one["id"] for one in inputs_of(card.card, "approval.edit")}
    for typed, words in (("1.5", "quantity"), ("900", "tender")):
        refused = world.press(ADA, card, "approval.edit", GROUP, inputs={fields["quantity"]: typed})
        seen = refused.body["value"]
        assert words in readable(seen)
        form = {one["id"]: one["value"] for one in inputs_of(seen, "approval.edit")}
        assert form[fields["quantity"]] == float(typed)
    world.press(ADA, card, "approval.edit", GROUP, inputs={fields["quantity"]: "10"})

    anew = world.message(GROUP, "Approval 2 · pending")
    assert "12 → 10" in readable(anew.card)
    own = world.press(ADA, anew, "approval.approve", GROUP)
    assert "somebody else must agree" in str(own.body["value"])
    world.press(OLGA, anew, "approval.approve", GROUP)

    assert installation.until_ended().status == "succeeded"
    assert [one["quantity"] for one in installation.orders()[OPENING_ORDERS:]] == [10]
    world.until(lambda: "Approved by Olga" in readable(anew.card))
    assert buttons(card.card) == buttons(anew.card) == []
    assert world.connector.violations == []


def test_a_rejection_needs_its_reason_also_from_who_changes_what_the_client_sends(
    running: tuple[TeamsWorld, Product],
) -> None:
    world, installation = running
    card = asked(world)

    short = world.press(ADA, card, "approval.reject", GROUP, inputs={"reason": "no"})
    seen = short.body["value"]
    assert "Write a few words before you reject" in readable(seen)
    assert [one.get("value") for one in inputs_of(seen, "approval.reject")] == ["no"]
    assert [one.status for one in installation.runtime.approvals(workspace=None)] == [
        ApprovalStatus.PENDING
    ]
    world.press(ADA, card, "approval.reject", GROUP, inputs={"reason": "we lease laptops"})

    assert installation.until_ended().status == "failed"
    (decided,) = installation.runtime.view("1", workspace=None).approvals
    (said,) = decided.history
    assert (said.verdict, said.reason) == (Verdict.REJECT, "we lease laptops")
    assert (decided.decided_by, decided.decided_on) == (ADA.principal, "teams")
    assert len(installation.orders()) == OPENING_ORDERS


def _only_those_who_may_decide_have_buttons(world: TeamsWorld, card: Posted) -> None:
    named = card.card["refresh"]["userIds"]
    assert set(named[:2]) == {ADA.id, OLGA.id}
    assert BEN.id in named
    world.look(BEN, card, GROUP)
    world.look(ADA, card, GROUP)
    assert buttons(world.seen_by(BEN, card)) == []
    assert "You see this without buttons" in readable(world.seen_by(BEN, card))
    assert {one.verb for one in buttons(world.seen_by(ADA, card))} >= {
        "approval.approve",
        "approval.edit",
    }
    for person in (ADA, BEN):
        assert world.seen_by(person, card)["refresh"]["userIds"] == [person.id]
