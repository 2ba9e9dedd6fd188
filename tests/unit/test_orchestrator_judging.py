"""Drafts without a model, and what stands in for an answer."""

from __future__ import annotations

import pytest

from runtime.domain.json import Json, JsonObject
from runtime.domain.plan import Plan, PlanStep, StepKind
from runtime.orchestrator.dispatch import Outcome, told
from runtime.orchestrator.judging import is_simple, plain


def a_step(id: str = "a", kind: StepKind = StepKind.AGENT) -> PlanStep:
    return PlanStep(
        id=id, title=f"Step {id}", kind=kind, use="worker", input={}, needs=(), reason=""
    )


def an_outcome(
    id: str = "a",
    answer: Json = "forty-two",
    *,
    status: str = "succeeded",
    error: JsonObject | None = None,
) -> Outcome:
    return Outcome(
        step=a_step(id),
        path=f"/plan/1/{id}",
        status=status,
        answer=answer,
        error=error,
        demonstration=False,
    )


def test_one_outcome_is_the_answer_itself() -> None:
    drafted = plain([an_outcome()])

    assert (drafted.answer, drafted.sources) == ("forty-two", ("a",))


def test_several_outcomes_are_told_apart_by_their_titles() -> None:
    drafted = plain([an_outcome("a", "one"), an_outcome("b", "two")])

    assert drafted.answer == "Step a:\none\n\nStep b:\ntwo"


def test_what_failed_is_no_source() -> None:
    failed = an_outcome("b", None, status="failed", error={"code": "x", "message": "no"})

    assert plain([an_outcome("a", "one"), failed]).sources == ("a",)
    assert plain([failed]).answer == ""


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ({"summary": "It is ten.", "rows": [1]}, "It is ten."),
        ({"total": 10, "unit": "EUR"}, "total: 10\nunit: EUR"),
        (["one", "two"], "- one\n- two"),
        (10, "10"),
    ],
)
def test_structured_answers_are_spelled_for_people(answer: Json, text: str) -> None:
    assert plain([an_outcome(answer=answer)]).answer == text


def test_long_outputs_are_cut_for_models_and_say_so() -> None:
    spelled = told([an_outcome(answer="x" * 7_000)])["a"]

    assert isinstance(spelled, dict)
    assert str(spelled["output"]).endswith("… (1000 more characters)")


def test_only_one_step_of_one_agent_needs_no_synthesis() -> None:
    def plan_of(*steps: PlanStep) -> Plan:
        return Plan(goal="x", criteria=("y",), steps=steps)

    assert is_simple(plan_of(a_step()))
    assert not is_simple(plan_of(a_step("a"), a_step("b")))
    assert not is_simple(plan_of(a_step(kind=StepKind.TOOL)))
