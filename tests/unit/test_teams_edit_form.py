"""The form that changes a call: filled with what stands there, and read back exactly."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.teams.edit_form import edit_fields, read_edit
from bots.teams.payload import Payload
from runtime.domain.errors import Refused
from runtime.domain.json import JsonObject

SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "item": {"type": "string", "maxLength": 60},
        "quantity": {"type": "integer", "minimum": 1, "maximum": 500},
        "price": {"type": "number"},
        "urgent": {"type": "boolean"},
        "vendor": {"type": "string", "enum": ["Nordlicht IT", "Byte & Co"]},
        "lines": {"type": "array"},
        "note": {"type": ["string", "null"]},
    },
    "required": ["item", "quantity"],
}
VALUES: JsonObject = {
    "item": "laptop",
    "quantity": 12,
    "price": 940.5,
    "urgent": True,
    "vendor": "Nordlicht IT",
    "lines": [{"sku": "A"}],
}


def _typed(schema: JsonObject = SCHEMA, values: JsonObject = VALUES, **typed: Any) -> Payload:
    """Give what a client sends: every field as it stands, with some typed over by name."""
    fields = edit_fields(schema, values)
    assert fields is not None
    names = sorted(cast("dict[str, Any]", schema["properties"]))
    sent = {one["id"]: one.get("value", "") for one in fields}
    for name, value in typed.items():
        sent[f"argument{names.index(name)}"] = value
    return Payload(sent)


def test_fields_hold_what_stands_there_and_what_the_schema_asks() -> None:
    fields = edit_fields(SCHEMA, VALUES)

    assert fields is not None
    by_label = {one["label"]: one for one in fields}
    assert [one["type"] for one in fields] == [
        "Input.Text", "Input.Text", "Input.Text", "Input.Number", "Input.Number",
        "Input.Toggle", "Input.ChoiceSet",
    ]  # fmt: skip
    assert (by_label["quantity"]["min"], by_label["quantity"]["max"]) == (1, 500)
    assert by_label["quantity"]["isRequired"] is True
    assert by_label["note"]["isRequired"] is False
    assert by_label["item"]["maxLength"] == 60
    assert by_label["lines"]["value"] == '[{"sku": "A"}]'


@pytest.mark.parametrize(
    ("typed", "changed"),
    [
        ({"item": "desk"}, {"item": "desk"}),
        ({"quantity": "14"}, {"quantity": 14}),
        ({"quantity": 14}, {"quantity": 14}),
        ({"quantity": 14.0}, {"quantity": 14}),
        ({"price": "1e3"}, {"price": 1000.0}),
        ({"urgent": "false"}, {"urgent": False}),
        ({"vendor": "Byte & Co"}, {"vendor": "Byte & Co"}),
        ({"lines": '[{"sku": "B"}]'}, {"lines": [{"sku": "B"}]}),
        ({"note": "by Friday"}, {"note": "by Friday"}),
        ({"item": ""}, {"item": ""}),
    ],
)
def test_what_is_typed_becomes_a_value_of_its_kind(
    typed: dict[str, Any], changed: dict[str, Any]
) -> None:
    assert read_edit(SCHEMA, VALUES, _typed(**typed)) == {**VALUES, **changed}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"quantity": "a dozen"}, "whole number for quantity, at least 1, at most 500"),
        ({"urgent": "perhaps"}, "Say yes or no"),
        ({"lines": "[" * 5_000}, "Write it as JSON"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(typed: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        read_edit(SCHEMA, VALUES, _typed(**typed))


def test_what_need_not_be_said_is_taken_out_by_emptying_its_field() -> None:
    read = read_edit(SCHEMA, VALUES, _typed(price="", vendor="", note=""))

    assert read == {name: one for name, one in VALUES.items() if name not in ("price", "vendor")}
    with pytest.raises(Refused, match="whole number for quantity"):
        read_edit(SCHEMA, VALUES, _typed(quantity=""))


def test_nothing_changed_is_no_change() -> None:
    with pytest.raises(Refused, match="nothing was changed"):
        read_edit(SCHEMA, VALUES, _typed())
    with pytest.raises(Refused, match="nothing was changed"):
        read_edit(SCHEMA, VALUES, Payload({"argument99": "x", "item": "desk"}))


MANY: JsonObject = {"properties": {f"a{number}": {"type": "string"} for number in range(13)}}


@pytest.mark.parametrize(
    ("schema", "values"),
    [
        ({"type": "object"}, {}),
        (MANY, {}),
        ({"properties": {"item": {"type": "string"}}}, {"item": "laptop", "hidden": "more"}),
        ({"properties": {"item": {"type": "string"}}}, {"item": "x" * 4_001}),
    ],
)
def test_what_no_form_can_hold_has_none(schema: JsonObject, values: JsonObject) -> None:
    assert edit_fields(schema, values) is None


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=80), other=st.text(max_size=80))
def test_any_text_is_read_back_as_it_was_typed(text: str, other: str) -> None:
    schema: JsonObject = {"properties": {"note": {"type": "string"}, "item": {"type": "string"}}}
    values: JsonObject = {"note": text, "item": "laptop"}
    storable = Payload(other).text()

    if storable == text or not storable:
        return
    assert read_edit(schema, values, _typed(schema, values, note=storable))["note"] == storable
