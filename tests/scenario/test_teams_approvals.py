"""Before deciding in Teams: look, ask, change; and groups of Entra that may decide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

from bots.approval_builder import approval_card
from runtime.domain.approval import Verdict
from runtime.domain.json import JsonObject
from tests.worlds.front_door import an_approval
from tests.worlds.teams import activities
from tests.worlds.teams.cards import buttons, faults, inputs_of, readable
from tests.worlds.teams.cast import ADA, BEN, GROUP, TENANT
from tests.worlds.teams.connector import Posted
from tests.worlds.teams.place import Place, teams_place

SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "item": {"type": "string"},
        "quantity": {"type": "integer", "minimum": 1, "maximum": 500},
    },
    "required": ["item", "quantity"],
}
BUYERS = "bbbbbbbb-0000-4000-8000-00000000000b"


@pytest.fixture
def place() -> Iterator[Place]:
    with teams_place() as running:
        yield running


def _open(place: Place, **changes: Any) -> Posted:
    asked = an_approval(
        arguments={"item": "laptop", "quantity": 12}, editable_schema=SCHEMA, **changes
    )
    place.door.asked[asked.id] = asked
    card = place.card(approval_card(asked))
    assert faults(card.card) == []
    return card


def test_who_looks_at_it_is_shown_to_the_others(place: Place) -> None:
    card = _open(place)

    place.world.press(ADA, card, "approval.claim", GROUP)

    seen = place.world.seen_by(ADA, card)
    assert "Ada is looking at it" in readable(seen)
    assert "approval.claim" not in {one.verb for one in buttons(seen)}
    assert place.door.decisions == []


def test_what_a_client_does_by_itself_presses_no_button(place: Place) -> None:
    card = _open(place)

    answers = [
        _pressed(place, card, verb, automatic=True)
        for verb in ("approval.approve", "approval.claim")
    ]

    assert [one["statusCode"] for one in answers] == [403, 403]
    assert place.door.decisions == []
    assert place.door.asked["apr_3"].claimed_by is None


def test_an_older_card_does_nothing_whatever_is_pressed(place: Place) -> None:
    card = _open(place)

    for verb in ("approval.approve", "approval.claim"):
        answer = _pressed(place, card, verb, nonce="older")
        assert answer["type"] == "application/vnd.microsoft.activity.message"

    assert place.door.decisions == []
    assert place.door.asked["apr_3"].claimed_by is None


def _pressed(
    place: Place, card: Posted, verb: str, *, nonce: str = "n0nce", automatic: bool = False
) -> dict[str, Any]:
    body = activities.execute(
        ADA,
        GROUP,
        service_url=place.world.url,
        message_id=card.id,
        verb=verb,
        data={"id": "apr_3", "nonce": nonce},
        automatic=automatic,
    )
    return cast("dict[str, Any]", place.world.deliver(body).body)


def test_a_question_is_asked_before_deciding(place: Place) -> None:
    card = _open(place)

    with pytest.raises(AssertionError, match="must be filled in"):
        place.world.press(ADA, card, "approval.ask", GROUP)
    place.world.press(ADA, card, "approval.ask", GROUP, inputs={"question": "Why twelve?"})

    assert "Ada asks: Why twelve? (not answered yet)" in readable(place.world.seen_by(ADA, card))
    assert place.door.decisions == []


def test_a_call_is_changed_in_a_form_and_asked_anew(place: Place) -> None:
    card = _open(place)
    fields = {one["label"]: one for one in inputs_of(card.card, "approval.edit")}
    assert fields["quantity"]["value"] == 12

    place.world.press(ADA, card, "approval.edit", GROUP, inputs={fields["quantity"]["id"]: "14"})

    (decided,) = place.door.decisions
    assert decided.verdict is Verdict.APPROVE
    assert decided.arguments == {"item": "laptop", "quantity": 14}
    assert (decided.nonce, decided.surface) == ("n0nce", "teams")


@pytest.mark.parametrize(
    ("typed", "item", "words"),
    [("a dozen", "desk", "whole number"), ("12", "laptop", "Nothing was changed")],
)
def test_a_change_that_is_none_is_said_in_the_card_and_decides_nothing(
    place: Place, typed: str, item: str, words: str
) -> None:
    card = _open(place)
    fields = {one["label"]: one["id"] for one in inputs_of(card.card, "approval.edit")}

    answer = place.world.press(
        ADA,
        card,
        "approval.edit",
        GROUP,
        inputs={fields["quantity"]: typed, fields["item"]: item},
    )

    seen = answer.body["value"]
    assert words in readable(seen)
    typed_in = {one["id"]: one["value"] for one in inputs_of(seen, "approval.edit")}
    # A number's field holds no words; what it can hold need not be typed again.
    assert typed_in[fields["quantity"]] == 12
    assert typed_in[fields["item"]] == item
    assert place.door.decisions == []


def test_a_reason_is_asked_for_in_the_form_that_rejects_and_nowhere_else(place: Place) -> None:
    card = _open(place)

    assert [one["id"] for one in inputs_of(card.card, "approval.reject")] == ["reason"]
    assert inputs_of(card.card, "approval.approve") == []
    place.world.press(ADA, card, "approval.reject", GROUP, inputs={"reason": "too dear"})

    (decided,) = place.door.decisions
    assert (decided.verdict, decided.reason) == (Verdict.REJECT, "too dear")


def test_groups_are_looked_up_for_who_presses(place: Place) -> None:
    card = _open(place, eligible_groups=(f"teams:{TENANT}/{BUYERS}", "slack:T024/S01"))
    place.world.connector.groups[ADA.object_id] = {BUYERS}

    place.world.press(ADA, card, "approval.approve", GROUP)

    (decided,) = place.door.decisions
    assert decided.person.groups == (f"teams:{TENANT}/{BUYERS}",)
    assert place.world.connector.group_questions == [(ADA.object_id, (BUYERS,))]


def test_while_graph_is_away_nobody_decides_by_a_group(place: Place) -> None:
    card = _open(place, eligible_groups=(f"teams:{TENANT}/{BUYERS}",))
    place.world.connector.groups[ADA.object_id] = {BUYERS}
    for _ in range(2):
        place.world.fault("POST", "checkMemberGroups", status=500)

    answer = place.world.press(ADA, card, "approval.approve", GROUP)

    assert "groups you are in" in answer.body["value"]
    assert place.door.decisions == []


def test_an_old_client_changes_and_asks_as_well(place: Place) -> None:
    card = _open(place)
    fields = {one["label"]: one["id"] for one in inputs_of(card.card, "approval.edit")}

    place.world.press_old(BEN, card, "approval.ask", GROUP, inputs={"question": "Which desk?"})
    place.world.press_old(ADA, card, "approval.edit", GROUP, inputs={fields["item"]: "desk"})

    assert [one.arguments for one in place.door.decisions] == [{"item": "desk", "quantity": 12}]
    (asked,) = place.door.asked["apr_3"].questions
    assert (asked.asked_by_name, asked.text) == ("Ben", "Which desk?")
