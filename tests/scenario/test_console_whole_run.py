"""The console as its page uses it, on the real product: talk, decide, answer, read."""

from __future__ import annotations

import re
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from importlib.resources import files
from json import dumps, loads
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.worlds.product import Product, product

OPENING_ORDERS = 4


@dataclass
class Page:
    """A browser's part: one conversation, the page's token, and nothing drawn."""

    product: Product
    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    token: str = ""

    def get(self, path: str) -> Any:
        return self._ask("GET", path, None)

    def post(self, path: str, body: dict[str, object]) -> Any:
        if not self.token:
            self._ask("GET", "/api/session", None)
        return self._ask("POST", path, body)

    def say(self, text: str) -> Any:
        return self.post("/api/thread", {"key": self.key, "id": uuid.uuid4().hex, "text": text})

    def until(self, kind: str, **fields: object) -> Any:
        """Give the newest entry of a kind once it has the given fields."""

        def found() -> Any:
            for entry in reversed(self.get(f"/api/thread?key={self.key}")["entries"]):
                if entry["kind"] == kind and fields.items() <= entry.items():
                    return entry
            return None

        return self.product.until(found)

    def decide(self, approval: Any, verdict: str, reason: str = "") -> Any:
        return self.post(
            f"/api/approvals/{approval['approval_id']}",
            {"verdict": verdict, "reason": reason, "nonce": approval["nonce"]},
        )

    def _ask(self, method: str, path: str, body: dict[str, object] | None) -> Any:
        place = urlsplit(self.product.url)
        connection = HTTPConnection(place.hostname or "", place.port, timeout=20)
        headers = {"X-Baton-Csrf": self.token, "Content-Type": "application/json"}
        try:
            connection.request(method, path, dumps(body) if body is not None else None, headers)
            response = connection.getresponse()
            cookie = re.search(r"baton_csrf=([^;]+)", response.getheader("Set-Cookie") or "")
            self.token = cookie.group(1) if cookie else self.token
            content = response.read()
            assert response.status == 200, content
            return loads(content)
        finally:
            connection.close()


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


def test_a_rejection_keeps_its_reason_and_orders_nothing(page: Page) -> None:
    page.say("Buy 12 laptops from the best vendor")
    approval = page.until("approval", status="pending")

    page.decide(approval, "reject", "too dear this quarter")

    assert page.until("approval", status="rejected")["outcome"].endswith("too dear this quarter")
    assert page.until("answer")["outcome"] != "succeeded"
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
