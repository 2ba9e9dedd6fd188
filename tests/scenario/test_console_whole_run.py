"""The console as its page uses it, on the real product: talk, decide, answer, read."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.resources import files
from json import dumps
from pathlib import Path

import pytest

from runtime.audit.page import check_page
from tests.worlds.console_page import Page
from tests.worlds.product import product

OPENING_ORDERS = 4


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    with product(tmp_path / "home") as running:
        yield Page(running)


def test_a_newcomer_buys_laptops_with_one_click(page: Page) -> None:
    said = page.say("Buy 12 laptops from the best vendor")
    assert said["reception"] == "started"

    approval = page.until("approval", status="pending")
    assert "12 × laptop from Nordlicht IT" in approval["what"]
    assert approval["reversible"] is False
    assert [one["approval_id"] for one in page.get("/api/approvals")["cards"]] == [
        approval["approval_id"]
    ]
    assert len(page.product.orders()) == OPENING_ORDERS
    assert page.decide(approval, "approve")["won"] is True

    answer = page.until("answer")
    assert answer["outcome"] == "succeeded"
    assert answer["demonstration"] is True
    (ordered,) = page.product.orders()[OPENING_ORDERS:]
    assert (ordered["item"], ordered["quantity"]) == ("laptop", 12)
    (name,) = [one["name"] for one in answer["files"]]
    shown = page.get(f"/api/runs/1/artifacts/{name}?view=1")
    assert "table" in [block["tag"] for block in shown["blocks"]]
    assert page.get("/api/approvals")["cards"] == []
    kinds = [one["kind"] for one in page.get(f"/api/thread?key={page.key}")["entries"]]
    assert kinds == ["said", "run", "approval", "answer"]


def test_the_evidence_of_a_run_is_put_together_for_the_page(page: Page) -> None:
    page.say("What is 6 times 7?")
    page.until("answer")

    assert page.post("/api/runs/1/evidence", {}) == {"number": 1}

    def made() -> list[str]:
        found = page.get("/api/runs/1")["artifacts"]
        return [one["name"] for one in found if one["evidence"]]

    assert page.product.until(made) == ["run-1.html", "run-1.jsonl"]
    _, content = page.product.runtime.artifact("1", "run-1.html", workspace=None)
    assert check_page(content).problems == ()
    assert [one["name"] for one in page.until("answer")["files"] if "run-1" in one["name"]] == []


def test_a_rejection_keeps_its_reason_and_orders_nothing(page: Page) -> None:
    page.say("Buy 12 laptops from the best vendor")
    approval = page.until("approval", status="pending")

    page.decide(approval, "reject", "too dear this quarter")

    assert page.until("approval", status="rejected")["outcome"].endswith("too dear this quarter")
    answered = page.until("answer")
    assert answered["outcome"] != "succeeded"
    assert answered["text"].startswith(
        "This did not work: Operator rejected record_purchase_order: too dear this quarter"
    )
    assert answered["text"].count("too dear") == 1
    assert "propose" not in answered["text"]
    order = next(one for one in page.until("run")["steps"] if "order" in one["title"])
    assert (order["status"], order["detail"]) == ("rejected", "rejected by Operator")
    assert len(page.product.orders()) == OPENING_ORDERS
    audited = dumps(page.get("/api/runs/1/audit"))
    assert "too dear this quarter" in audited


def test_an_answered_question_resumes_the_same_step(page: Page) -> None:
    page.say("Order 3 docking stations")
    question = page.until("question", answered="")
    assert "Sales" in question["choices"]

    page.post("/api/questions", {"step": question["step_id"], "text": "Sales"})

    assert "Sales" in page.until("question")["answered"]
    approval = page.until("approval", status="pending")
    department = {one["name"]: one["value"] for one in approval["arguments"]}["department"]
    assert department == "Sales"


def test_a_typed_command_answers_a_question_too(page: Page) -> None:
    page.say("Order 3 docking stations")
    page.until("question", answered="")

    reply = page.say("/answer 1 sales")

    assert (reply["ok"], reply["reply"]) == (True, "Run #1 was told: Sales")
    page.until("approval", status="pending")


def test_the_page_is_told_that_a_demonstration_answers(page: Page) -> None:
    assert page.get("/api/session")["demonstration"] is True


def test_the_page_is_not_told_so_beside_a_real_model(tmp_path: Path) -> None:
    with product(tmp_path / "home", model="openai/some-model") as running:
        assert Page(running).get("/api/session")["demonstration"] is False


def test_the_script_finds_every_element_it_names_and_is_sound(tmp_path: Path) -> None:
    folder = files("bots.console").joinpath("page")
    script = folder.joinpath("app.js").read_text(encoding="utf-8")
    document = folder.joinpath("index.html").read_text(encoding="utf-8")

    named = set(re.findall(r'\$\("([\w-]+)"\)', script))

    assert named <= set(re.findall(r'\bid="([\w-]+)"', document))
    if node := shutil.which("node"):
        copy = tmp_path / "app.mjs"
        copy.write_text(script, encoding="utf-8")
        checked = subprocess.run([node, "--check", str(copy)], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stderr
