"""Whom a workflow asks, within which time, and what it takes for an answer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from runtime.agent.poll import Poll, choices_in
from runtime.agent.question import KIND
from runtime.domain.errors import Refused
from runtime.domain.json import Json, JsonObject, object_of
from runtime.domain.states import StepStatus
from runtime.expressions.evaluator import Evaluator
from runtime.storage import trees
from tests.worlds.flows import FlowWorld, opened

POLICY = """\
version: 1
roles: {boss: ["slack:T1/U9"]}
defaults: {read: allow, write: allow, irreversible: ask}
rules:
  - {id: leave the boss alone, tools: [ask], where: {of: {matches: '.*boss.*'}}, outcome: deny,
     reason: The boss is busy.}
"""
FORM: JsonObject = {
    "type": "object",
    "required": ["pieces"],
    "properties": {"pieces": {"type": "integer"}, "urgent": {"type": "boolean"}},
}


@pytest.fixture
def world(sqlite_url: str, evaluator: Evaluator, tmp_path: Path) -> Iterator[FlowWorld]:
    with opened(sqlite_url, partial(FlowWorld, evaluator=evaluator, data=tmp_path)) as made:
        yield made


def problem(world: FlowWorld, given: str) -> JsonObject:
    return world.run(f"do:\n  - a: {{call: ask, with: {{question: Well, {given}}}}}\n").problem


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("of: [Ann]", "of: 'Ann' names nobody"),
        ("of: 'role:gone'", "the role 'gone' is nobody at this moment"),
        ("choices: [[1]]", "is no text, number, true or false"),
        ("choices: ['yes', true]", "two choices read the same"),
        ("choices: [a], schema: {type: string}", "either 'choices' or 'schema'"),
    ],
)
def test_what_cannot_be_asked_so_fails_with_a_word_about_it(
    world: FlowWorld, given: str, words: str
) -> None:
    found = problem(world, given)

    assert str(found["type"]).endswith("/errors/configuration"), found
    assert words in str(found["detail"])


def test_the_time_of_the_task_ends_the_wait_and_closes_the_question(world: FlowWorld) -> None:
    run_id = world.accept(
        """
do:
  - a:
      try:
        - b:
            call: ask
            timeout: {after: PT4H}
            with: {question: Well, of: 'slack:T1/U9', choices: [1, 2]}
      catch:
        errors: {with: {status: 408}}
        do: [{c: {set: {late: true}}}]
"""
    )
    process = world.process()
    world.engines.do(process, run_id)
    assert world.outcome(run_id).waits_for == "an answer from slack:T1/U9 to Well"
    world.engines.later(process, seconds=4 * 3600 + 1)

    assert world.outcome(run_id).output == {"late": True}
    with world.database.read() as connection:
        [leaf] = trees.leaves(connection, run_id, kind=KIND)
    assert leaf.status is StepStatus.CANCELLED


def test_policy_may_forbid_to_ask_somebody(
    sqlite_url: str, evaluator: Evaluator, tmp_path: Path
) -> None:
    make = partial(FlowWorld, evaluator=evaluator, data=tmp_path, policy=POLICY)
    with opened(sqlite_url, make) as world:
        found = problem(world, "of: 'role:boss'")

        assert (found["status"], found["instance"]) == (403, "/do/0/a")
        assert "The boss is busy." in str(found["detail"])
        run_id = world.accept("do: [{a: {call: ask, with: {question: Well}}}]\n")
        world.engines.do(world.process(), run_id)
        assert world.outcome(run_id).waits_for == "an answer to Well"


@pytest.mark.parametrize(
    ("choices", "schema", "said", "answer"),
    [
        ((1, 2.5, True, "not yet"), None, "2.5", 2.5),
        ((1, 2.5, True, "not yet"), None, "Yes", True),
        ((1, 2.5, True, "not yet"), None, "Not yet", "not yet"),
        ((), None, "any words", "any words"),
        ((), {"type": "integer"}, " 12 ", 12),
        ((), {"type": "array", "items": {"type": "string"}}, "a, b", ["a", "b"]),
        ((), FORM, "pieces=3 urgent=no", {"pieces": 3, "urgent": False}),
        ((), FORM, '{"pieces": 3}', {"pieces": 3}),
    ],
)
def test_an_answer_has_the_type_that_is_wanted(
    choices: tuple[Json, ...], schema: JsonObject | None, said: str, answer: Json
) -> None:
    assert Poll(of=("requester",), choices=choices, schema=schema).read(said) == answer


@pytest.mark.parametrize(
    ("choices", "schema", "said", "words"),
    [
        ((1, 2), None, "3", "takes one of: 1; 2"),
        ((), {"type": "integer", "minimum": 1}, "0", "write a whole number"),
        ((), {"type": "integer"}, "some", "no whole number"),
        ((), FORM, "urgent=yes", "write pieces=NUMBER urgent=yes|no"),
        ((), FORM, "pieces=x", "pieces: 'x' is no whole number"),
        ((), FORM, "piece=1", "there is no 'piece' to be told; it takes pieces, urgent"),
        ((), FORM, "twelve", "write NAME=VALUE"),
        ((), FORM, "pieces='1", "a quotation mark is left open"),
    ],
)
def test_what_is_no_answer_is_told_what_would_be(
    choices: tuple[Json, ...], schema: JsonObject | None, said: str, words: str
) -> None:
    with pytest.raises(Refused) as refused:
        Poll(of=("requester",), choices=choices, schema=schema).read(said)

    assert words in refused.value.public


def test_a_schema_of_few_values_is_choices() -> None:
    assert choices_in({"enum": ["low", 2]}) == ("low", 2)
    assert choices_in({"type": "boolean"}) == (True, False)
    assert choices_in(object_of({"type": "string"})) == ()
