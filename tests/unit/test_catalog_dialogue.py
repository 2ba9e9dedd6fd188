"""Worked examples are checked where they stand."""

from __future__ import annotations

import pytest

from runtime.catalog.dialogue import ScriptedCall, parse_dialogue, read_dialogue
from runtime.catalog.problems import Problems
from runtime.domain.errors import Misconfigured

GOOD = r"""
- said: Count 3 beans
  purpose: work
  match: ^count (?P<beans>\d+)
  calls:
    - tool: calculate
      arguments: {expression: "${beans} + 1"}
    - - tool: list_files
      - tool: read_file
        arguments: {name: beans.csv}
  answered: {beans: "${calls.0.result}"}
"""


def test_a_dialogue_gives_its_turns_and_answer() -> None:
    (exchange,) = parse_dialogue(GOOD, file="dialogue.yaml")

    found = exchange.match.search(exchange.said)

    assert found is not None
    assert found["beans"] == "3"
    assert exchange.turns == (
        (ScriptedCall(tool="calculate", arguments={"expression": "${beans} + 1"}),),
        (
            ScriptedCall(tool="list_files", arguments={}),
            ScriptedCall(tool="read_file", arguments={"name": "beans.csv"}),
        ),
    )
    assert exchange.answered == {"beans": "${calls.0.result}"}


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("said: Count", "sayd: Count", "d.yaml:2: unknown key 'sayd'; write 'said'"),
        ("said: Count 3 beans", "said: 3", "d.yaml:2: said is 3; write 'said: ' and text"),
        ("purpose: work", "purpose: chat", "d.yaml:3: purpose is 'chat'; write one of check,"),
        ("  purpose: work\n", "", "d.yaml:2: key 'purpose' is missing; write 'purpose: '"),
        (r"^count (?P<beans>\d+)", "(?P<beans>", "d.yaml:4: match is no regular expression"),
        (r"^count (?P", r"^add (?P", "d.yaml:4: match does not fit what is said, 'Count 3 beans'"),
        ("- tool: calculate", "- tol: calculate", "d.yaml:6: unknown key 'tol'; write 'tool'"),
        ("- tool: calculate", "- tool: ~", "d.yaml:6: key 'tool' is missing"),
        (
            "- tool: calculate",
            "- tool: calculat",
            "d.yaml:6: tool 'calculat' is not granted; write",
        ),
        ('arguments: {expression: "${beans} + 1"}', "arguments: 3", "d.yaml:7: arguments is 3;"),
        ("${beans} + 1", "${baens} + 1", "d.yaml:7: template '${baens}' names nothing; write 'b"),
        ("${calls.0.result}", "${call.0}", "d.yaml:11: template '${call.0}' names nothing; write"),
        ('answered: {beans: "${calls.0.result}"}', "answered: 3", "d.yaml:11: key 'answered' must"),
        ("- - tool: list_files", "- - list_files", "d.yaml:8: a call has keys"),
        ("- said", "said", "d.yaml:2: a dialogue is a list"),
    ],
)
def test_a_mistake_is_named_by_line(before: str, after: str, complaint: str) -> None:
    text = GOOD.replace(before, after)
    assert text != GOOD
    if before == "- said":
        text = "\nsaid: Count\n"
    problems = Problems()

    granted = ("calculate", "list_files", "read_file")
    read_dialogue(text, file="d.yaml", tools=granted, problems=problems)

    told = [str(problem) for problem in problems.found]
    assert any(one.startswith(complaint) for one in told), told


def test_all_mistakes_are_said_together() -> None:
    text = "- said: x\n  purpose: chat\n  match: y\n  answered: 3\n- 7\n"

    with pytest.raises(Misconfigured) as caught:
        parse_dialogue(text, file="d.yaml")

    places = [line.split(": ")[0] for line in caught.value.public.splitlines()]
    assert places == ["d.yaml:2", "d.yaml:3", "d.yaml:4", "d.yaml:5"]


def test_an_empty_dialogue_is_a_dialogue() -> None:
    assert parse_dialogue("[]", file="d.yaml") == ()
