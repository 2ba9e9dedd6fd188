"""Front matter means what a YAML writer wrote, whatever it holds."""

from __future__ import annotations

import string

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.catalog.front_matter import read_front_matter
from runtime.catalog.located import read_yaml
from runtime.catalog.problems import Problems
from runtime.domain.json import Json

NAMES = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=12)
WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=40
)
NUMBERS = st.integers(-(10**12), 10**12) | st.floats(allow_nan=False, allow_infinity=False)
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | NUMBERS | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
# Machines under load are slow now and then; that says nothing about the reader.
bounded = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)


@bounded
@given(value=st.dictionaries(NAMES, VALUES, max_size=5))
def test_what_a_yaml_writer_wrote_is_read_back(value: dict[str, Json]) -> None:
    problems = Problems()

    place = read_yaml(yaml.safe_dump(value, allow_unicode=True), file="f", problems=problems)

    assert problems.found == []
    assert place is not None
    assert place.value == value


@bounded
@given(text=st.text(max_size=200))
def test_any_text_is_read_or_refused_by_line(text: str) -> None:
    problems = Problems()

    place = read_yaml(text, file="f", problems=problems)

    assert (place is None) == bool(problems.found)
    assert all(str(problem).startswith("f:") for problem in problems.found)


@bounded
@given(
    description=WORDS.filter(lambda text: bool(text.strip())),
    capabilities=st.lists(
        WORDS.map(str.strip).filter(bool), max_size=4, unique_by=lambda word: word.strip()
    ),
    prompt=WORDS.map(str.strip).filter(bool),
)
def test_an_agent_is_read_as_it_was_written(
    description: str, capabilities: list[str], prompt: str
) -> None:
    head = yaml.safe_dump(
        {"role": "worker", "description": description, "capabilities": capabilities},
        allow_unicode=True,
    )
    problems = Problems()

    matter = read_front_matter(
        f"---\n{head}---\n{prompt}\n", file="agent.md", name="any", problems=problems
    )

    assert problems.found == []
    assert matter is not None
    assert matter.description == description.strip()
    assert matter.capabilities == tuple(capabilities)
    assert matter.prompt == prompt


def test_plain_words_stay_words() -> None:
    problems = Problems()

    place = read_yaml(
        "[yes, 2026-01-01, 1_000, 0x10, 12e5, 007, 3.5, ~]", file="f", problems=problems
    )

    assert place is not None
    assert place.value == ["yes", "2026-01-01", "1_000", "0x10", "12e5", "007", 3.5, None]


def test_a_part_knows_its_line_and_a_missing_part_the_line_around_it() -> None:
    problems = Problems()

    place = read_yaml("a:\n  b:\n  - 1\n  - 2\n", file="f", problems=problems, first_line=10)

    assert place is not None
    assert place.line("a", "b", 1) == 13
    assert place.line("a", "c", "d") == 10
