"""Documents are read as the specification means them, and what is wrong is said by place."""

from __future__ import annotations

import random
import textwrap
from pathlib import Path

import pytest

from runtime.catalog.catalog import Catalog
from runtime.catalog.load import load_catalog
from runtime.catalog.problems import Problems
from runtime.catalog.workflow.check import check_workflows
from runtime.catalog.workflow.durations import seconds_of
from runtime.catalog.workflow.grammar import DOCUMENT
from runtime.catalog.workflow.read import parse_workflow, read_workflow
from runtime.catalog.workflow.task import CallTask, Duration, ForTask, SwitchTask, TryTask
from runtime.domain.errors import Misconfigured, NotFound
from tests.worlds.specification import document, examples, mutations, needs_specification, schema

HEAD = """\
document:
  dsl: '1.0.3'
  namespace: test
  name: pay
  version: '1.2.0'
"""


def read(body: str) -> list[str]:
    problems = Problems()
    read_workflow(HEAD + textwrap.dedent(body), file="pay.yaml", problems=problems)
    return [str(problem) for problem in problems.found]


@needs_specification
def test_every_example_of_the_specification_is_read() -> None:
    for path in examples():
        workflow = parse_workflow(path.read_text(encoding="utf-8"), file=path.name)
        assert workflow.tasks, path.name


@needs_specification
def test_the_grammar_and_the_schema_agree_on_examples_with_one_thing_changed() -> None:
    valid = schema()
    chance = random.Random(20)
    disagreed: list[str] = []
    for path in examples():
        for what, changed in mutations(document(path)):
            if chance.random() > 0.03:
                continue
            ours = list(DOCUMENT.wrong(changed, ()))
            if ours and all(len(place) == 1 for place, _ in ours):
                # Keys at the very top are the one thing in which the grammar is stricter.
                continue
            if (not ours) != valid.is_valid(changed):
                disagreed.append(f"{path.name}: {what}: {ours[:2]}")

    assert disagreed == []


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("do: []\nduu: 1\n", "pay.yaml:7: /duu: 'duu' is not known here; write one of"),
        ("do:\n  - a: {sett: {x: 1}}\n", "pay.yaml:7: /do/0/a: it has none of them; write one of"),
        (
            "do:\n  - a:\n      call: http\n      with: {metod: get, endpoint: 'https://x.y'}\n",
            "pay.yaml:9: /do/0/a/with/metod: 'metod' is not known here; write 'method'",
        ),
        ("do:\n  - a: {set: {x: 1}}\n    b: {set: {x: 1}}\n", "one item is one name"),
        (
            "do:\n  - a:\n      set: {x: 1}\n      then: bb\n  - b: {wait: PT1S}\n",
            "pay.yaml:9: /do/0/a/then: there is no task 'bb' in this list; write 'b'",
        ),
        ("do:\n  - a: {wait: 5 minutes}\n", "write a duration such as PT15M"),
        (
            "do:\n  - a: {set: {x: 1}}\n  - a: {set: {x: 1}}\n",
            "pay.yaml:8: /do/1/a: another task here is called 'a'",
        ),
        ("do:\n  - a: {set: '${ .x | (env) }'}\n", "'env' would reach the environment"),
        ("do:\n  - a: {if: '.x == (1', set: {x: 1}}\n", "'(' is not closed"),
        ("do:\n  - a: {call: agnt}\n", "there is no function 'agnt'; write 'agent'"),
        ("do:\n  - a: {raise: {error: broken}}\n", "use.errors has no 'broken'"),
        ("do:\n  - a: {set: {x: 1}, timeout: long}\n", "use.timeouts has no 'long'"),
        ("do:\n  - a: {listen: {to: {one: {with: {type: t}}, until: .x}}}\n", "'until'"),
        (
            "do:\n  - a: {set: {x: 1}, metadata: {title: Ask, and wait}}\n",
            "/do/0/a/metadata/and wait: 'and wait' is a key of its own here; put quotes around",
        ),
        ("do: [\n", "this is not YAML"),
    ],
)
def test_what_is_wrong_is_said_with_line_pointer_and_what_to_write(body: str, told: str) -> None:
    found = read(body)

    assert any(told in one for one in found), found


def test_another_version_of_the_language_is_refused() -> None:
    with pytest.raises(Misconfigured, match=r"pay\.yaml:2: /document/dsl: '2\.0\.0' is not read"):
        parse_workflow(HEAD.replace("1.0.3", "2.0.0") + "do: []\n", file="pay.yaml")


def test_a_document_becomes_typed_values_with_references() -> None:
    body = """
    do:
      - pick:
          switch:
            - big: {when: .n > 1, then: again}
            - other: {then: end}
      - again:
          try:
            - each:
                for: {in: .items}
                do:
                  - call/it: {call: tool, with: {tool: x}}
          catch:
            retry: {delay: {seconds: 2}, backoff: {exponential: {}}}
    """
    workflow = parse_workflow(HEAD + textwrap.dedent(body), file="pay.yaml")

    pick, again = workflow.tasks
    assert isinstance(pick, SwitchTask)
    assert [case.then for case in pick.cases] == ["again", "end"]
    assert isinstance(again, TryTask)
    assert again.catch.variable == "error"
    [loop] = again.tasks
    assert isinstance(loop, ForTask)
    assert (loop.each, loop.at, loop.reference) == ("item", "index", "/do/1/again/try/0/each")
    [call] = loop.tasks
    assert isinstance(call, CallTask)
    assert call.reference == "/do/1/again/try/0/each/do/0/call~1it"
    assert (workflow.actor, workflow.title) == ("pay@1.2.0", "pay")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ({"days": 1, "hours": 1, "minutes": 1, "seconds": 1, "milliseconds": 500}, 90061.5),
        ("PT15M", 900),
        ("P1DT2H", 93600),
        ("P1W", 604800),
        ("PT0.5S", 0.5),
        ("P", None),
        ("15m", None),
        (7, None),
        ({"weeks": "1"}, None),
    ],
)
def test_durations_are_seconds(value: object, seconds: float | None) -> None:
    assert seconds_of(value) == seconds  # pyright: ignore[reportArgumentType] - any JSON at all


def test_a_timeout_may_be_an_expression() -> None:
    body = "do:\n  - a: {wait: '${ .pause }'}\n"

    [wait] = parse_workflow(HEAD + body, file="pay.yaml").tasks

    assert getattr(wait, "duration", None) == Duration(expression="${ .pause }")


@pytest.mark.parametrize(
    ("schedule", "line", "words"),
    [
        ("{cron: '61 * * * *'}", 8, "/schedule/cron: '61 * * * *' is no cron expression"),
        ("{cron: '0 0 31 2 *'}", 8, "/schedule/cron: '0 0 31 2 *'"),
        ("{every: PT0S}", 8, "/schedule/every: 'PT0S' is no fixed time"),
        ("\n  after: '${ .x }'", 9, "/schedule/after: '${ .x }' is no fixed time"),
        ("{on: {any: [], until: '${ .n + (1 }'}}", 8, "/schedule/on/until: the expression"),
        ("{on: {all: [], until: '${ . }'}}", 8, "/schedule/on/until: 'until' is not known here"),
    ],
)
def test_a_schedule_that_never_comes_is_told_by_line(schedule: str, line: int, words: str) -> None:
    [told] = read(f"do: []\nschedule: {schedule}\n".replace("do: []", "do:\n  - a: {wait: PT1S}"))

    assert told.startswith(f"pay.yaml:{line}: {words}"), told


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("{sponsor: Ann}", "sponsor"),
        ("{sponsor: ['slack:T1/U1', 7]}", "sponsor"),
        ("{channel: '#general'}", "channel"),
    ],
)
def test_a_sponsor_or_a_channel_that_names_nobody_is_told_by_line(said: str, key: str) -> None:
    body = f"  metadata: {said}\nschedule: {{every: PT1H}}\ndo: [{{a: {{set: {{x: 1}}}}}}]\n"

    [problem] = read(body)

    assert problem.startswith(f"pay.yaml:6: /document/metadata/{key}: ")
    assert "write CHANNEL:WORKSPACE/ID" in problem


@pytest.mark.parametrize("said", ["", "  metadata: {channel: 'slack:T1/C1'}\n"])
def test_what_names_nobody_who_answers_is_told_by_line_and_holds_up_no_other(
    tmp_path: Path, said: str
) -> None:
    body = "schedule: {every: PT1H}\ndo: [{a: {wait: PT1S}}]\n"
    folder = agents_folder(tmp_path, said + body)
    file = folder / "workflows" / "pay.yaml"

    loaded = load_catalog(folder)
    checked = check_workflows([file], agents_path=folder)

    line = 6 + bool(said)
    [told] = loaded.warnings
    assert f"{file}:{line}: /schedule: " in told
    assert "sponsor: 'slack:T024/U061'" in told
    assert [str(one) for one in checked.problems] == [told]
    assert list(loaded.agents) == ["clerk"]
    file.write_text(HEAD + "  metadata: {sponsor: whoever-starts-it}\n" + body)
    assert load_catalog(folder).workflow("pay").schedule is not None
    assert load_catalog(folder).warnings == ()


def test_a_time_zone_that_is_none_is_told_by_line() -> None:
    text = HEAD + "  metadata: {timezone: Mars/Olympus}\ndo: []\nschedule: {every: PT1H}\n"

    with pytest.raises(Misconfigured, match=r"pay.yaml:6: /document/metadata/timezone: "):
        parse_workflow(text, file="pay.yaml")


def agents_folder(root: Path, body: str, *, name: str = "pay.yaml") -> Path:
    (root / "clerk").mkdir(exist_ok=True)
    (root / "clerk" / "agent.md").write_text("---\nrole: worker\ndescription: Works.\n---\nWork.\n")
    (root / "workflows").mkdir(exist_ok=True)
    (root / "workflows" / name).write_text(HEAD + body)
    return root


def test_workflows_are_part_of_the_catalog_and_of_its_digest(tmp_path: Path) -> None:
    catalog = load_catalog(agents_folder(tmp_path, "do:\n  - a: {set: {x: 1}}\n"))
    changed = load_catalog(agents_folder(tmp_path, "do:\n  - a: {set: {x: 2}}\n"))

    assert catalog.workflow("pay").version == "1.2.0"
    assert Catalog.from_json(catalog.to_json()) == catalog
    assert changed.digest != catalog.digest
    with pytest.raises(NotFound, match="write 'pay'"):
        catalog.workflow("payy")


def test_a_file_that_is_about_to_be_written_keeps_no_catalog_from_being_read(
    tmp_path: Path,
) -> None:
    agents_folder(tmp_path, "do:\n  - a: {set: {x: 1}}\n")
    empty = tmp_path / "workflows" / "new.yaml"
    empty.write_text("")

    assert list(load_catalog(tmp_path).workflows) == ["pay"]
    assert check_workflows([empty], agents_path=tmp_path).problems != ()


def test_a_catalog_pinned_before_there_were_workflows_has_none(tmp_path: Path) -> None:
    catalog = load_catalog(agents_folder(tmp_path, "do: []\n"))
    pinned = {name: value for name, value in catalog.to_json().items() if name != "workflows"}

    assert Catalog.from_json(pinned).workflows == {}


@pytest.mark.parametrize(
    ("task", "place", "program"),
    [
        ("{set: {x: '${ .a + }'}}", "/do/0/a/set/x", ".a +"),
        ("{if: .a ==, set: {x: 1}}", "/do/0/a/if", ".a =="),
        ("{set: {x: 1}, export: {as: 'nothing(1)'}}", "/do/0/a/export/as", "nothing(1)"),
        ("{set: sent}", "/do/0/a/set", "sent"),
        ("{for: {in: items}, do: [{b: {set: {x: 1}}}]}", "/do/0/a/for/in", "items"),
    ],
)
def test_what_is_no_jq_is_told_when_the_file_is_read(
    tmp_path: Path, task: str, place: str, program: str
) -> None:
    file = tmp_path / "flow.yaml"
    file.write_text(HEAD + f"do:\n  - a: {task}\n  - b: {{set: '${{ $item + $task.x }}'}}\n")

    [problem] = check_workflows([file], agents_path=tmp_path / "none").problems

    assert problem.pointer == place
    assert problem.line == HEAD.count("\n") + 2
    assert problem.text.startswith(f"{program!r} is no usable jq: ")


def test_texts_that_are_no_expressions_need_be_no_jq(tmp_path: Path) -> None:
    file = tmp_path / "flow.yaml"
    file.write_text(
        HEAD + "do:\n  - a: {set: {from: 'Berlin, Main St', as: 'a guest', set: 'no jq (',"
        " if: 'it rains ('}}\n"
        "  - b:\n"
        "      try: [{c: {listen: {to: {one: {with: {type: t}, correlate: "
        "{order: {from: .data.order, expect: A-7}}}}}}}]\n"
        "      catch: {as: problem, retry: {delay: PT1S, jitter: {from: PT1S, to: PT2S}}}\n"
    )

    problems = check_workflows([file], agents_path=tmp_path / "none").problems

    assert problems == ()


def test_workflows_must_fit_to_agents_and_to_each_other(tmp_path: Path) -> None:
    agents_folder(
        tmp_path,
        "do:\n"
        "  - a: {call: agent, with: {agent: clark, task: x}}\n"
        "  - b: {run: {workflow: {namespace: test, name: pey, version: '1.0.0'}}}\n",
    )
    agents_folder(tmp_path, "do: []\n", name="second.yaml")

    with pytest.raises(Misconfigured) as caught:
        load_catalog(tmp_path)

    told = caught.value.public
    assert "pay.yaml:7: /do/0/a/with/agent: there is no agent 'clark'; write 'clerk'" in told
    assert "/do/1/b/run/workflow/name: there is no workflow 'pey' here; write 'pay'" in told
    assert "second.yaml:4: " in told
    assert "is called 'pay' too; rename one" in told
