"""A model's argument text: read, checked, and complained about so that it can be repaired."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.domain.effects import Effect
from runtime.domain.errors import Misconfigured, ToolFailed
from runtime.domain.json import Json, JsonObject
from runtime.tools.registry import Registry
from runtime.tools.schema import parse_arguments
from runtime.tools.tool import Call, Tool

SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "vendor": {"type": "string"},
        "amount": {"type": "number", "minimum": 0},
        "currency": {"enum": ["EUR", "USD"]},
        "lines": {
            "type": "array",
            "items": {"type": "object", "properties": {"price": {"type": "number"}}},
        },
    },
    "required": ["vendor"],
    "additionalProperties": False,
}


def nothing(arguments: JsonObject, call: Call) -> Json:
    return None


def named(name: str, schema: JsonObject = SCHEMA, source: str = "built-in") -> Tool:
    return Tool(
        name=name,
        description="Do.",
        parameters=schema,
        effect=Effect.READ,
        run=nothing,
        source=source,
    )


ORDER = named("order")


def test_good_arguments_come_back_as_they_are() -> None:
    text = '{"vendor": "Ada & Söhne", "amount": 12, "lines": [{"price": 1.5}]}'

    assert parse_arguments(text, tool=ORDER) == json.loads(text)


def test_no_text_is_no_arguments() -> None:
    free = named("now", {"type": "object", "properties": {}})

    assert parse_arguments("  ", tool=free) == {}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"vendor": "A",}', "at line 1, column"),
        ('{"vendor": "A"\n"amount": 1}', "Expecting ',' delimiter at line 2, column 1"),
        ('{"vendor": "A"} thanks', "Extra data"),
        ('```json\n{"vendor": "A"}\n```', "Send one JSON object and nothing else"),
        ('{"vendor": "A", "vendor": "B"}', "give 'vendor' twice"),
        ('{"vendor": "A", "amount": NaN}', "NaN, which is no JSON number"),
        ('{"vendor": "\\ud800"}', "half a character pair"),
        ("[" * 100_000, "nested too deeply"),
        ('{"vendor": ' + "9" * 5000 + "}", "too long"),
        ('{"vendor": "' + "x" * 1_000_001 + '"}', "send at most"),
        ('["A"]', "are a list; send one JSON object"),
        ('"{}"', "are text"),
        ("null", "are null"),
        ("{}", r"\$: 'vendor' missing"),
        ('{"vendor": 5}', r"\$\.vendor: expected string, got number 5"),
        ('{"vendor": "A", "amount": "5"}', r"\$\.amount: expected number, got text \"5\""),
        ('{"vendor": "A", "amount": true}', r"\$\.amount: expected number, got boolean true"),
        ('{"vendor": "A", "amount": -1}', r"\$\.amount: .*minimum"),
        ('{"vendor": "A", "currency": "eur"}', r'expected one of "EUR", "USD", got "eur"'),
        ('{"vendr": "A"}', "did you mean 'vendor'"),
        ('{"vendor": "A", "lines": [{"price": 1}, {"price": "2"}]}', r"\$\.lines\[1\]\.price"),
    ],
)
def test_bad_arguments_say_where_and_what_was_expected(text: str, complaint: str) -> None:
    with pytest.raises(ToolFailed, match=complaint) as caught:
        parse_arguments(text, tool=ORDER)

    assert len(caught.value.public) < 2000


@given(text=st.text(max_size=200))
def test_no_text_does_worse_than_a_complaint(text: str) -> None:
    try:
        arguments = parse_arguments(text, tool=ORDER)
    except ToolFailed:
        return
    assert isinstance(arguments["vendor"], str)


def test_a_schema_that_points_elsewhere_fetches_nothing() -> None:
    remote = named("r", {"type": "object", "$ref": "http://169.254.169.254/schema.json"})

    with pytest.raises(Misconfigured, match="refers to another place"):
        parse_arguments("{}", tool=remote)


def test_granted_patterns_give_tools_once_and_in_order() -> None:
    registry = Registry([named("crm.get"), named("crm.put"), named("now"), named("crmx.get")])

    granted = registry.granted(["now", "crm.*", "crm.put"])

    assert [tool.name for tool in granted] == ["now", "crm.get", "crm.put"]
    assert registry.granted([]) == []


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("calculat", r"agents/a\.md: no tool is named 'calculat'; did you mean 'calculate'"),
        ("crn.*", r"did you mean 'crm\.\*'"),
        ("*", "there are:"),
        ("zzzzzz", "there are: calculate, crm.get"),
    ],
)
def test_an_unknown_name_is_refused_with_what_is_near(pattern: str, complaint: str) -> None:
    registry = Registry([named("calculate"), named("crm.get")])

    with pytest.raises(Misconfigured, match=complaint):
        registry.granted([pattern], where="agents/a.md")


def test_two_tools_of_one_name_are_refused() -> None:
    with pytest.raises(Misconfigured, match=r"one from built-in and one from agents/a/tools\.py"):
        Registry([named("x"), named("x", source="agents/a/tools.py")])


@pytest.mark.parametrize(
    "schema", [{"type": "array"}, {"type": "object", "properties": {"a": {"type": "strng"}}}]
)
def test_a_tool_without_a_proper_schema_is_refused(schema: JsonObject) -> None:
    with pytest.raises(Misconfigured, match=r"[sS]chema"):
        Registry([named("x", schema)])


def test_tools_of_a_server_that_is_down_are_left_out_and_told() -> None:
    registry = Registry([named("now")], missing={"crm": "it is down"})

    assert [tool.name for tool in registry.granted(["crm.*", "crm.get", "now"])] == ["now"]
    assert registry.absent(["crm.*", "now"]) == {"crm.*": "it is down"}
