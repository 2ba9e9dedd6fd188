"""What makes a plan unsound, and how references find their values."""

from __future__ import annotations

from typing import cast

import pytest

from runtime.domain.json import Json
from runtime.domain.plan import Available, StepKind, plan_of, problems_of, references_in, resolve
from tests.worlds.crew import plan, step

AVAILABLE = Available(
    agents=["worker", "strict"],
    tools=["look"],
    workflows=[],
    finished=["earlier"],
    required={(StepKind.TOOL, "look"): ["what"], (StepKind.AGENT, "strict"): ["offers"]},
)


def problems(*steps: dict[str, object]) -> list[str]:
    value = cast("Json", plan(*steps))
    return problems_of(plan_of(value), AVAILABLE)


def test_a_sound_plan_has_no_problems() -> None:
    assert problems(step("a"), step("b", needs=["a"], facts="$a.rows.0")) == []


def test_a_reference_is_a_need_even_where_the_plan_forgot_to_say_so() -> None:
    value = cast("Json", plan(step("a"), step("b", facts="$a")))

    assert plan_of(value).steps[1].needs == ("a",)


def test_steps_of_an_earlier_revision_may_be_referred_to() -> None:
    assert problems(step("b", facts="$earlier.total")) == []


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ([step("a"), step("a")], "two steps have the id 'a'"),
        ([step("A b")], "the id 'A b' is not lower-case"),
        ([step("a", "nobody")], "uses agent 'nobody', unknown; known: strict, worker"),
        ([step("a", "fly", kind="tool")], "uses tool 'fly', unknown; known: look"),
        ([step("a", "x", kind="workflow")], "known: there are none"),
        ([step("a", task="")], "has no input 'task'"),
        ([step("a", "", kind="human", task="")], "has no input 'task'"),
        ([step("a", needs=["z"])], "needs 'z', which no step gives"),
        ([step("a", facts="$z.total")], "needs 'z', which no step gives"),
        ([step("a", needs=["a"])], "in a circle: a → a"),
        (
            [step("a", needs=["c"]), step("b", needs=["a"]), step("c", needs=["b"])],
            "in a circle: a → c → b → a",
        ),
        ([step("a", "look", kind="tool")], "has no input 'what', which 'look' cannot do without"),
        ([step("a", "strict")], "has no input 'offers', which 'strict' cannot do without"),
        ([step(f"s{number}") for number in range(41)], "at most 40"),
    ],
)
def test_what_is_wrong_is_said_for_the_planner(steps: list[dict[str, object]], told: str) -> None:
    assert any(told in problem for problem in problems(*steps)), problems(*steps)


def test_a_required_input_may_be_a_reference() -> None:
    assert problems(step("a"), step("b", "look", kind="tool", what="$a")) == []


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("$a", {"rows": [{"n": 1}, {"n": 2}]}),
        ("$a.rows.1.n", 2),
        ("$a.rows.7.n", None),
        ("$a.nothing", None),
        ("$b", None),
        ("costs $a lot", "costs $a lot"),
        ("$", "$"),
    ],
)
def test_references_become_what_they_refer_to(reference: str, value: Json) -> None:
    outputs: dict[str, Json] = {"a": {"rows": [{"n": 1}, {"n": 2}]}}

    assert resolve({"x": [reference]}, outputs) == {"x": [value]}


def test_references_are_found_however_deep() -> None:
    assert references_in({"x": ["$a.b", {"y": "$c"}], "z": "no $d"}) == ["a", "c"]
