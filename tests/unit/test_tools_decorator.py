"""A typed function becomes a tool."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, cast

import pytest
from pydantic import BaseModel

from runtime.domain.errors import Misconfigured
from runtime.tools import Call, Effect, Preview, Reconciled, Tool, ToolFailed, tool
from runtime.tools.docstring import describe
from tests.worlds.calls import call_with


class Line(BaseModel):
    article: str
    quantity: int = 1


@dataclass(frozen=True)
class Vendor:
    name: str
    country: str | None = None


def order(
    vendor: Vendor,
    lines: list[Line],
    call: Call,
    priority: Literal["low", "high"] = "low",
    labels: dict[str, str] | None = None,
    title: str = "",
    json: bool = False,
) -> dict[str, Any]:
    """Order from a vendor.

    The order
    is final.

    Args:
        vendor: Whom to order from.
        lines (list of Line): What to order,
            in which quantity.
        title: Shown on the order.

    Returns:
        What only people read.
    """
    return {
        "vendor": vendor,
        "quantities": [line.quantity for line in lines],
        "priority": priority,
        "labels": labels,
        "key": call.key,
        "json": json,
    }


def test_type_hints_become_the_schema() -> None:
    made = tool(order)

    assert made.name == "order"
    assert made.parameters == {
        "type": "object",
        "additionalProperties": False,
        "required": ["vendor", "lines"],
        "properties": {
            "vendor": {"$ref": "#/$defs/Vendor", "description": "Whom to order from."},
            "lines": {
                "type": "array",
                "items": {"$ref": "#/$defs/Line"},
                "description": "What to order, in which quantity.",
            },
            "priority": {"type": "string", "enum": ["low", "high"], "default": "low"},
            "labels": {
                "anyOf": [
                    {"type": "object", "additionalProperties": {"type": "string"}},
                    {"type": "null"},
                ],
                "default": None,
            },
            "title": {"type": "string", "default": "", "description": "Shown on the order."},
            "json": {"type": "boolean", "default": False},
        },
        "$defs": {
            "Vendor": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name"],
                "properties": {
                    "name": {"type": "string"},
                    "country": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
                },
            },
            "Line": {
                "type": "object",
                "required": ["article"],
                "properties": {
                    "article": {"type": "string"},
                    "quantity": {"type": "integer", "default": 1},
                },
            },
        },
    }


def test_the_docstring_becomes_the_description_without_what_only_people_read() -> None:
    assert tool(order).description == "Order from a vendor.\n\nThe order is final."


def test_an_undeclared_effect_is_irreversible() -> None:
    assert tool(order).effect is Effect.IRREVERSIBLE
    assert tool(effect=Effect.READ)(order).effect is Effect.READ


def test_arguments_arrive_typed_and_the_call_is_injected() -> None:
    made = tool(order)

    result = made.run(
        {"vendor": {"name": "Acme"}, "lines": [{"article": "a"}], "json": True}, call_with()
    )

    assert result == {
        "vendor": Vendor(name="Acme"),
        "quantities": [1],
        "priority": "low",
        "labels": None,
        "key": "run_1:/work",
        "json": True,
    }


def test_decimals_keep_their_digits() -> None:
    def pay(amount: Decimal) -> str:
        """Pay."""
        return str(amount * 3)

    assert tool(pay).run({"amount": "0.1"}, call_with()) == "0.3"


@pytest.mark.parametrize("arguments", [{"quantity": "5"}, {"quantity": 5.5}, {"quantity": None}])
def test_nothing_is_coerced(arguments: dict[str, Any]) -> None:
    def count(quantity: int) -> int:
        """Count."""
        return quantity

    with pytest.raises(ToolFailed, match="quantity"):
        tool(count).run(arguments, call_with())


def test_hooks_take_any_of_the_parameters_and_see_the_defaults() -> None:
    def preview(amount: float, currency: str, call: Call) -> Preview:
        return Preview(what=f"pay {amount} {currency}", where=call.principal)

    def reconcile(call: Call) -> Reconciled | None:
        return Reconciled(happened=True, result=call.key)

    @tool(preview=preview, reconcile=reconcile, timeout_seconds=5, secrets=["BANK"])
    def pay(amount: float, currency: str = "EUR") -> str:
        """Pay."""
        return f"{amount} {currency}"

    assert isinstance(pay, Tool)
    assert pay.preview is not None
    assert pay.reconcile is not None
    assert pay.preview({"amount": 5}, call_with()).what == "pay 5.0 EUR"
    assert pay.reconcile({"amount": 5}, call_with()) == Reconciled(
        happened=True, result="run_1:/work"
    )
    assert (pay.timeout_seconds, pay.secrets) == (5, ("BANK",))


def untyped(a) -> None:  # pyright: ignore[reportMissingParameterType, reportUnknownParameterType] - what the test is about
    """Do."""


def undocumented(a: str) -> None: ...


def starred(*a: str) -> None:
    """Do."""


def shapeless(a: threading.Event) -> None:
    """Do."""


def callback(a: Callable[[], int]) -> None:
    """Do."""


def told_too_much(a: str) -> None:
    """Do.

    Args:
        a: This.
        b: That.
    """


async def waiting(a: str) -> None:
    """Do."""


@pytest.mark.parametrize(
    ("function", "complaint"),
    [
        (cast("object", untyped), "'a' has no type"),
        (undocumented, "write a docstring"),
        (starred, "'a' has no name"),
        (told_too_much, "tells of 'b'"),
        (waiting, "plain function"),
    ],
)
def test_a_function_that_can_be_no_tool_is_named_with_its_place(
    function: Any, complaint: str
) -> None:
    with pytest.raises(Misconfigured, match=complaint) as caught:
        tool(function)

    assert "test_tools_decorator.py:" in caught.value.public


def test_a_hook_with_a_parameter_of_its_own_is_refused() -> None:
    def preview(total: float) -> Preview:
        return Preview(what=str(total))

    with pytest.raises(Misconfigured, match="takes 'total'"):
        tool(preview=preview)(order)


@pytest.mark.parametrize("name", ["", "a b", "crm.get", "9lives", "x" * 65])
def test_a_name_models_cannot_call_is_refused(name: str) -> None:
    if name:
        with pytest.raises(Misconfigured, match="up to 64"):
            tool(name=name)(order)
    else:
        assert tool(name=name)(order).name == "order"


@pytest.mark.parametrize("function", [shapeless, callback])
def test_a_type_without_a_json_form_is_refused(function: Any) -> None:
    with pytest.raises(Misconfigured, match="no JSON form"):
        tool(function)


def test_field_lists_are_understood_too() -> None:
    described = describe("Do it.\n\n:param a: This one.\n:param str b: That.")

    assert described.text == "Do it."
    assert described.parameters == {"a": "This one.", "b": "That."}
