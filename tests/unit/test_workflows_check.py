"""``baton workflows check``: names are looked up, and every order of words and options is taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from bots.terminal.arguments import build_parser
from runtime.catalog.workflow.check import check_workflows
from tests.worlds.product import SHIPPED

HEAD = "document: {dsl: '1.0.3', namespace: a, name: flow, version: '1.0.0'}\ndo:\n"


WRONG = [
    (
        "{call: tool, with: {tool: qury_table, arguments: {}}}",
        "with/tool there is no tool 'qury_table'; write 'query_table'",
    ),
    (
        "{call: tool, with: {tool: ask, arguments: {}}}",
        "with/tool there is no tool 'ask'; write ",
    ),
    (
        "{call: tool, with: {tool: query_table, arguments: {files: [a.csv]}}}",
        "with/arguments the tool 'query_table' needs 'sql'; add it",
    ),
    (
        "{call: tool, with: {tool: query_table, arguments: {files: [], sql: x, limits: 3}}}",
        "with/arguments/limits the tool 'query_table' takes no 'limits'; write",
    ),
    (
        "{call: tool, with: {tool: query_table, arguments: {files: [], sql: x, limit: few}}}",
        "with/arguments/limit the tool 'query_table' does not take this: 'few' is",
    ),
    (
        "{call: agent, with: {agent: analist, task: Look}}",
        "with/agent there is no agent 'analist'; write 'analyst'",
    ),
    (
        "{call: approval, with: {title: Go, stages: [{eligible: ['role:aprover']}]}}",
        "with/stages stages[0].eligible: the role 'aprover' is not defined; did",
    ),
    (
        "{call: approval, with: {title: Go, stages: [{eligible: requester, qorum: 2}]}}",
        "with/stages stages[0].qorum: 'qorum' is not known; did you mean 'quorum'?",
    ),
    (
        "{call: approval, with: {title: Go, policy: purchase-order}}",
        "with/policy policy.yaml has no rule 'purchase-order' by which",
    ),
    (
        "{run: {workflow: {namespace: office, name: weekly-reprt, version: '1.0.0'}}}",
        "run/workflow/name there is no workflow 'weekly-reprt' here; write 'weekly-r",
    ),
    (
        "{run: {workflow: {namespace: office, name: weekly-report, version: '2.0.0'}}}",
        "run/workflow/version the version of 'weekly-report' is '1.0.0', not '2.0.0'",
    ),
    (
        "{run: {workflow: {namespace: office, name: vendor-purchase, version: '1.0.0', "
        "input: {item: pen, quantity: '${ .n }'}}}}",
        "run/workflow/input the workflow 'vendor-purchase' needs 'department'; add",
    ),
]


def wrong(tmp_path: Path, tasks: str) -> list[str]:
    file = tmp_path / "flow.yaml"
    file.write_text(HEAD + tasks)
    found = check_workflows([file], agents_path=SHIPPED).problems
    return [f"{one.line} {one.pointer} {one.text}" for one in found]


def test_what_is_named_and_not_there_is_told_with_what_is_near(tmp_path: Path) -> None:
    tasks = [f"  - t{index}: {task}\n" for index, (task, _) in enumerate(WRONG)]

    found = wrong(tmp_path, "".join(tasks))

    assert len(found) == len(WRONG), found
    for index, (one, (_, told)) in enumerate(zip(sorted(found, key=_line), WRONG, strict=True)):
        assert one.startswith(f"{index + 3} /do/{index}/t{index}/{told}"), one


def _line(told: str) -> int:
    return int(told.partition(" ")[0])


@pytest.mark.parametrize(
    ("task", "told"),
    [
        (
            "{call: agent, with: {agent: analyst, tsk: Look}}",
            "3 /do/0/a/with/tsk 'tsk' is not known here; write 'task'",
        ),
        (
            "{call: agent, with: {agent: analyst, task: Look, purpose: play}}",
            "3 /do/0/a/with/purpose 'play' does not fit; write work, check or synthesise",
        ),
    ],
)
def test_what_a_function_of_ours_does_not_take_is_told(
    tmp_path: Path, task: str, told: str
) -> None:
    assert wrong(tmp_path, f"  - a: {task}\n")[0].startswith(told)


def test_what_an_expression_gives_is_not_known_yet(tmp_path: Path) -> None:
    tasks = """\
  - a: {call: tool, with: {tool: '${ .tool }', arguments: {x: 1}}}
  - b: {call: tool, with: {tool: query_table, arguments: {files: '${ .f }', sql: x}}}
  - c: {call: tool, with: {tool: query_table, arguments: '${ . }'}}
  - d: {call: agent, with: {agent: '${ .who }', task: '${ .what }', purpose: '${ .why }'}}
  - e: {call: approval, with: {title: Go, stages: '${ .stages }', policy: '${ .rule }'}}
  - f: {call: approval, with: {title: Go, stages: [{eligible: ['${ .boss }']}]}}
  - g: {call: tool, with: {tool: keep_record, arguments: {of an: agent}}}
  - h: {set: {call: tool, with: {tool: none of the language}}}
"""

    assert wrong(tmp_path, tasks) == []


def test_what_of_an_installation_is_broken_or_away_is_believed(tmp_path: Path) -> None:
    file = tmp_path / "flow.yaml"
    file.write_text(
        HEAD + "  - a: {call: tool, with: {tool: any, arguments: {}}}\n"
        "  - b: {call: approval, with: {title: Go, policy: any}}\n"
    )
    broken = tmp_path / "agents"
    broken.mkdir()
    (broken / "mcp.json").write_text("{")
    (broken / "policy.yaml").write_text("version: 7\n")

    assert check_workflows([file], agents_path=tmp_path / "away").problems == ()
    assert check_workflows([file], agents_path=broken).problems == ()


@pytest.mark.parametrize(
    "typed",
    [
        ("check", "a.yaml", "b.yaml", "--json"),
        ("check", "--json", "a.yaml", "b.yaml"),
        ("--json", "check", "a.yaml", "b.yaml"),
        ("check", "a.yaml", "--json", "b.yaml"),
    ],
)
def test_options_stand_before_between_and_behind_words(typed: tuple[str, ...]) -> None:
    understood = build_parser().parse_args(["workflows", *typed])

    assert (understood.words, understood.json) == (["check", "a.yaml", "b.yaml"], True)


def test_an_option_that_there_is_not_is_no_word(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        build_parser().parse_args(["workflows", "check", "--jsn", "file.yaml"])

    assert ended.value.code == 2
    assert "--jsn" in capsys.readouterr().err
