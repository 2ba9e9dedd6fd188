"""The demonstration model: what it does comes from data, and it never claims more."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from runtime.domain.errors import Misconfigured
from runtime.models.completion import ToolCall, ToolSpec, Turn
from runtime.models.conversation import understand
from runtime.models.demonstration import SIGNATURE, Demonstration, Spoken
from runtime.models.template import render

BUYER = r"""
- said: Buy 12 laptops from the best vendor
  match: buy (?P<quantity>\d+) (?P<item>[a-z ]+?)s? from
  purpose: work
  calls:
    - tool: ledger.query
      arguments: {item: "${item}", limit: "${quantity}"}
    - - tool: order
        arguments: {vendor: "${calls.0.rows.0.vendor}", count: "${quantity}"}
      - tool: ask
        arguments: {question: "Ship to ${inputs.place}?"}
  answered: "Ordered ${quantity} from ${calls.0.rows.0.vendor} (${calls.0.rows.7.vendor})."
- said: Compare offers
  match: compare offers
  purpose: work
  answered: {rows: "${inputs.rows}", said: "${request}"}
"""
PLANNER = """
- said: Buy laptops
  match: buy
  purpose: plan
  answered:
    goal: "${request}"
    criteria: [bought]
    steps:
      - {id: a, title: A, kind: agent, use: buyer, input: {task: look}, needs: []}
      - {id: b, title: B, kind: tool, use: teleport, input: {}, needs: [a]}
      - {id: c, title: C, kind: human, use: requester, input: {task: x, seen: $b.x}, needs: [a, b]}
"""
CATALOGUE: dict[str, Any] = {
    "agents": [
        {"name": "planner", "role": "planner", "description": "plans purchases and vendors"},
        {"name": "checker", "role": "validator", "description": "checks purchases and vendors"},
        {"name": "buyer", "role": "worker", "description": "Purchases things from vendors"},
        {"name": "analyst", "role": "worker", "description": "Reads tables", "capabilities": []},
    ],
    "tools": [{"name": "order"}],
}


@pytest.fixture
def dialogues(tmp_path: Path) -> Path:
    for agent, text in (("buyer", BUYER), ("planner", PLANNER)):
        (tmp_path / agent).mkdir()
        (tmp_path / agent / "dialogue.yaml").write_text(text)
    return tmp_path


def spec(called: str, /, **properties: str) -> ToolSpec:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {key: {"type": kind} for key, kind in properties.items()},
        "required": list(properties),
    }
    return ToolSpec(name=called, description="", parameters=schema)


OFFERED = (
    spec("ledger__query", item="string", limit="integer"),
    spec("order", vendor="string", count="integer"),
    spec("ask", question="string"),
)


def speak(
    dialogues: Path,
    given: Mapping[str, Any] | str,
    *later: Turn,
    agent: str = "buyer@3f2a91",
    purpose: str = "work",
    tools: tuple[ToolSpec, ...] = OFFERED,
    schema: dict[str, Any] | None = None,
) -> Spoken:
    said = given if isinstance(given, str) else json.dumps(given)
    catalogue = f"You plan.\nCATALOGUE: {json.dumps(CATALOGUE)}\nPlan well."
    turns = [Turn(role="system", text=catalogue), Turn(role="user", text=said), *later]
    labels = {"agent": agent, "purpose": purpose}
    return Demonstration(dialogues).speak(
        understand(turns, labels=labels, tools=tools, schema=schema)
    )


def called(spoken: Spoken, *results: object) -> list[Turn]:
    """Give the turns by which ``spoken`` is followed once its calls have been made."""
    answers = zip(spoken.tool_calls, results, strict=True)
    return [
        Turn(role="assistant", tool_calls=spoken.tool_calls),
        *(
            Turn(role="tool", tool_call_id=call.id, text=json.dumps(result))
            for call, result in answers
        ),
    ]


def ok(result: object) -> dict[str, object]:
    return {"ok": True, "result": result}


BUY = {"task": "buy 12 laptops from whoever", "request": "r", "inputs": {"place": "Oslo"}}
ROWS = {"rows": [{"vendor": "Northwind"}]}


def test_a_script_is_followed_turn_by_turn_with_what_the_tools_said(dialogues: Path) -> None:
    first = speak(dialogues, BUY)
    after_first = called(first, ok(ROWS))
    second = speak(dialogues, BUY, *after_first)
    after_second = [*after_first, *called(second, ok({"number": 1}), ok({"answer": "yes"}))]
    last = speak(dialogues, BUY, *after_second)

    assert [(call.name, json.loads(call.arguments)) for call in first.tool_calls] == [
        ("ledger__query", {"item": "laptop", "limit": 12})
    ]
    assert [(call.name, json.loads(call.arguments)) for call in second.tool_calls] == [
        ("order", {"vendor": "Northwind", "count": 12}),
        ("ask", {"question": "Ship to Oslo?"}),
    ]
    assert last == Spoken(text=f"Ordered 12 from Northwind ((not found)).\n\n{SIGNATURE}")


def test_the_same_conversation_gets_the_same_answer(dialogues: Path) -> None:
    turns = called(speak(dialogues, BUY), ok(ROWS))

    assert speak(dialogues, BUY, *turns) == speak(dialogues, BUY, *turns)


def test_call_ids_of_one_conversation_differ(dialogues: Path) -> None:
    first = speak(dialogues, BUY)
    second = speak(dialogues, BUY, *called(first, ok(ROWS)))

    ids = [call.id for call in (*first.tool_calls, *second.tool_calls)]
    assert len(set(ids)) == 3


def test_a_failed_tool_is_reported_and_not_glossed_over(dialogues: Path) -> None:
    denied = {"ok": False, "error": {"code": "refused", "message": "Ann said no"}}

    answer = speak(dialogues, BUY, *called(speak(dialogues, BUY), denied))

    assert not answer.tool_calls
    assert answer.text.startswith("Failed: the call of ledger__query did not work: Ann said no")
    assert answer.text.endswith(SIGNATURE)


def test_what_people_turned_down_is_told_without_their_reason(dialogues: Path) -> None:
    rejected = {"ok": False, "error": {"code": "turned_down", "message": "Ann said no: too dear"}}

    answer = speak(dialogues, BUY, *called(speak(dialogues, BUY), rejected))

    assert answer.text == f"Not done: ledger__query was not called.\n\n{SIGNATURE}"


def test_a_tool_that_is_not_offered_is_not_called(dialogues: Path) -> None:
    answer = speak(dialogues, BUY, tools=())

    assert answer.tool_calls == ()
    assert "ledger.query is not at hand" in answer.text


def test_a_mapping_is_answered_as_json_of_its_own_types(dialogues: Path) -> None:
    given = {"task": "compare offers", "request": "please", "inputs": {"rows": [1, 2]}}

    answer = speak(dialogues, given, schema={"type": "object"})

    assert json.loads(answer.text) == {"rows": [1, 2], "said": "please"}


def test_a_text_is_wrapped_into_the_schema_that_is_asked_for(dialogues: Path) -> None:
    schema = {
        "type": "object",
        "required": ["kind", "count", "summary"],
        "properties": {
            "kind": {"enum": ["a", "b"], "type": "string"},
            "count": {"type": "integer", "minimum": 1},
            "summary": {"type": "string"},
        },
    }

    answer = json.loads(speak(dialogues, {"task": "dance"}, schema=schema).text)

    assert (answer["kind"], answer["count"]) == ("a", 1)
    assert answer["summary"].endswith(SIGNATURE)


def test_without_a_script_it_says_so_and_names_what_works(dialogues: Path) -> None:
    answer = speak(dialogues, {"task": "Write a poem", "request": "Write a poem"})

    assert "Write a poem" in answer.text
    assert "no script" in answer.text
    assert "• Buy laptops\n• Buy 12 laptops from the best vendor\n• Compare offers" in answer.text
    assert answer.text.endswith(SIGNATURE)


def test_without_a_script_a_file_that_is_named_is_looked_at(dialogues: Path) -> None:
    tools = (spec("list_files"), spec("read_file", name="string"))
    task = {"task": "What is in offers.csv?"}

    listing = speak(dialogues, task, tools=tools)
    turns = called(listing, ok(["data/ledger.csv", "data/offers.csv"]))
    reading = speak(dialogues, task, *turns, tools=tools)
    answer = speak(
        dialogues, task, *turns, *called(reading, ok("item,price\nlaptop,9")), tools=tools
    )

    assert [call.name for call in listing.tool_calls] == ["list_files"]
    assert json.loads(reading.tool_calls[0].arguments) == {"name": "data/offers.csv"}
    assert "data/offers.csv holds 2 lines: item,price laptop,9" in answer.text


def test_a_scripted_plan_keeps_to_the_catalogue(dialogues: Path) -> None:
    plan = json.loads(speak(dialogues, {"request": "buy"}, agent="planner", purpose="plan").text)

    assert [step["id"] for step in plan["steps"]] == ["a", "c"]
    assert plan["steps"][1]["needs"] == ["a"]
    assert plan["steps"][1]["input"] == {"task": "x"}


@pytest.mark.parametrize(
    ("request_text", "agent"),
    [("Which vendors sold us things?", "buyer"), ("Read my table", "analyst"), ("hm", "analyst")],
)
def test_an_unscripted_plan_gives_all_to_the_likest_agent(
    dialogues: Path, request_text: str, agent: str
) -> None:
    given = {"request": request_text}

    plan = json.loads(speak(dialogues, given, agent="planner", purpose="replan").text)

    (step,) = plan["steps"]
    assert (step["kind"], step["use"], step["needs"]) == ("agent", agent, [])
    assert (plan["goal"], len(plan["criteria"])) == (request_text, 1)


@pytest.mark.parametrize(
    ("inputs", "passed"),
    [
        ({"a": "A long answer"}, True),
        ({"a": {"rows": 0}}, True),
        ({}, False),
        ({"a": ""}, False),
        ({"a": {"rows": []}}, False),
        ({"a": "fine", "b": {"status": "failed"}}, False),
        ({"a": "Failed: the call did not work"}, False),
        ({"a": {"error": "boom"}}, False),
        ({"a": "vendor (not found)"}, False),
        ({"a": "0 of 12 checks failed"}, True),
    ],
)
def test_a_check_passes_only_what_is_there_and_did_not_fail(
    dialogues: Path, inputs: dict[str, Any], passed: bool
) -> None:
    given = {"task": "check", "request": "r", "inputs": inputs}

    verdict = json.loads(speak(dialogues, given, agent="checker", purpose="check").text)

    assert verdict["passed"] is passed
    assert verdict["findings"]
    assert 0 <= verdict["confidence"] <= 1


def test_a_synthesis_joins_the_steps_names_them_and_signs_once(dialogues: Path) -> None:
    steps = [
        {"id": "one", "title": "First", "output": f"It rains.\n\n{SIGNATURE}"},
        {"id": "two", "title": "Second", "output": {"summary": "It pours."}},
    ]
    given = {"request": "r", "steps": steps}

    said = json.loads(speak(dialogues, given, agent="planner", purpose="synthesise").text)

    assert said["sources"] == ["one", "two"]
    assert said["answer"] == f"*First*\nIt rains.\n\n*Second*\nIt pours.\n\n{SIGNATURE}"


def test_an_agents_name_does_not_lead_out_of_the_folder(dialogues: Path) -> None:
    answer = speak(dialogues / "planner", BUY, agent="../buyer")

    assert answer.tool_calls == ()
    assert "There are no sample requests." in answer.text


def test_a_script_that_cannot_be_read_names_its_file(dialogues: Path) -> None:
    (dialogues / "buyer" / "dialogue.yaml").write_text("- said: [")

    with pytest.raises(Misconfigured, match=r"buyer/dialogue\.yaml"):
        speak(dialogues, BUY)


@pytest.mark.parametrize(
    "given", ["", "plain text", "[]", "null", '{"task": 3}', '{"inputs": "x"}', "{" * 5000]
)
@pytest.mark.parametrize("purpose", ["plan", "replan", "work", "check", "synthesise", "other"])
def test_no_prompt_upsets_it(dialogues: Path, given: str, purpose: str) -> None:
    assert speak(dialogues, given, purpose=purpose).text


@pytest.mark.parametrize(
    ("template", "rendered"),
    [
        ("${a.b}", [1, {"c": None}]),
        ("${a.b.1.c}", None),
        ("${ a.b.0 }", 1),
        ("x ${a.b.0} ${a.b.1.c} ${a.b}", 'x 1 (none) [1, {"c": null}]'),
        ("${a.z} ${} ${a.b.-1} ${a.b.9} ${a.b.0.x}", " ".join(["(not found)"] * 5)),
        ("${__class__}", "(not found)"),
        ({"k": ["${a.b.0}", 2]}, {"k": [1, 2]}),
        ("$a ${a", "$a ${a"),
    ],
)
def test_templates_look_up_paths_and_never_fail(template: Any, rendered: Any) -> None:
    assert render(template, {"a": {"b": [1, {"c": None}]}}) == rendered


def test_results_are_told_apart_by_their_calls_and_not_by_their_order() -> None:
    calls = (ToolCall(id="x", name="a", arguments=""), ToolCall(id="y", name="b", arguments=""))
    turns = [
        Turn(role="assistant", tool_calls=calls),
        Turn(role="tool", tool_call_id="y", text="2"),
        Turn(role="tool", tool_call_id="x", text="plain"),
    ]

    heard = understand(turns, labels={})

    assert [(result.tool, result.value) for result in heard.results] == [("a", "plain"), ("b", 2)]
