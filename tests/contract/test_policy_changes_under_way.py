"""A policy that is changed while runs are under way: tightening holds at once, loosening never."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.domain.states import ApprovalStatus
from tests.worlds.crew import calls, plan, step
from tests.worlds.governed import ADA, BEN, CYD, Governed, governed
from tests.worlds.openai import Answer, OpenAIWorld

ROLES = """version: 1
roles:
  approver: ["slack:T024/UBEN"]
  second: ["slack:T024/UCYD"]
"""
ASKS = """rules:
  - {id: letters, tools: [send], outcome: ask, eligible: ["role:approver"]}
"""
LETS = """rules:
  - {id: letters, tools: [send], outcome: allow}
"""
FORBIDS = """rules:
  - {id: no-letters, tools: [send], outcome: deny, reason: Nothing is sent this week.}
"""
ASKS_TWO = """rules:
  - id: letters-of-two
    tools: [send]
    outcome: ask
    stages: [{eligible: ["role:approver"]}, {eligible: ["role:second"]}]
    reason: Two must agree by now.
"""


@pytest.fixture
def models() -> Iterator[OpenAIWorld]:
    with OpenAIWorld() as world:
        yield world


@pytest.fixture
def asking(
    database_url: str, tmp_path: Path, models: OpenAIWorld, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Governed]:
    """Give a run that waits for a word about a letter."""
    with governed(
        tmp_path, models, monkeypatch, policy=ROLES + ASKS, database_url=database_url
    ) as running:
        running.crew.plans(plan(step("a")))
        running.crew.works(calls(("send", {"to": "Xenia"})), Answer(text="that is all"))
        running.ask()
        running.asked()
        yield running


def test_what_was_approved_is_not_done_once_it_is_forbidden(asking: Governed) -> None:
    (asked,) = asking.asked()
    asking.now_says(ROLES + FORBIDS)

    asking.decide(asked, BEN)

    asking.ended()
    assert asking.marks() == []
    assert "Nothing is sent this week" in asking.crew.asked("worker")[1]


def test_what_was_approved_is_asked_anew_once_more_people_must_agree(asking: Governed) -> None:
    (asked,) = asking.asked()
    asking.now_says(ROLES + ASKS_TWO)

    asking.decide(asked, BEN)

    (again,) = asking.asked()
    assert again.replaces == asked.id
    assert [one.name for one in again.differences] == ["rule"]
    assert asking.marks() == []
    assert not asking.decide(again, BEN).final
    asking.decide(again, CYD)
    view = asking.ended()
    assert asking.marks() == ["sent Xenia"]
    assert [one.status for one in view.approvals] == [
        ApprovalStatus.SUPERSEDED,
        ApprovalStatus.APPROVED,
    ]


def test_a_loosened_policy_does_not_reach_runs_under_way(asking: Governed) -> None:
    (asked,) = asking.asked()

    asking.now_says(ROLES + LETS)

    assert asking.product.runtime.approval(asked.id, workspace=None).status == "pending"
    assert asking.marks() == []


@pytest.mark.parametrize("tightened", [ASKS, FORBIDS])
def test_a_call_that_was_allowed_when_the_run_began_is_held_to_todays_policy(
    tmp_path: Path, models: OpenAIWorld, monkeypatch: pytest.MonkeyPatch, tightened: str
) -> None:
    with governed(tmp_path, models, monkeypatch, policy=ROLES + LETS) as running:
        running.crew.plans(plan(step("a")))
        running.crew.works(
            calls(("ask", {"question": "Now?"})),
            calls(("send", {"to": "Xenia"})),
            Answer(text="that is all"),
        )
        running.ask()
        (question,) = running.product.until(
            lambda: running.product.runtime.view("1", workspace=None).questions
        )
        running.now_says(ROLES + tightened)
        running.product.runtime.answer(question.step_id, ADA, "Now")

        if tightened == ASKS:
            (asked,) = running.asked()
            assert asked.rule == "letters"
            assert running.marks() == []
            running.decide(asked, BEN)
            running.ended()
            assert running.marks() == ["sent Xenia"]
        else:
            running.ended()
            assert running.marks() == []
