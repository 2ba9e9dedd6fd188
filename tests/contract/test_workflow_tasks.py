"""What each kind of task does, and the way of the data between them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from runtime.domain.states import StepStatus
from runtime.expressions.evaluator import Evaluator
from tests.worlds.flows import FlowWorld, opened


@pytest.fixture
def world(sqlite_url: str, evaluator: Evaluator, tmp_path: Path) -> Iterator[FlowWorld]:
    make = partial(FlowWorld, evaluator=evaluator, data=tmp_path)
    with opened(sqlite_url, make) as made:
        yield made


def test_data_goes_from_task_to_task(world: FlowWorld) -> None:
    done = world.run(
        """
input:
  from: .order
do:
  - price:
      input: {from: '{n: .count}'}
      set: {total: '${ .n * 3 }', asked: '${ $workflow.input.order.count }'}
      output: {as: '{total, was: $input.n, asked}'}
      export: {as: '{priced: .total, before: $context}'}
  - show:
      set: '${ . + {context: $context, name: $task.name, reference: $task.reference} }'
output:
  as: '. + {context: $context.priced}'
""",
        input={"order": {"count": 4}},
    )

    assert done.output == {
        "total": 12,
        "was": 4,
        "asked": 4,
        "context": 12,
        "name": "show",
        "reference": "/do/1/show",
    }


def test_a_skipped_task_hands_its_input_on(world: FlowWorld) -> None:
    done = world.run(
        "do:\n  - a: {if: .go, set: {x: 1}, then: end}\n  - b: {set: '${ .n }'}\n",
        input={"n": 7, "go": False},
    )

    assert done.output == 7


@pytest.mark.parametrize(
    ("body", "at", "told"),
    [
        (
            "input: {schema: {document: {type: object, required: [n]}}}\ndo: []\n",
            "/",
            "the input does not fit its schema",
        ),
        (
            "do:\n  - a: {input: {schema: {document: {type: string}}}, set: {x: 1}}\n",
            "/do/0/a",
            "the input does not fit its schema",
        ),
        (
            "do:\n  - a: {set: {x: 1}, output: {schema: {document: {required: [y]}}}}\n",
            "/do/0/a",
            "the output does not fit its schema",
        ),
        (
            "do:\n  - a: {set: {x: 1}, export: {as: ., schema: {document: {type: string}}}}\n",
            "/do/0/a",
            "the exported context does not fit its schema",
        ),
    ],
)
def test_data_that_does_not_fit_its_schema_is_refused(
    world: FlowWorld, body: str, at: str, told: str
) -> None:
    done = world.run(body, input={})

    assert done.status == StepStatus.FAILED
    assert str(done.problem["type"]).endswith("/errors/validation")
    assert (done.problem["status"], done.problem["instance"]) == (400, at)
    assert told in str(done.problem["detail"])


def test_an_expression_that_fails_says_which_and_where(world: FlowWorld) -> None:
    done = world.run("do:\n  - a: {do: [{b: {set: {x: '${ .n.m }'}}}]}\n", input={"n": 1})

    assert str(done.problem["type"]).endswith("/errors/expression")
    assert done.problem["instance"] == "/do/0/a/do/0/b"
    assert "'.n.m'" in str(done.problem["detail"])


def test_directives_lead_through_nested_lists(world: FlowWorld) -> None:
    done = world.run(
        """
do:
  - first:
      do:
        - one: {set: '${ .seen += ["one"] }', then: three}
        - two: {set: '${ .seen += ["two"] }'}
        - three: {set: '${ .seen += ["three"] }', then: exit}
        - four: {set: '${ .seen += ["four"] }'}
      then: third
  - second: {set: '${ .seen += ["second"] }'}
  - third: {do: [{deep: {set: '${ .seen += ["deep"] }', then: end}}]}
  - fourth: {set: '${ .seen += ["fourth"] }'}
""",
        input={"seen": []},
    )

    assert done.output == {"seen": ["one", "three", "deep"]}


def test_a_task_may_be_come_back_to_and_not_for_ever(world: FlowWorld) -> None:
    body = """
do:
  - count: {set: '${ .n += 1 }'}
  - more:
      switch:
        - again: {when: .n < .most, then: count}
        - enough: {then: end}
"""

    assert world.run(body, input={"n": 0, "most": 5}).output == {"n": 5, "most": 5}
    lost = world.run(body, input={"n": 0, "most": 1000})
    assert "use for with while instead" in str(lost.problem["detail"])


def test_loops_hand_on_what_an_iteration_gives_and_stop_where_while_says(
    world: FlowWorld,
) -> None:
    done = world.run(
        """
do:
  - each:
      for: {each: color, in: .colors, at: place}
      while: (.seen // []) | length < 2
      do:
        - mark: {set: '${ .seen += ["\\($place) \\($color)"] }'}
""",
        input={"colors": ["red", "green", "blue"]},
    )

    assert done.output == {"colors": ["red", "green", "blue"], "seen": ["0 red", "1 green"]}


def test_a_long_loop_counts_every_item_once_and_in_order(world: FlowWorld) -> None:
    body = """
do:
  - each:
      for: {in: '[range(130)]'}
      do:
        - add:
            set: '${ {sum: (.sum + $item), last: $index, right: (.right and $item == $index)} }'
"""
    done = world.run(body, input={"sum": 0, "right": True})

    assert done.output == {"sum": sum(range(130)), "last": 129, "right": True}


def test_branches_give_their_outputs_in_order(world: FlowWorld) -> None:
    body = """
do:
  - both:
      fork:
        branches:
          - left: {set: {side: left, got: '${ .n }'}}
          - right: {do: [{deep: {set: right}}], export: {as: '{said: .}'}}
  - after: {set: '${ {outputs: ., said: $context.said} }'}
"""
    done = world.run(body.replace("set: right", "set: '${ \"right\" }'"), input={"n": 1})

    assert done.output == {"outputs": [{"side": "left", "got": 1}, "right"], "said": "right"}


def test_the_first_branch_wins_and_the_others_are_cancelled(world: FlowWorld) -> None:
    run_id = world.accept(
        """
do:
  - race:
      fork:
        compete: true
        branches:
          - slow: {do: [{pause: {wait: PT1H}}, {late: {set: {winner: slow}}}]}
          - broken: {raise: {error: {type: 'https://x.y/z', status: 500}}}
          - quick: {set: {winner: quick}}
"""
    )
    process = world.process()
    world.engines.do(process, run_id)

    assert world.outcome(run_id).output == {"winner": "quick"}
    assert world.engines.step(run_id, "/do/0/race/slow").status == StepStatus.CANCELLED
    world.engines.later(process, seconds=7200)
    assert not any("late" in name for name in world.names(run_id))


def test_a_race_that_nobody_wins_fails_as_its_first_branch(world: FlowWorld) -> None:
    done = world.run(
        """
do:
  - race:
      fork:
        compete: true
        branches:
          - one: {raise: {error: {type: 'https://x.y/one', status: 500}}}
          - two: {raise: {error: {type: 'https://x.y/two', status: 501}}}
"""
    )

    assert done.problem["instance"] == "/do/0/race/fork/branches/0/one"


TRY = """
use:
  errors: {busy: {type: 'https://x.y/busy', status: 503, title: Busy, detail: '${ .why }'}}
  retries: {twice: {limit: {attempt: {count: 2}}, delay: PT10S, backoff: {linear: {}}}}
do:
  - careful:
      try:
        - fails: {raise: {error: busy}}
      catch: CATCH
"""


def test_an_error_is_caught_with_its_properties_in_a_variable(world: FlowWorld) -> None:
    catch = "{errors: {with: {status: 503}}, as: err, do: [{tell: {set: {got: '${ $err }'}}}]}"
    done = world.run(TRY.replace("CATCH", catch), input={"why": "too many"})

    assert done.output == {
        "got": {
            "type": "https://x.y/busy",
            "status": 503,
            "title": "Busy",
            "detail": "too many",
            "instance": "/do/0/careful/try/0/fails",
        }
    }


@pytest.mark.parametrize(
    "catch",
    [
        "{errors: {with: {status: 404}}}",
        "{when: $error.status == 404}",
        "{exceptWhen: $error.status == 503}",
    ],
)
def test_an_error_that_a_catch_does_not_mean_goes_on(world: FlowWorld, catch: str) -> None:
    done = world.run(TRY.replace("CATCH", catch), input={})

    assert done.problem["instance"] == "/do/0/careful/try/0/fails"


def test_retries_wait_longer_each_time_and_end(world: FlowWorld) -> None:
    run_id = world.accept(TRY.replace("CATCH", "{retry: twice}"), input={})
    process = world.process()
    world.engines.do(process, run_id)

    assert world.outcome(run_id).status == StepStatus.WAITING
    world.engines.later(process, seconds=10)
    assert world.outcome(run_id).status == StepStatus.WAITING
    world.engines.later(process, seconds=10)
    assert world.outcome(run_id).status == StepStatus.WAITING
    world.engines.later(process, seconds=10)

    assert world.outcome(run_id).problem["title"] == "Busy"
    tries = [name for name in world.names(run_id) if name.endswith("/fails")]
    assert len(tries) == 3


def test_a_wait_holds_nothing_but_a_row(world: FlowWorld) -> None:
    run_id = world.accept("do:\n  - pause: {wait: {days: 30}}\n  - go: {set: {done: true}}\n")
    process = world.process()
    world.engines.do(process, run_id)
    world.engines.later(process, seconds=86400 * 29)

    waiting = world.outcome(run_id)
    world.engines.later(process, seconds=86400)

    assert waiting.status == StepStatus.WAITING
    assert waiting.waits_for == "until 2026-02-04 09:00:00 UTC"
    assert world.outcome(run_id).output == {"done": True}


def test_a_task_that_takes_too_long_is_cut_off(world: FlowWorld) -> None:
    run_id = world.accept(
        """
do:
  - guarded:
      try:
        - long:
            timeout: {after: {minutes: 5}}
            fork: {branches: [{a: {wait: PT1H}}, {b: {wait: PT1M}}]}
      catch:
        errors: {with: {status: 408}}
        do: [{tell: {set: {error: '${ $error.type | split("/") | last }'}}}]
  - after: {wait: PT1H}
"""
    )
    process = world.process()
    world.engines.do(process, run_id)
    world.engines.later(process, seconds=61)
    world.engines.later(process, seconds=240)
    assert world.outcome(run_id).status == StepStatus.WAITING
    assert world.engines.step(run_id, "/do/0/guarded/try/0/long/a").status == StepStatus.CANCELLED

    world.engines.later(process, seconds=3600)

    assert world.outcome(run_id).output == {"error": "timeout"}


def test_a_whole_workflow_may_have_a_limit(world: FlowWorld) -> None:
    run_id = world.accept(
        "timeout: {after: PT30S}\ndo:\n  - a: {wait: PT60S}\n  - b: {set: {x: 1}}\n"
    )
    process = world.process()
    world.engines.do(process, run_id)
    world.engines.later(process, seconds=31)

    assert world.outcome(run_id).problem["status"] == 408


def test_extensions_go_around_tasks_and_may_take_their_place(world: FlowWorld) -> None:
    done = world.run(
        """
use:
  extensions:
    - log:
        extend: set
        before: [{note: {set: '${ . }', export: {as: '($context // []) + [$task.name]'}}}]
        after: [{note: {set: '${ . }', export: {as: '$context + ["after"]'}}}]
    - mock:
        extend: raise
        before: [{instead: {set: {mocked: '${ $task.name }'}, then: exit}}]
do:
  - a: {set: {x: 1}}
  - b: {raise: {error: {type: 'https://x.y', status: 500}}}
output: {as: '{data: ., log: $context}'}
""",
        input={},
    )

    assert done.output == {"data": {"mocked": "instead"}, "log": ["note", "after"]}


def test_functions_are_tasks_with_their_own_input(world: FlowWorld) -> None:
    done = world.run(
        """
use:
  functions:
    double:
      input: {schema: {document: {required: [n]}}}
      set: {twice: '${ .n * 2 }'}
do:
  - a: {call: double, with: {n: '${ .x }'}}
  - b: {call: double, with: {n: '${ .twice }'}}
""",
        input={"x": 5},
    )

    assert done.output == {"twice": 20}


def test_the_time_is_the_same_on_every_entry(world: FlowWorld) -> None:
    run_id = world.accept(
        """
do:
  - at: {set: {at: '${ now | todate }', started: '${ $task.startedAt.epoch.seconds }'}}
  - pause: {wait: PT1H}
  - later: {set: '${ . + {later: (now | todate)} }'}
"""
    )
    process = world.process()
    world.engines.do(process, run_id)
    world.engines.later(process, seconds=3600)

    assert world.outcome(run_id).output == {
        "at": "2026-01-05T09:00:00Z",
        "started": 1767603600,
        "later": "2026-01-05T10:00:00Z",
    }


def test_loose_mode_tries_every_text(world: FlowWorld) -> None:
    done = world.run(
        "evaluate: {mode: loose}\ndo:\n  - a: {set: {n: .x + 1, words: not an expression}}\n",
        input={"x": 1},
    )

    assert done.output == {"n": 2, "words": "not an expression"}


def test_steps_are_named_by_reference_with_indexes(world: FlowWorld) -> None:
    run_id = world.accept(
        """
do:
  - each:
      for: {in: '[1, 2]'}
      do: [{inner: {do: [{mark: {set: {x: 1}}}]}}]
  - last: {switch: [{only: {then: end}}]}
"""
    )
    world.engines.do(world.process(), run_id)

    assert world.names(run_id) == [
        "/do/0/each/0/do/0/inner/do/0/mark",
        "/do/0/each/1/do/0/inner/do/0/mark",
        "/do/1/last",
        "/started",
    ]
