"""A plan that worked becomes a workflow, which does the same again without a planner."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bots.commands.asked import Asked
from bots.commands.dispatch import execute, run_command
from bots.commands.grammar import Command
from runtime.domain.approval import Decide, Verdict
from runtime.domain.conversation import Person, Place
from runtime.domain.json import Json
from runtime.domain.run import RunView
from runtime.worker import prepare_data
from tests.worlds.product import Product, copy_of_agents, product

REQUEST = "Buy 12 laptops from the best vendor for Sales"
ADA = Person(channel="console", workspace="local", external_id="ada", name="Ada")
PLACE = Place(channel="console", workspace="local", key="here", address={})


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Product]:
    with product(tmp_path / "home", agents=copy_of_agents(tmp_path)) as running:
        yield running


def bought(office: Product, text: str, *, workflow: str = "", **given: Json) -> RunView:
    """Have something bought, say yes to the order, and give the run when it has ended."""
    asked = Asked(runtime=office.runtime, person=ADA, place=PLACE, surface="console")
    command = Command(verb="run", text=text, workflow=workflow or None, input=given or None)
    started = execute(command, asked)
    assert started.ok, started.text
    [approval] = office.until(lambda: office.runtime.approvals(workspace=None))
    office.runtime.decide(
        Decide(approval=approval.id, person=ADA, verdict=Verdict.APPROVE, surface="console")
    )
    view = office.until_ended(str(started.run_id))
    assert view.status == "succeeded", view.run.error
    return view


def last_order(office: Product) -> list[object]:
    """Give what was ordered last, without what is new with every order."""
    kept = ("vendor", "item", "quantity", "total_cents", "department", "requested_by")
    return [office.orders()[-1][name] for name in kept]


def asked_for(office: Product, run: RunView) -> set[str]:
    """Name what models were asked for in a run."""
    rows = office.runtime.trace(run.run.id, workspace=None)
    return {row.step.title for row in rows if row.step.kind == "model"}


def test_a_plan_that_worked_is_repeated_without_a_planner(office: Product, tmp_path: Path) -> None:
    planned = bought(office, REQUEST)
    ordered = last_order(office)
    assert "plan" in asked_for(office, planned)

    made = run_command(
        f"workflows from-run {planned.run.number} laptops",
        runtime=office.runtime,
        person=ADA,
        place=PLACE,
        surface="console",
    )
    assert made.ok, made.text
    folder = tmp_path / "agents" / "workflows"
    (folder / "laptops.yaml").write_text(made.text, encoding="utf-8")
    (office.settings.data / "ledger.sqlite").unlink()
    prepare_data(office.settings.agents_path, office.settings.data)
    office.clock.pass_time(2)
    again = bought(
        office, "once more", workflow="laptops", item="laptop", quantity=12, department="Sales"
    )

    assert again.run.answer == planned.run.answer
    assert last_order(office) == ordered
    assert "plan" not in asked_for(office, again)
    assert [step.title for step in again.steps][:3] == [
        "Find the offers",
        "Check budget and vendors",
        "Compare the offers",
    ]
    refused = run_command(
        f"workflows from-run {again.run.number}",
        runtime=office.runtime,
        person=ADA,
        place=PLACE,
        surface="console",
    )
    assert "it was a workflow already" in refused.text
