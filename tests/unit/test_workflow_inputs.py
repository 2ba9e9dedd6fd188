"""What a workflow needs to be told: asked for as fields, and read as values."""

from __future__ import annotations

import pytest

from bots.commands import CommandReply, run_command
from runtime.catalog.workflow.inputs import form_of, input_of
from runtime.catalog.workflow.read import parse_workflow
from runtime.domain.form import FieldKind, InputNeeded
from runtime.domain.json import Json
from tests.worlds.front_door import ADA, THREAD, FrontDoor

RESTOCK = parse_workflow(
    """\
document: {dsl: '1.0.3', namespace: shop, name: restock, version: '1.2.0', title: Restock}
input:
  schema:
    document:
      type: object
      required: [item, pieces, rush]
      additionalProperties: false
      properties:
        item: {type: string, title: What, description: What to order., maxLength: 40}
        pieces: {type: integer, minimum: 1, maximum: 99}
        price: {type: [number, 'null']}
        rush: {type: boolean, default: false}
        shelf: {$ref: '#/$defs/shelf'}
        tags: {type: array, items: {type: string}}
        lines: {type: array, items: {type: object, required: [name]}}
        until: {type: string, format: date}
        extra: {}
      $defs:
        shelf: {type: string, enum: [Left, Right]}
do:
  - order: {set: '${ . }'}
""",
    file="restock.yaml",
)
PLAIN = parse_workflow(
    "document: {dsl: '1.0.3', namespace: shop, name: report, version: '1.0.0'}\n"
    "do: [{a: {set: {x: 1}}}]\n",
    file="report.yaml",
)


@pytest.fixture
def door() -> FrontDoor:
    return FrontDoor(flows=[RESTOCK, PLAIN])


def typed(door: FrontDoor, text: str, *, surface: str = "slack") -> CommandReply:
    return run_command(text, runtime=door, person=ADA, place=THREAD, surface=surface)


def test_a_schema_is_a_form() -> None:
    form = form_of(RESTOCK, {"pieces": 3})

    kinds = {one.name: one.kind for one in form.fields}
    by_name = {one.name: one for one in form.fields}
    assert kinds == {
        "item": FieldKind.TEXT,
        "pieces": FieldKind.INTEGER,
        "price": FieldKind.NUMBER,
        "rush": FieldKind.BOOLEAN,
        "shelf": FieldKind.CHOICE,
        "tags": FieldKind.LIST,
        "lines": FieldKind.JSON,
        "until": FieldKind.DATE,
        "extra": FieldKind.JSON,
    }
    assert [one.name for one in form.missing] == ["item"]
    assert (by_name["item"].title, by_name["item"].longest) == ("What", 40)
    assert (by_name["pieces"].initial, by_name["pieces"].most) == ("3", 99)
    assert (by_name["rush"].initial, by_name["rush"].default) == ("no", False)
    assert by_name["shelf"].choices == ("Left", "Right")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("item", "007", "007"),
        ("pieces", " 12 ", 12),
        ("price", "12.50", 12.5),
        ("rush", "Yes", True),
        ("rush", "off", False),
        ("shelf", "left", "Left"),
        ("tags", "tea, green tea", ["tea", "green tea"]),
        ("tags", '["a,b"]', ["a,b"]),
        ("lines", '[{"name": "tea"}]', [{"name": "tea"}]),
        ("extra", "3", 3),
        ("extra", "three", "three"),
    ],
)
def test_what_is_typed_has_the_type_of_the_schema(name: str, text: str, value: Json) -> None:
    whole = input_of(RESTOCK, [(name, text)], given={"item": "tea", "pieces": 1})

    assert whole == {"item": "tea", "pieces": 1, "rush": False, name: value}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("pieces", "twelve", "no whole number"),
        ("pieces", "1.0", "no whole number"),
        ("pieces", "100", "greater than the maximum of 99"),
        ("price", "NaN", "no number"),
        ("price", "true", "no number"),
        ("rush", "perhaps", "neither yes nor no"),
        ("shelf", "middle", "none of Left, Right"),
        ("lines", "tea", "JSON array"),
        ("lines", '[{"nome": 1}]', "at 0: 'name' is a required property"),
        ("colour", "red", "unexpected"),
    ],
)
def test_what_does_not_fit_is_said_by_field(name: str, text: str, words: str) -> None:
    with pytest.raises(InputNeeded) as caught:
        input_of(RESTOCK, [(name, text)], given={"item": "tea", "pieces": 1})

    [(where, said)] = caught.value.wrong.items()
    assert where in (name, "")
    assert words in said


def test_fields_left_empty_are_left_out_and_missing_ones_are_named() -> None:
    with pytest.raises(InputNeeded) as caught:
        input_of(RESTOCK, [("pieces", ""), ("price", " "), ("shelf", "")], given={"price": 2})

    assert caught.value.wrong == {"item": "it is missing", "pieces": "it is missing"}
    assert caught.value.form.given == {"rush": False}


@pytest.mark.parametrize(
    "line",
    [
        "run restock item=tea pieces=3",
        "run restock item='tea' pieces=3",
        "run restock “item=tea” pieces=3",
        "run restock 'item=tea' pieces=\"3\"",
    ],
)
def test_a_line_starts_a_workflow_with_typed_values(door: FrontDoor, line: str) -> None:
    reply = typed(door, line)

    [message] = door.messages
    assert reply.ok
    assert (message.workflow, message.text) == ("restock", "Restock")
    assert message.input == {"item": "tea", "pieces": 3, "rush": False}


def test_what_is_missing_is_asked_for_as_a_form_and_as_a_line_to_type(door: FrontDoor) -> None:
    reply = typed(door, 'run restock tags="green tea"')

    assert (reply.ok, reply.code, door.messages) == (False, "input_needed", [])
    assert reply.form is not None
    assert reply.form.given == {"tags": ["green tea"], "rush": False}
    assert set(reply.wrong) == {"item", "pieces"}
    assert "item (TEXT): it is missing — What · What to order." in reply.text
    assert reply.text.endswith(
        'Write: /baton run restock "tags=green tea" rush=no item=TEXT pieces=NUMBER'
    )
    again = reply.text.rpartition("/baton ")[2].replace("=TEXT", "=oolong").replace("NUMBER", "2")
    assert typed(door, again).ok
    assert door.messages[0].input == {
        "tags": ["green tea"], "rush": False, "item": "oolong", "pieces": 2,
    }  # fmt: skip


def test_a_workflow_without_inputs_is_started_by_its_name_alone(door: FrontDoor) -> None:
    assert typed(door, "run report").ok
    assert (door.messages[0].workflow, door.messages[0].input) == ("report", {})


@pytest.mark.parametrize("line", ["run report on sales", "run restock the shelves x=1", "run a=b"])
def test_other_words_are_a_request_to_plan(door: FrontDoor, line: str) -> None:
    assert typed(door, line).ok
    assert door.messages[0].workflow is None
    assert door.messages[0].text == line.removeprefix("run ")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("run restok item=tea", "did you mean 'restock'"),
        ("run restock item=tea and more", "'and more' sets nothing"),
    ],
)
def test_mistypes_start_nothing(door: FrontDoor, line: str, words: str) -> None:
    reply = typed(door, line)

    assert (reply.ok, door.messages) == (False, [])
    assert words in reply.text


def test_a_workflow_is_shown_with_what_it_takes(door: FrontDoor) -> None:
    shown = typed(door, "workflows show restock")
    unknown = typed(door, "workflows show restok")

    assert "restock@1.2.0" in shown.text
    assert "Start it with: /baton run restock item=TEXT pieces=NUMBER" in shown.text
    assert str(shown.data["fields"]).startswith("[{'name': 'item'")
    assert "write 'restock'" in unknown.text
