"""The card that asks for a workflow's inputs: what it holds, what it refuses to be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from bots.fields import fields_of_form
from bots.teams.form_fields import input_element
from bots.teams.payload import Payload
from bots.teams.start_form import draw_start, typed_inputs
from runtime.domain.form import FieldKind, InputField, InputForm
from runtime.domain.json import JsonObject
from tests.worlds.teams.cards import buttons, faults, inputs_of, readable
from tests.worlds.teams.hostile import texts


def _field(name: str, kind: FieldKind = FieldKind.TEXT, **more: Any) -> InputField:
    facts: dict[str, Any] = {"title": name, "description": "", "required": False, **more}
    return InputField(name=name, kind=kind, **facts)


def _form(*fields: InputField, given: JsonObject | None = None) -> InputForm:
    return InputForm(
        workflow="tea", version="1.0.0", title="Order tea", summary="For everybody.",
        fields=fields, given=given or {},
    )  # fmt: skip


def test_each_kind_of_input_has_a_field_of_its_kind_holding_what_is_known() -> None:
    form = _form(
        _field("note", initial="by hand"),
        _field("cups", FieldKind.INTEGER, initial="3", least=1, most=9, required=True),
        _field("sweet", FieldKind.BOOLEAN, initial="yes"),
        _field("hot", FieldKind.BOOLEAN),
        _field("kind", FieldKind.CHOICE, choices=("green", "black"), initial="black"),
        _field("day", FieldKind.DATE, initial="2026-12-24"),
        _field("to", FieldKind.LIST, initial="Ann, Ben"),
    )

    drawn = draw_start(form, {}, key="k")

    assert drawn is not None
    assert faults(drawn.card) == []
    fields = inputs_of(drawn.card, "start.run")
    assert [(one["type"], one.get("value")) for one in fields] == [
        ("Input.Text", "by hand"),
        ("Input.Number", 3),
        ("Input.Toggle", "true"),
        ("Input.ChoiceSet", None),
        ("Input.ChoiceSet", "black"),
        ("Input.Date", "2026-12-24"),
        ("Input.Text", "Ann, Ben"),
    ]
    (press,) = buttons(drawn.card)
    assert press.data == {"workflow": "tea", "form": "k"}
    assert press.takes_inputs


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("integer", "NaN"), ("number", "1e999"), ("integer", "twelve"), ("number", "true"),
        ("date", "tomorrow"), ("boolean", "perhaps"),
    ],
)  # fmt: skip
def test_what_an_input_cannot_hold_stays_readable_as_text(kind: str, text: str) -> None:
    drawn = draw_start(_form(_field("it", FieldKind(kind), initial=text)), {}, key="k")

    assert drawn is not None
    (field,) = inputs_of(drawn.card, "start.run")
    expected = text if kind != "boolean" else "false"
    assert (field["type"], field["value"]) in (("Input.Text", text), ("Input.Toggle", expected))


def test_what_is_wrong_stands_above_its_field_and_plants_nothing() -> None:
    form = _form(_field("cups", FieldKind.INTEGER, title="<at>All</at>"))

    drawn = draw_start(form, {"cups": "[it](http://evil)", "": "not together"}, key="k")

    assert drawn is not None
    words = readable(drawn.card)
    assert "[it](http://evil)" in words
    assert "not together" in words
    assert faults(drawn.card) == []


@pytest.mark.parametrize(
    "form",
    [
        _form(),
        _form(*(_field(f"f{at}") for at in range(25))),
        _form(_field("long", initial="x" * 4_001)),
        _form(*(_field(f"f{at}", initial="ü" * 3_000) for at in range(20))),
        _form(_field("known"), given={"known": "x", "unheard": 1}),
    ],
    ids=["nothing", "too many", "too long", "too large", "without a field"],
)
def test_a_form_that_no_card_can_hold_is_not_drawn(form: InputForm) -> None:
    assert draw_start(form, {}, key="k") is None


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(words=texts, other=texts)
def test_whatever_a_workflow_says_its_form_is_valid_and_fits(words: str, other: str) -> None:
    fields = [
        _field(
            f"f{at}", kind, title=words, description=other, initial=words[:200],
            choices=(other[:80], "x") if kind is FieldKind.CHOICE else (),
        )
        for at, kind in enumerate(FieldKind)
    ]  # fmt: skip
    form = replace(_form(*fields), title=words, summary=other)

    drawn = draw_start(form, {"f0": other, "": words}, key="k")

    if drawn is not None:
        assert drawn.fits
        assert faults(drawn.card) == []
        assert "<" not in str(drawn.activity["summary"])


def test_what_was_entered_is_read_back_as_text_and_nothing_else_is() -> None:
    form = _form(_field("cups", FieldKind.INTEGER), _field("note"), _field("left out"))
    sent = {"input.cups": 3, "input.note": "hot", "input.other": "x", "note": "y"}

    assert typed_inputs(form, Payload(sent)) == (("cups", "3"), ("note", "hot"), ("left out", ""))


def test_a_label_shows_what_is_hidden_in_it() -> None:
    ((field, text),) = fields_of_form(_form(_field("a", title="pay\u202eeno")))

    assert "\u202e" not in str(input_element("input.a", field, text)["label"])
