"""Other arguments for a call, as people type them."""

from __future__ import annotations

import pytest

from bots.commands.changes import changed_arguments
from bots.commands.grammar import parse
from bots.commands.usage import NotUnderstood
from runtime.domain.errors import Refused
from runtime.domain.json import JsonObject

SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "quantity": {"type": "integer"},
        "vendor": {"type": "string"},
        "lines": {"type": "array", "items": {"type": "object", "properties": {}}},
    },
}


@pytest.mark.parametrize(
    ("typed", "changes", "text"),
    [
        ("approve 3 --set quantity=10", (("quantity", "10"),), ""),
        ("approve 3 --set quantity=10 fewer will do", (("quantity", "10"),), "fewer will do"),
        ('approve 3 --set vendor="Nord IT" --set a=1', (("vendor", "Nord IT"), ("a", "1")), ""),
        ('approve 3 --set "vendor=Nord IT" ok', (("vendor", "Nord IT"),), "ok"),
        ("approve 3 —set vendor=“Nord IT”", (("vendor", "Nord IT"),), ""),
        ("approve 3 --set lines.0.amount=4", (("lines.0.amount", "4"),), ""),
        ("approve 3 we set a=1 before", (), "we set a=1 before"),
    ],
)
def test_changes_are_taken_out_of_the_line(
    typed: str, changes: tuple[tuple[str, str], ...], text: str
) -> None:
    command = parse(typed)

    assert (command.changes, command.text) == (changes, text)


def test_all_arguments_may_be_given_as_json() -> None:
    command = parse('approve 3 --arguments {"quantity": 10, "note": "a } b"} fewer')

    assert (command.arguments, command.text) == ({"quantity": 10, "note": "a } b"}, "fewer")


@pytest.mark.parametrize(
    "typed", ["approve 3 --set quantity", "approve 3 --arguments [1]", "approve 3 --arguments {"]
)
def test_what_is_not_of_its_form_is_not_taken_for_a_reason(typed: str) -> None:
    with pytest.raises(NotUnderstood):
        parse(typed)


def test_values_are_read_as_the_schema_says() -> None:
    before: JsonObject = {"quantity": 12, "vendor": "A", "lines": [{"amount": 1}]}

    after = changed_arguments(
        before, [("quantity", "10"), ("vendor", "10"), ("lines.0.amount", "4")], SCHEMA
    )

    assert after == {"quantity": 10, "vendor": "10", "lines": [{"amount": 4}]}
    assert before["quantity"] == 12


def test_what_is_not_there_cannot_be_set() -> None:
    with pytest.raises(Refused, match=r"no argument 'quantity\.of'"):
        changed_arguments({"quantity": 1}, [("quantity.of", "2")], SCHEMA)
    with pytest.raises(Refused, match="nothing below 'of'"):
        changed_arguments({"quantity": 1}, [("quantity.of.it", "2")], SCHEMA)
