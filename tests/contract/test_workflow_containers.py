"""Containers of workflows, run by a stand-in for an engine that writes down what it was told."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from runtime.domain.json import Json
from runtime.domain.states import StepStatus
from runtime.expressions.evaluator import Evaluator
from runtime.storage import approvals
from runtime.tools.containers import Containers
from tests.worlds.flows import FlowWorld, opened

ENGINE = """\
#!{python}
import json, os, sys, time
told = sys.argv[1:]
given = sys.stdin.read() if told[0] == "run" else ""
at = told.index("--env-file") if "--env-file" in told else None
variables = open(told.pop(at + 1)).read() if at is not None else ""
with open("{seen}", "a") as file:
    file.write(json.dumps({{"told": told, "stdin": given, "variables": variables,
                           "own": sorted(os.environ)}}) + "\\n")
if told[0] == "run":
    if "hang" in told: time.sleep(600)
    if "broken" in told: print("no such image", file=sys.stderr); sys.exit(125)
    print("out", end=""); print("err", end="", file=sys.stderr)
    sys.exit(7 if "fails" in told else 0)
"""
POLICY = "version: 1\ndefaults: {read: allow, write: allow, irreversible: ask}\n"
Make = Callable[..., FlowWorld]
WALLS = [
    *("--pull", "missing", "--network", "none", "--cap-drop", "ALL"),
    *("--security-opt", "no-new-privileges", "--pids-limit", "256", "--memory", "512m"),
    *("--cpus", "1", "--rm"),
]


@pytest.fixture
def seen(tmp_path: Path) -> Path:
    return tmp_path / "seen"


@pytest.fixture
def make(sqlite_url: str, evaluator: Evaluator, tmp_path: Path, seen: Path) -> Iterator[Make]:
    engine = tmp_path / "bin" / "docker"
    engine.parent.mkdir()
    engine.write_text(ENGINE.format(python=sys.executable, seen=seen))
    engine.chmod(engine.stat().st_mode | stat.S_IXUSR)

    def made(**changes: str | float) -> FlowWorld:
        containers = Containers(
            engine="",
            network="none",
            seconds=60.0,
            folder=tmp_path / "volumes",
            environment={"PATH": str(engine.parent), "BATON_DATABASE_URL": "secret"},
        )
        world = stack.enter_context(
            opened(
                sqlite_url,
                partial(FlowWorld, evaluator=evaluator, data=tmp_path, policy=POLICY),
            )
        )
        world.outfit = replace(world.outfit, containers=replace(containers, **changes))
        return world

    with ExitStack() as stack:
        yield made


def task(given: str, more: str = "") -> str:
    return f"do:\n  - a: {{run: {{container: {{image: alpine, {given}}}{more}}}}}\n"


def told(seen: Path) -> list[dict[str, list[str]]]:
    return [json.loads(line) for line in seen.read_text().splitlines()]


def test_it_is_run_walled_in_with_all_that_it_is_given(make: Make, seen: Path) -> None:
    given = (
        "command: 'echo $1', arguments: ['${ .who }', two], stdin: '${ .who }',"
        " environment: {A: b, LD_PRELOAD: x}"
    )
    done = make().run(task(given), input={"who": "Ada"})

    assert done.output == "out", done
    removed, ran = told(seen)
    name = ran["told"][2]
    assert removed["told"] == ["rm", "--force", name]
    assert ran["told"] == [
        *("run", "--name", name, *WALLS, "--interactive", "--env-file"),
        *("--entrypoint", "sh", "alpine", "-c", "echo $1", "sh", "Ada", "two"),
    ]
    assert (ran["stdin"], ran["variables"]) == ("Ada", "A=b\nLD_PRELOAD=x\n")
    assert not {"BATON_DATABASE_URL", "LD_PRELOAD", "A"} & set(ran["own"])


@pytest.mark.parametrize(
    ("gives", "output"),
    [
        ("stdout", "out"),
        ("stderr", "err"),
        ("code", 0),
        ("all", {"code": 0, "stdout": "out", "stderr": "err"}),
        ("none", None),
    ],
)
def test_it_gives_what_the_task_wants(make: Make, gives: str, output: Json) -> None:
    assert make().run(task("arguments: []", f", return: {gives}")).output == output


@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        ("arguments: [fails]", "runtime", "it ended with 7: err"),
        ("arguments: [broken]", "runtime", "could not run it: no such image"),
        ("ports: {'8080': 80}", "runtime", "has no network, so no ports"),
        ("lifetime: {cleanup: eventually, after: PT1M}", "configuration", "write always, or never"),
        ("name: '--privileged'", "configuration", "is no name of a container"),
        ("environment: {'A=B': c}", "configuration", "is no environment variable"),
        ('environment: {A: "b\\nC=d"}', "runtime", "has more than one line"),
    ],
)
def test_what_does_not_work_fails_with_a_word_about_it(
    make: Make, given: str, kind: str, words: str
) -> None:
    world = make()
    run_id = world.accept(task(given))
    process = world.process()
    world.engines.do(process, run_id)
    with world.database.read() as connection:
        asked = approvals.of_run(connection, run_id)
    assert asked == []

    found = world.outcome(run_id).problem
    assert str(found["type"]).endswith(f"/errors/{kind}"), found
    assert words in str(found["detail"])


def test_without_an_engine_it_says_what_to_do(make: Make) -> None:
    found = make(engine="off").run(task("arguments: []")).problem

    assert "install docker or podman, or name one in BATON_CONTAINER_ENGINE" in str(found["detail"])


def test_its_time_is_over_and_it_is_killed(make: Make, seen: Path) -> None:
    found = make(seconds=1.0).run(task("arguments: [hang]")).problem

    assert "the container was killed after 1 seconds" in str(found["detail"])
    name = told(seen)[1]["told"][2]
    assert told(seen)[-1]["told"] == ["rm", "--force", name]


def test_what_reaches_out_of_its_walls_is_asked_about_first(make: Make, seen: Path) -> None:
    world = make()
    run_id = world.accept(task("volumes: {store: /data}"))
    world.engines.do(world.process(), run_id)

    assert world.outcome(run_id).status is StepStatus.WAITING
    with world.database.read() as connection:
        [asked] = approvals.of_run(connection, run_id)
    assert (asked.tool, asked.effect.value) == ("container", "irreversible")
    assert asked.arguments == {"image": "alpine", "volumes": {"store": "/data"}}
    assert not seen.exists()
