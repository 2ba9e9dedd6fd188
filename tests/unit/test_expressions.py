"""The one evaluator: what it gives, what it refuses, and that nothing it runs can do harm."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.domain.errors import BadExpression
from runtime.domain.json import Json
from runtime.expressions import names
from runtime.expressions.children import Limits
from runtime.expressions.evaluator import Evaluator
from runtime.expressions.program import Batch

QUICK = Limits(cpu_seconds=1, deadline_seconds=20, memory_bytes=192 * 1024 * 1024, children=2)


@pytest.fixture(scope="module")
def jq() -> Iterator[Evaluator]:
    evaluator = Evaluator(QUICK)
    yield evaluator
    evaluator.close()


@pytest.mark.parametrize(
    ("program", "value", "expected"),
    [
        (".a.b", {"a": {"b": 3}}, 3),
        (".[] | select(. > 1)", [1, 2, 3], 2),
        ("empty", None, None),
        ("[limit(3; repeat(1))]", None, [1, 1, 1]),
        (".n + 1 # a comment \\", {"n": 1}, 2),
        ("def double: . * 2; .n | double", {"n": 4}, 8),
        ('"\\(.a)-\\(.b | tostring + ")")"', {"a": "x", "b": 1}, "x-1)"),
        (".env.input, .halt", {"env": {"input": "kept"}}, "kept"),
        ("{env: 1, input: .x} | .env", {"x": 2}, 1),
        ("{input}", {"input": 4}, {"input": 4}),
        ('.["debug"]', {"debug": True}, True),
        (".n", {"n": 2**53 - 1}, 2**53 - 1),
        ("nan", None, None),
        (".t", {"t": "line\nbreak  é 🎷"}, "line\nbreak  é 🎷"),
        ('"%" | @uri', None, "%25"),
        ("0 | localtime | mktime", None, 0),
    ],
)
def test_an_expression_gives_its_first_value(
    jq: Evaluator, program: str, value: Json, expected: Json
) -> None:
    assert jq.evaluate(program, value) == expected


def test_variables_are_read_by_name_and_change_from_call_to_call(jq: Evaluator) -> None:
    for number in (1, 2):
        variables: dict[str, Json] = {"context": {"n": number}, "input": [5]}
        assert jq.evaluate("$context.n + $input[0]", None, variables=variables) == number + 5


def test_the_time_is_the_callers(jq: Evaluator) -> None:
    at = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    assert jq.evaluate("now | todate", None, now=at) == "2026-03-01T12:00:00Z"
    with pytest.raises(BadExpression, match="the time is not known here"):
        jq.evaluate("now", None)


@pytest.mark.parametrize(
    "program",
    [
        *("env", "$ENV", "$ ENV", "env.PATH", ".a | env", "[env]", "{a: env}", "{(env): 1}"),
        *("input", "[inputs]", "input_filename", "input_line_number", "debug", "stderr"),
        *('import "a" as a; .', 'include "a"; .', "get_search_list", '"m" | modulemeta'),
        *("halt", "1 | halt_error", '"\\(env)"', '"a\\("b\\(input)")"', "if env then 1 else 2 end"),
        *(". as $x | env", "def f: input; f", ".. | env"),
    ],
)
def test_what_reaches_outside_is_refused_before_it_is_evaluated(program: str) -> None:
    with pytest.raises(BadExpression, match="would reach"):
        Batch(programs=(program,))


@pytest.mark.parametrize("program", ["1) | (2", "(1", "[1)", "{", '"a', '"\\(1"', "}"])
def test_brackets_and_quotes_must_match(program: str) -> None:
    with pytest.raises(BadExpression, match=r"brackets|quote"):
        Batch(programs=(program,))


@given(st.text(max_size=40))
def test_any_text_is_looked_through_to_its_end(program: str) -> None:
    names.complaint(program)
    names.complaint('"' + program)


def test_the_child_has_no_environment_and_no_files(jq: Evaluator) -> None:
    # Past the check of names, which a newer jq might outgrow.
    batch = Batch(programs=(".",))
    object.__setattr__(batch, "text", "[[$ENV]]")
    object.__setattr__(batch, "key", "the environment")
    assert jq.batch(batch, None)[0].value == {"TZ": "UTC", "LC_ALL": "C.UTF-8"}

    object.__setattr__(batch, "text", 'include "/etc/passwd"; [[.]]')
    object.__setattr__(batch, "key", "a file")
    with pytest.raises(BadExpression, match="module not found"):
        jq.batch(batch, None)


def test_an_error_quotes_the_expression_and_says_what_jq_says(jq: Evaluator) -> None:
    with pytest.raises(BadExpression) as compiled:
        jq.evaluate(".a | foo", {})
    with pytest.raises(BadExpression) as evaluated:
        jq.evaluate(".a.b", {"a": 1})
    with pytest.raises(BadExpression) as raised:
        jq.evaluate("error({code: 7})", None)

    assert "'.a | foo' cannot be used: foo/0 is not defined" in compiled.value.public
    assert "line 1, column 6" in compiled.value.public
    assert "Cannot index number" in evaluated.value.public
    assert raised.value.complaint == '{"code": 7}'


def test_one_failing_program_of_a_batch_fails_alone(jq: Evaluator) -> None:
    batch = Batch(programs=(".a", "error", ".a + 1"))

    first, second, third = jq.batch(batch, {"a": 1})

    assert (first.value, third.value) == (1, 2)
    assert second.error is not None
    assert jq.batch(Batch(programs=()), None) == []


def test_check_names_the_program_that_cannot_be_compiled(jq: Evaluator) -> None:
    with pytest.raises(BadExpression, match=r"'\$nobody'"):
        jq.check(Batch(programs=(".a", "$nobody", "$known"), variables=("known",)))

    jq.check(Batch(programs=(".a", "$known"), variables=("known",)))


@pytest.mark.parametrize(
    ("program", "complaint"),
    [
        ("[range(1e12)] | length", "over 1 seconds|too much memory"),
        ("def f: f; f", "over 1 seconds"),
        ('last(range(1e12)) | "never"', "over 1 seconds"),
        ("[limit(30; repeat(1))] | until(false; . + .)", "too much memory|over 1 seconds"),
        ("def f: 1 + f; f", "too much memory|over 1 seconds"),
    ],
)
def test_what_never_ends_is_ended_and_the_next_is_answered(program: str, complaint: str) -> None:
    evaluator = Evaluator(QUICK)
    try:
        with pytest.raises(BadExpression, match=complaint):
            evaluator.evaluate(program, None)
        assert evaluator.evaluate(". + 1", 1) == 2
    finally:
        evaluator.close()


def test_a_runaway_in_a_batch_is_found_and_the_others_are_answered(jq: Evaluator) -> None:
    first, second, third = jq.batch(Batch(programs=("1", "def f: f; f", "3")), None)

    assert (first.value, third.value) == (1, 3)
    assert second.error is not None


def test_an_answer_has_a_largest_size() -> None:
    evaluator = Evaluator(Limits(answer_bytes=100_000, children=1))
    try:
        with pytest.raises(BadExpression, match="gives over 100000 bytes"):
            evaluator.evaluate("[range(1000000)]", None)
        assert evaluator.evaluate("1", None) == 1
    finally:
        evaluator.close()


def test_a_child_that_died_idle_is_replaced_unnoticed() -> None:
    evaluator = Evaluator(QUICK)
    try:
        assert evaluator.evaluate("1", None) == 1
        [child] = evaluator.idle()
        os.kill(child, signal.SIGKILL)
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        assert evaluator.evaluate("2", None) == 2
    finally:
        evaluator.close()


def test_threads_share_the_children_and_each_gets_its_own_answer(jq: Evaluator) -> None:
    wrong: list[int] = []

    def ask(number: int) -> None:
        for _ in range(30):
            if jq.evaluate(". * 2", number) != number * 2:
                wrong.append(number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_a_forked_process_starts_children_of_its_own(jq: Evaluator) -> None:
    assert jq.evaluate("1", None) == 1

    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = 0 if jq.evaluate(". + 1", 1) == 2 else 2
            jq.close()
        finally:
            os._exit(code)

    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert jq.evaluate(". + 2", 1) == 3


def test_two_hundred_rules_are_one_quick_round_trip(jq: Evaluator) -> None:
    rules = tuple(f'.tool == "t{n}" and .arguments.amount > {n}' for n in range(200))
    batch = Batch(programs=rules)
    call: Json = {"tool": "t3", "arguments": {"amount": 50, "text": "x" * 500}}
    assert [one.value for one in jq.batch(batch, call)].index(True) == 3

    took: list[float] = []
    for _ in range(20):
        began = time.perf_counter()
        jq.batch(batch, call)
        took.append(time.perf_counter() - began)

    # Under a millisecond on an idle machine; the quickest of twenty, with room for a busy one.
    assert min(took) < 0.005


def test_a_closed_evaluator_keeps_no_process() -> None:
    evaluator = Evaluator(QUICK)
    evaluator.evaluate("1", None)
    [child] = evaluator.idle()

    evaluator.close()

    assert evaluator.idle() == []
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
