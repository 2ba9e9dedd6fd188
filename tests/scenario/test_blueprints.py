"""The workflows that ship, each from its input to what it leaves behind, in one installation.

The demonstration model writes, people are played by the test, and months pass in a moment.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from runtime.domain.approval import Decide, Verdict
from runtime.domain.conversation import Message, Person, Place
from runtime.domain.json import Json, JsonObject
from runtime.domain.run import RunView
from tests.worlds.product import SHIPPED, Product, product

DAY = 24 * 3600.0
ADA = Person(channel="console", workspace="local", external_id="ada", name="Ada")
BEN = Person(channel="console", workspace="local", external_id="ben", name="Ben")
CYD = Person(channel="console", workspace="local", external_id="cyd", name="Cyd")


@dataclass(slots=True)
class Office:
    """One installation for all of them."""

    product: Product

    def start(self, workflow: str, **given: Json) -> str:
        """Start a workflow in a conversation of its own; give the run's number."""
        key = f"{workflow}:{given}"
        place = Place(channel="console", workspace="local", key=key, address={})
        received = self.product.runtime.receive(
            Message(
                event_key=key,
                person=ADA,
                place=place,
                text=workflow,
                addressed=True,
                workflow=workflow,
                input=given,
            )
        )
        return str(received.number)

    def view(self, run: str) -> RunView:
        """Give how a run stands."""
        return self.product.runtime.view(run, workspace=None)

    def decide(self, run: str, person: Person, verdict: Verdict, reason: str = "") -> None:
        """Decide the one approval that a run waits for."""
        asked = self.product.until(lambda: self._pending(run))
        self.product.runtime.decide(
            Decide(approval=asked, person=person, verdict=verdict, surface="console", reason=reason)
        )

    def _pending(self, run: str) -> str:
        pending = self.product.runtime.approvals(workspace=None, run=run)
        return pending[0].id if pending else ""

    def answer(self, run: str, about: str, text: str) -> None:
        """Answer the question of a run that holds these words."""

        def asked() -> str:
            open_ = [one for one in self.view(run).questions if about in one.text]
            return open_[0].step_id if open_ else ""

        self.product.runtime.answer(self.product.until(asked), ADA, text)

    def pass_time_until(self, run: str, seconds: float, come: Callable[[RunView], object]) -> None:
        """Let time pass, as soon as a run sleeps, until something has come of it."""
        self.product.until(lambda: self._sleeps(run))
        self.product.clock.pass_time(seconds)
        self.product.until(lambda: come(self.view(run)))

    def _sleeps(self, run: str) -> bool:
        rows = self.product.runtime.trace(run, workspace=None)
        root = rows[0].step
        return root.status == "waiting" and root.due_at is not None

    def ended(self, run: str) -> JsonObject:
        """Give what a run came to."""
        view = self.product.until_ended(run)
        assert view.status == "succeeded", (view.run.error, view.run.answer)
        return cast("JsonObject", json.loads(view.run.answer))

    def record(self, register: str, name: str) -> Mapping[str, Json]:
        """Look an entry up where the workflow left it."""
        file = self.product.settings.data / "registers.sqlite"
        with sqlite3.connect(file) as connection:
            found = connection.execute(
                "SELECT fields FROM records WHERE register = ? AND name = ?", (register, name)
            ).fetchone()
        connection.close()
        return cast("Mapping[str, Json]", json.loads(found[0])) if found else {}

    def file(self, run: str, name: str) -> str:
        """Read a file of a run."""
        return self.product.runtime.artifact(run, name, workspace=None)[1].decode()

    def said(self, run: str) -> list[str]:
        """Give what a run has said in its conversation."""
        return [
            str(entry.delivery.payload.get("text"))
            for entry in self.product.runtime.thread(self.view(run).place)
            if entry.delivery is not None and entry.delivery.payload.get("text")
        ]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    home: Path = tmp_path_factory.mktemp("office")
    with product(home) as running:
        yield Office(running)


def test_a_purchase_that_costs_much_needs_two_people(office: Office) -> None:
    run = office.start("vendor-purchase", item="laptop", quantity=12, department="IT")

    office.decide(run, BEN, Verdict.APPROVE)
    assert len(office.product.orders()) == 4
    office.decide(run, CYD, Verdict.APPROVE)
    office.decide(run, ADA, Verdict.APPROVE)

    told = office.ended(run)
    assert str(told["summary"]).startswith("12 × laptop from Nordlicht IT for 11,388.00 EUR")
    assert len(office.product.orders()) == 5
    assert "Left out: Fjord Computing, Quickbyte Direct." in office.file(run, "comparison.md")


def test_a_purchase_that_people_do_not_want_is_not_made(office: Office) -> None:
    run = office.start("vendor-purchase", item="desk", quantity=20, department="Operations")
    orders = len(office.product.orders())

    office.decide(run, BEN, Verdict.REJECT, "we have enough desks")

    assert "we have enough desks" in str(office.ended(run)["summary"])
    assert len(office.product.orders()) == orders


def test_an_incident_is_asked_about_until_it_is_over(office: Office) -> None:
    run = office.start("incident-triage", service="shop", report="Checkout is down for everybody")

    office.pass_time_until(run, 16 * 60, lambda view: view.questions)
    office.answer(run, "over?", "not yet")
    office.pass_time_until(run, 16 * 60, lambda view: view.questions)
    office.answer(run, "over?", "yes")

    told = office.ended(run)
    assert (told["status"], told["owner"]) == ("closed", "Payments team")
    assert office.record("incidents", str(told["incident"]))["told_by"] == "Ada"
    assert any("urgent" in text for text in office.said(run))


def test_a_colleague_is_prepared_for_reminded_about_and_asked_after(office: Office) -> None:
    first_day = (office.product.clock.now() + timedelta(days=30)).date().isoformat()
    run = office.start(
        "employee-onboarding", name="Mina Berg", team="Sales", starts_on=first_day, things=["badge"]
    )
    office.product.until(lambda: office.view(run).questions)

    office.pass_time_until(run, 2 * DAY + 60, lambda _: "Reminder 1" in str(office.said(run)))
    office.answer(run, "badge", "ready")
    office.pass_time_until(run, 30 * DAY, lambda _: "Welcome, Mina Berg" in str(office.said(run)))
    office.pass_time_until(run, 7 * DAY, lambda view: view.questions)
    office.answer(run, "first week", "good")

    assert office.ended(run) == {
        "name": "Mina Berg",
        "badge": "ready",
        "starts_on": first_day,
        "status": "settled in",
        "team": "Sales",
    }


def test_a_piece_is_written_until_its_reviewer_likes_it(office: Office) -> None:
    run = office.start("content-pipeline", topic="our new docking stations")

    office.decide(run, BEN, Verdict.REJECT, "Say where they are sold.")
    office.decide(run, BEN, Verdict.APPROVE)

    assert office.ended(run) == {
        "published": True,
        "topic": "our new docking stations",
        "rounds": 2,
        "reviewed_by": "Ben",
    }
    assert "Say where they are sold." in office.file(run, "piece.md")


def test_invoices_that_do_not_fit_go_to_a_person(office: Office) -> None:
    run = office.start("invoice-matching")

    office.answer(run, "B-7719", "reject")
    office.answer(run, "B-7744", "ask the vendor")

    assert office.ended(run) == {"paid": 3, "exceptions": 2, "to_pay_eur": 16347}
    assert office.record("invoices", "B-7719")["exception"] == "the order was 1490 EUR"
    assert "| B-7744 | 372.5 | ask the vendor | there is no order PO-1099 |" in office.file(
        run, "invoices.md"
    )


def test_the_week_is_reported(office: Office) -> None:
    run = office.start("weekly-report", days=366)

    told = office.ended(run)
    assert cast("int", told["orders"]) >= 4
    assert "| Marketing | 12000 | 12000 |" in office.file(run, "week.md")
    assert any("orders over" in text for text in office.said(run))


def test_words_from_outside_interrupt_few_runs(office: Office) -> None:
    office.ended(office.start("weekly-report", days=365))

    runs = [line.id for line in office.product.runtime.runs(workspace=None, limit=100)]
    asked = [
        run for run in runs if any(one.rule == "outside-data" for one in office.view(run).approvals)
    ]

    assert len(asked) * 4 <= len(runs), asked


def test_every_workflow_that_ships_is_run_here(office: Office) -> None:
    shipped = {file.stem for file in (SHIPPED / "workflows").glob("*.yaml")}

    run_here = set(re.findall(r'office\.start\(\s*"([a-z-]+)"', Path(__file__).read_text("utf-8")))
    assert run_here == shipped
    for workflow in office.product.runtime.workflows():
        assert workflow.summary
        assert workflow.input_schema
