"""Names, digests, budgets and plan references: the small rules everything relies on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from runtime.domain.budget import Budget
from runtime.domain.canonical import canonical, digest
from runtime.domain.ids import child_path, new_id, step_id
from runtime.domain.json import Json
from runtime.domain.plan import references_in, resolve
from runtime.domain.step import Cost
from runtime.testing import START


def test_ids_are_unique_and_sort_by_the_time_they_were_made() -> None:
    ids = [new_id("run") for _ in range(500)]

    assert len(set(ids)) == 500
    assert all(len(id) == len("run_") + 20 for id in ids)
    assert [id[:12] for id in ids] == sorted(id[:12] for id in ids)


def test_a_path_names_a_step_below_its_parent() -> None:
    assert child_path("/", "plan/1") == "/plan/1"
    assert child_path("/plan/1", "turn/0") == "/plan/1/turn/0"
    assert step_id("run_1", "/plan/1") == "run_1:/plan/1"


def test_equal_values_have_one_spelling_and_one_digest() -> None:
    one: Json = {"b": [1, 2.5, None], "a": "ü"}
    same: Json = {"a": "ü", "b": [1, 2.5, None]}

    assert canonical(one) == '{"a":"ü","b":[1,2.5,null]}'
    assert digest(one) == digest(same)
    assert digest(one) != digest({"a": "ü", "b": [2.5, 1, None]})


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_json_cannot_say_has_no_digest(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        digest(value)


@pytest.mark.parametrize(
    ("spent", "seconds", "word"),
    [
        (Cost(usd=0.99, tokens=99), 9.0, None),
        (Cost(usd=1.0, tokens=0), 0.0, "$1.00"),
        (Cost(usd=0.0, tokens=100), 0.0, "tokens"),
        (Cost(), 10.0, "time"),
    ],
)
def test_a_budget_is_breached_when_a_cap_is_reached_and_not_before(
    spent: Cost, seconds: float, word: str | None
) -> None:
    budget = Budget(usd=1.0, tokens=100, seconds=10.0)

    breach = budget.breach(spent=spent, started_at=START, now=START + timedelta(seconds=seconds))

    assert breach is None if word is None else breach is not None and word in breach.words


OUTPUTS: dict[str, Json] = {"find": {"rows": [{"name": "A"}, {"name": "B"}], "text": "hello"}}


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("$find.rows.1.name", "B"),
        ("$find.rows", [{"name": "A"}, {"name": "B"}]),
        ("$find.rows.7.name", None),
        ("$find.text.0", None),
        ("$nobody", None),
        ("see $find", "see $find"),
        ({"deep": ["$find.text"]}, {"deep": ["hello"]}),
    ],
)
def test_a_reference_gives_the_part_it_names_and_nothing_where_there_is_none(
    reference: Json, value: Json
) -> None:
    assert resolve(reference, OUTPUTS) == value


def test_references_are_found_wherever_they_hide() -> None:
    found = references_in({"a": "$one", "b": ["$two.x", {"c": "$three.0"}], "d": "not $four"})

    assert found == ["one", "two", "three"]
