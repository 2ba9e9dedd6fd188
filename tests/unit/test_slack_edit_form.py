"""The dialog that changes a call: filled with what stands there, read back, and wrong in place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.slack.edit_form import Misfilled, beside_inputs, can_edit, edit_dialog, read_edit
from bots.slack.payload import Payload
from bots.slack.proof import WHY
from bots.slack.rendering import draw
from bots.views import AskedLine, ChangeLine, SaidLine
from runtime.domain.approval import Approval, Stage, Verdict
from runtime.domain.json import JsonObject
from tests.unit.test_slack_rendering import (
    APPROVAL,
    actions,
    buttons,
    leaves_text,
    shape_errors,
)
from tests.worlds.front_door import an_approval

WHY_LABEL = "Why? It is kept with the decision."
SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "item": {"type": "string", "maxLength": 60, "description": "What to buy"},
        "lines": {"type": "array"},
        "note": {"type": ["string", "null"]},
        "price": {"type": "number"},
        "quantity": {"type": "integer", "minimum": 1, "maximum": 500},
        "urgent": {"type": "boolean"},
        "vendor": {"type": "string", "enum": ["Nordlicht IT", "Byte & Co", "x" * 400]},
    },
    "required": ["item", "quantity"],
}
VALUES: JsonObject = {
    "item": "laptop",
    "lines": [{"sku": "A"}],
    "price": 940.5,
    "quantity": 12,
    "urgent": True,
    "vendor": "Nordlicht IT",
}


def asked(schema: JsonObject = SCHEMA, values: JsonObject = VALUES) -> Approval:
    return replace(an_approval(), editable_schema=schema, arguments=values)


def inputs(approval: Approval) -> dict[str, dict[str, Any]]:
    view = cast("dict[str, Any]", edit_dialog(approval, metadata="{}"))
    assert shape_errors("modal", view) == []
    return {one["label"]["text"]: one for one in view["blocks"] if one["type"] == "input"}


def sent(approval: Approval, **typed: str | None) -> Payload:
    """Give what Slack sends: every input as it stands, with some filled in anew by label."""
    values: dict[str, Any] = {}
    for label, block in inputs(approval).items():
        element = block["element"]
        text = typed[label] if label in typed else element.get("initial_value")
        if "options" in element:
            initial = element.get("initial_option")
            labels = {one["text"]["text"]: one for one in element["options"]}
            chosen = labels.get(typed[label] or "") if label in typed else initial
            values[block["block_id"]] = {"value": {"type": "x", "selected_option": chosen}}
        else:
            values[block["block_id"]] = {"value": {"type": "x", "value": text}}
    return Payload(values)


def test_each_argument_has_an_input_of_its_kind_that_holds_its_value() -> None:
    shown = inputs(asked())

    assert {name: one["element"]["type"] for name, one in shown.items()} == {
        "item": "plain_text_input",
        "lines": "plain_text_input",
        "note": "plain_text_input",
        "price": "number_input",
        "quantity": "number_input",
        "urgent": "radio_buttons",
        "vendor": "static_select",
    }
    quantity = shown["quantity"]["element"]
    assert (quantity["initial_value"], quantity["min_value"], quantity["max_value"]) == (
        "12", "1", "500",
    )  # fmt: skip
    assert "optional" not in shown["quantity"]
    assert shown["note"]["optional"] is True
    assert shown["item"]["element"]["max_length"] == 60
    assert shown["item"]["hint"]["text"] == "What to buy"
    assert shown["vendor"]["element"]["initial_option"]["text"]["text"] == "Nordlicht IT"


@pytest.mark.parametrize(
    ("typed", "changed"),
    [
        ({"item": "desk"}, {"item": "desk"}),
        ({"quantity": "14"}, {"quantity": 14}),
        ({"quantity": "14.0"}, {"quantity": 14}),
        ({"price": "1e3"}, {"price": 1000.0}),
        ({"urgent": "no"}, {"urgent": False}),
        ({"vendor": "Byte & Co"}, {"vendor": "Byte & Co"}),
        ({"vendor": "x" * 74 + "…"}, {"vendor": "x" * 400}),
        ({"lines": '[{"sku": "B"}]'}, {"lines": [{"sku": "B"}]}),
        ({"note": "by Friday"}, {"note": "by Friday"}),
    ],
)
def test_what_is_filled_in_becomes_a_value_of_its_kind(
    typed: dict[str, str], changed: JsonObject
) -> None:
    assert read_edit(asked(), sent(asked(), **typed)) == {**VALUES, **changed}


def test_what_is_emptied_is_left_out() -> None:
    assert "price" not in read_edit(asked(), sent(asked(), price=None))


def test_each_wrong_value_is_told_beside_its_own_input() -> None:
    approval = asked()
    blocks = {name: one["block_id"] for name, one in inputs(approval).items()}

    with pytest.raises(Misfilled) as wrong:
        read_edit(approval, sent(approval, quantity="a dozen", lines="[" * 2_000))

    assert set(wrong.value.errors) == {blocks["quantity"], blocks["lines"]}
    assert (
        "whole number for quantity, at least 1, at most 500"
        in (wrong.value.errors[blocks["quantity"]])
    )


def test_what_the_engine_says_is_told_beside_the_input_it_names() -> None:
    approval = asked()
    blocks = {name: one["block_id"] for name, one in inputs(approval).items()}
    values = sent(approval)

    assert list(beside_inputs(approval, values, "$.quantity: 0 is less than 1")) == [
        blocks["quantity"]
    ]
    assert list(beside_inputs(approval, values, "policy denies it")) == [blocks["item"]]


def test_nothing_changed_is_no_change() -> None:
    with pytest.raises(Misfilled, match="Nothing was changed"):
        read_edit(asked(), sent(asked()))
    with pytest.raises(Misfilled, match="Nothing was changed"):
        read_edit(asked(), Payload({"argument99": {"value": {"value": "x"}}}))


def test_a_reason_is_asked_for_where_the_policy_wants_one_to_approve() -> None:
    approval = asked()
    wants = replace(
        approval, stages=(Stage(eligible=("role:approver",), reasons_for=(Verdict.APPROVE,)),)
    )
    rejecting = replace(
        approval, stages=(Stage(eligible=("role:approver",), reasons_for=(Verdict.REJECT,)),)
    )
    changed = sent(wants, item="desk")

    assert "optional" not in inputs(wants)[WHY_LABEL]
    assert WHY_LABEL not in inputs(rejecting)
    assert read_edit(wants, changed, reason="Cheaper") == {**VALUES, "item": "desk"}
    assert read_edit(rejecting, sent(rejecting, item="desk")) == {**VALUES, "item": "desk"}
    with pytest.raises(Misfilled) as missing:
        read_edit(wants, changed)
    assert missing.value.errors == {WHY: "The policy wants a reason to approve this; say why."}


def test_a_missing_reason_is_told_together_with_what_else_is_wrong() -> None:
    wants = replace(
        asked(), stages=(Stage(eligible=("role:approver",), reasons_for=(Verdict.APPROVE,)),)
    )

    with pytest.raises(Misfilled) as wrong:
        read_edit(wants, sent(wants, quantity="a dozen"))

    assert set(wrong.value.errors) == {inputs(wants)["quantity"]["block_id"], WHY}


def test_what_has_no_fields_is_changed_as_json() -> None:
    approval = asked({"type": "object"}, {"to": "Xenia"})
    (label,) = inputs(approval)

    assert read_edit(approval, sent(approval, **{label: '{"to": "Yves"}'})) == {"to": "Yves"}
    for wrong, words in (
        ("{", "no JSON"),
        ("[1]", "no JSON object"),
        ('{"to":"Xenia"}', "Nothing"),
    ):
        with pytest.raises(Misfilled, match=words):
            read_edit(approval, sent(approval, **{label: wrong}))


def test_what_is_too_long_for_a_dialog_has_none() -> None:
    assert not can_edit(SCHEMA, {**VALUES, "item": "x" * 3_001})
    assert not can_edit(None, VALUES)
    assert can_edit(SCHEMA, VALUES)


@settings(max_examples=30, deadline=None)
@given(
    name=st.text(max_size=40),
    text=st.text(max_size=80),
    other=st.text(max_size=80).filter(bool),
)
def test_any_text_is_read_back_as_it_was_typed(name: str, text: str, other: str) -> None:
    schema: JsonObject = {"properties": {name: {"type": "string"}}}
    approval = asked(schema, {name: text})
    (label,) = inputs(approval)

    if other != text:
        assert read_edit(approval, sent(approval, **{label: other})) == {name: other}


def test_edit_is_offered_where_a_dialog_can_hold_the_arguments() -> None:
    schema: JsonObject = {"properties": {"vendor": {"type": "string"}}}
    short = replace(APPROVAL, schema=schema, values={"vendor": "Acme"})
    long = replace(APPROVAL, schema=schema, values={"vendor": "x" * 3_001})

    assert "approval.edit" in actions(draw(short))
    assert "approval.edit" not in actions(draw(long))


def test_a_card_tells_who_looks_who_asked_what_and_what_has_changed() -> None:
    card = replace(
        APPROVAL,
        claimed="Ben is looking at it · 14:02 UTC",
        said=(SaidLine(text="Approved by Cyd · 14:00 UTC", stage=1),),
        questions=(AskedLine(asked_by="Ben", text="Why twelve?", answered=""),),
        changes=(ChangeLine(name="quantity", before="12", after="14"),),
        chain=("planner@1", "operator@1"),
    )

    shown = leaves_text(draw(card))

    for words in (
        "Ben is looking at it", "Approved by Cyd", "Ben asks: Why twelve? (not answered yet)",
        "quantity: 12 → 14", "planner@1 → operator@1",
    ):  # fmt: skip
        assert words in shown
    assert "Take over" in {one["text"]["text"] for one in buttons(draw(card))}
