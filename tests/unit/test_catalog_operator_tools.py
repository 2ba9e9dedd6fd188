"""The operator's tools against a real ledger in a temporary folder."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from runtime.catalog.load import load_catalog
from runtime.catalog.python_tools import python_tools
from runtime.domain.approval import Preview
from runtime.domain.effects import Effect
from runtime.domain.errors import ToolFailed
from runtime.domain.json import Json, JsonObject
from runtime.domain.run import Artifact
from runtime.tools.tool import Call, Reconciled, Tool

AGENTS = Path(__file__).parents[2] / "agents"
ORDER: JsonObject = {
    "vendor": "Nordlicht IT",
    "item": "laptop",
    "quantity": 12,
    "unit_price": 949.0,
    "department": "IT",
}


class NoFiles:
    """A run without files: these tools touch none."""

    def read(self, name: str) -> bytes:
        raise ToolFailed(f"there is no file {name!r}")

    def write(self, name: str, content: bytes, *, media_type: str) -> Artifact:
        raise ToolFailed(f"{name!r} cannot be written ({media_type}, {len(content)} bytes)")

    def names(self) -> list[str]:
        return []


class NoMemory:
    """A workspace that remembers nothing."""

    def remember(self, name: str, value: str) -> None:
        raise ToolFailed(f"{name!r} cannot be remembered as {value!r}")

    def recall(self, query: str) -> list[tuple[str, str]]:
        del query
        return []

    def forget(self, name: str) -> bool:
        del name
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The operator's tools, and the ledger they write to."""

    data: Path
    record: Tool
    summary: Tool

    def call(self, key: str = "key-1") -> Call:
        return Call(
            run_id="run_1",
            step_id="run_1:/tool",
            key=key,
            principal="terminal:local/ada",
            files=NoFiles(),
            memory=NoMemory(),
            secrets={},
            data=self.data,
        )

    def order(self, key: str = "key-1", /, **changes: Json) -> Mapping[str, Json]:
        result = self.record.run({**ORDER, **changes}, self.call(key))
        return cast("Mapping[str, Json]", result)

    def preview(self, **changes: Json) -> Preview:
        assert self.record.preview is not None
        return self.record.preview({**ORDER, **changes}, self.call())

    def reconcile(self, key: str = "key-1") -> Reconciled | None:
        assert self.record.reconcile is not None
        return self.record.reconcile(ORDER, self.call(key))

    def sql(self, statement: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.data / "ledger.sqlite")) as connection, connection:
            return connection.execute(statement).fetchall()

    def orders(self) -> int:
        return cast("int", self.sql("SELECT count(*) FROM purchase_orders")[0][0])


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as connection:
        connection.executescript((AGENTS / "data" / "ledger.sql").read_text())
    tools = {tool.name: tool for tool in python_tools(load_catalog(AGENTS).agent("operator"))}
    return Desk(
        data=tmp_path, record=tools["record_purchase_order"], summary=tools["ledger_summary"]
    )


def test_an_order_is_recorded_with_its_total_and_what_is_left(desk: Desk) -> None:
    result = desk.order()

    assert result["order"] == "PO-1005"
    assert result["total"] == 11388.0
    assert result["budget_left"] == 60000.0 - 13875.0 - 11388.0
    assert desk.sql(
        "SELECT vendor, item, quantity, total_cents, department, requested_by, call_key"
        " FROM purchase_orders WHERE number = 5"
    ) == [("Nordlicht IT", "laptop", 12, 1138800, "IT", "terminal:local/ada", "key-1")]


def test_recording_is_irreversible_and_previewed_and_reconciled(desk: Desk) -> None:
    assert desk.record.effect is Effect.IRREVERSIBLE
    assert desk.record.preview is not None
    assert desk.record.reconcile is not None
    assert desk.summary.effect is Effect.READ


def test_the_same_call_again_records_nothing_and_gives_the_same_order(desk: Desk) -> None:
    before = desk.orders()
    first = desk.order()

    again = desk.order()

    assert again == first
    assert desk.orders() == before + 1


def test_a_repeat_is_recognised_even_when_the_budget_is_used_up(desk: Desk) -> None:
    first = desk.order()
    desk.sql("UPDATE budgets SET yearly_cents = 0")

    assert desk.order()["order"] == first["order"]


def test_another_call_is_another_order(desk: Desk) -> None:
    assert desk.order("key-1")["order"] != desk.order("key-2")["order"]


def test_names_are_found_whatever_their_capitals_and_recorded_as_the_ledger_spells_them(
    desk: Desk,
) -> None:
    result = desk.order(vendor=" nordlicht  it", department="sales")

    assert result["vendor"] == "Nordlicht IT"
    assert result["department"] == "Sales"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vendor": "Acme"}, ["'Acme'", "use one of: Brightdesk Supply, Castellan Systems"]),
        ({"vendor": "Quickbyte Direct"}, ["suspended", "two late deliveries", "use one of"]),
        ({"department": "Legal"}, ["'Legal'", "use one of: IT, Marketing, Operations, Sales"]),
        (
            {"department": "Marketing", "quantity": 13},
            ["12,337.00 EUR", "12,000.00 EUR left", "order fewer"],
        ),
        ({"quantity": 0}, ["quantity is 0", "order 1 or more"]),
        ({"unit_price": 9.999}, ["at most two decimals"]),
        ({"unit_price": 0}, ["unit_price is 0"]),
        ({"item": " "}, ["item is empty"]),
    ],
)
def test_what_does_not_fit_is_refused_before_and_at_the_call_and_nothing_is_written(
    desk: Desk, changes: dict[str, Json], words: list[str]
) -> None:
    before = desk.orders()

    with pytest.raises(ToolFailed) as at_the_call:
        desk.order(**changes)
    with pytest.raises(ToolFailed) as at_the_preview:
        desk.preview(**changes)

    assert at_the_preview.value.public == at_the_call.value.public
    assert all(word in at_the_call.value.public for word in words)
    assert desk.orders() == before


def test_an_order_may_use_the_budget_up_to_the_last_cent(desk: Desk) -> None:
    result = desk.order(department="Marketing", quantity=1, unit_price=12000.0)

    assert result["budget_left"] == 0.0


def test_the_preview_says_what_where_and_how_much_and_writes_nothing(desk: Desk) -> None:
    before = desk.orders()

    preview = desk.preview()

    assert "12 × laptop from Nordlicht IT" in preview.what
    assert "949.00 EUR each, 11,388.00 EUR in total" in preview.what
    assert "budget of IT" in preview.what
    assert "ledger.sqlite" in preview.where
    assert preview.how_many == 12
    assert not preview.reversible
    assert desk.orders() == before


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE budgets SET yearly_cents = yearly_cents + 1 WHERE department = 'IT'",
        "INSERT INTO purchase_orders (call_key, vendor, item, quantity, unit_price_cents,"
        " total_cents, department, requested_by)"
        " VALUES ('k', 'Nordlicht IT', 'monitor', 1, 100, 100, 'IT', 'x')",
    ],
)
def test_the_fingerprint_drifts_with_the_budget_it_stands_on(desk: Desk, change: str) -> None:
    before = desk.preview().fingerprint

    desk.sql(change)

    assert desk.preview().fingerprint != before


def test_the_fingerprint_stays_while_others_spend_elsewhere(desk: Desk) -> None:
    before = desk.preview().fingerprint

    desk.order("other", department="Sales", quantity=1)

    assert desk.preview().fingerprint == before


def test_reconciling_finds_the_order_that_was_recorded(desk: Desk) -> None:
    result = desk.order()

    assert desk.reconcile() == Reconciled(happened=True, result=result)


def test_reconciling_says_that_nothing_happened_where_there_is_no_key(desk: Desk) -> None:
    desk.order("another call")

    assert desk.reconcile() == Reconciled(happened=False, result=None)


def test_without_a_ledger_the_model_is_told_and_none_is_made(desk: Desk) -> None:
    (desk.data / "ledger.sqlite").unlink()

    with pytest.raises(ToolFailed, match=r"ledger\.sqlite"):
        desk.order()

    assert list(desk.data.iterdir()) == []


def test_the_summary_shows_budgets_vendors_and_the_latest_orders(desk: Desk) -> None:
    desk.order()

    summary = cast("dict[str, list[JsonObject]]", desk.summary.run({}, desk.call()))

    sales = next(row for row in summary["departments"] if row["department"] == "Sales")
    assert (sales["budget_eur"], sales["ordered_eur"], sales["left_eur"]) == (25000, 1490, 23510)
    assert len(summary["vendors"]) == 6
    assert summary["latest_orders"][0]["order"] == "PO-1005"
