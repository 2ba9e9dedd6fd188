"""Tool names travel to providers and back without meeting each other."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from runtime.models.tool_names import ToolNames, encode

NAMES = st.lists(st.text(alphabet="ab._-é ", min_size=1, max_size=90), min_size=1, max_size=12)


@given(NAMES)
def test_every_name_comes_back_as_it_was(names: list[str]) -> None:
    both = ToolNames(names)

    wires = {name: both.to_wire(name) for name in names}

    assert {name: both.to_own(wire) for name, wire in wires.items()} == {n: n for n in names}
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", wire) for wire in wires.values())


def test_a_dotted_name_is_spelled_with_two_underscores() -> None:
    assert encode("files.read") == "files__read"
    assert ToolNames(["files.read"]).to_own("files__read") == "files.read"


def test_a_name_that_was_there_first_keeps_its_spelling() -> None:
    both = ToolNames(["a.b", "a__b"])

    assert both.to_wire("a__b") == "a__b"
    assert both.to_wire("a.b").startswith("a__b_")
