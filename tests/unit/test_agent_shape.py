"""What counts as an answer of an agent."""

from __future__ import annotations

import pytest

from runtime.agent.shape import check_inputs, check_output
from runtime.domain.errors import Refused
from runtime.domain.json import Json, JsonObject

SCHEMA: JsonObject = {
    "type": "object",
    "required": ["total"],
    "properties": {"total": {"type": "number"}},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [('{"total": 3}', {"total": 3}), ('```json\n{"total": 3}\n```', {"total": 3})],
)
def test_json_that_fits_is_the_answer(text: str, value: Json) -> None:
    assert check_output(text, SCHEMA) == (value, None)


def test_text_is_taken_as_it_is_where_no_schema_is_declared() -> None:
    assert check_output("  ten euros\n", None) == ("ten euros", None)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it is empty"),
        ("  \n", "it is empty"),
        ("ten", "it is not JSON"),
        ("[1]", "at $: [1] is not of type 'object'"),
        ('{"total": "ten"}', "at $.total: 'ten' is not of type 'number'"),
        ("{}", "'total' is a required property"),
    ],
)
def test_what_does_not_fit_is_said_in_words(text: str, problem: str) -> None:
    _, told = check_output(text, SCHEMA)

    assert told is not None
    assert problem in told


def test_inputs_that_do_not_fit_are_refused_before_any_model_is_asked() -> None:
    check_inputs({"total": 1}, SCHEMA, agent="worker")

    with pytest.raises(Refused, match="the inputs of agent 'worker' do not fit"):
        check_inputs({}, SCHEMA, agent="worker")


def test_a_schema_is_never_fetched_from_elsewhere() -> None:
    schema: JsonObject = {"$ref": "http://127.0.0.1:1/schema.json"}

    with pytest.raises(Exception, match=r"127\.0\.0\.1"):
        check_output("{}", schema)
