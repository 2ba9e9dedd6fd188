from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bots.door import Door
from bots.terminal.arguments import build_parser
from bots.terminal.checks.check import Check, Examination, fine
from bots.terminal.live import Live
from bots.terminal.main import main
from bots.terminal.perform import perform
from runtime.catalog.workflow.read import parse_workflow
from runtime.domain.errors import Misconfigured
from runtime.domain.json import JsonObject
from runtime.domain.run import OpenQuestion, RunView
from runtime.domain.states import RunStatus, StepStatus
from runtime.door.evidence import Evidence
from tests.worlds.front_door import NOON, FrontDoor, a_run, a_step, a_view, an_approval


@dataclass
class Bench:
    """A machine whose worker goes through given states of the run, one at each look."""

    door: FrontDoor = field(default_factory=FrontDoor)
    states: list[RunView] = field(default_factory=list[RunView])
    elsewhere: bool = False
    served: list[str] = field(default_factory=list[str])
    broken: Exception | None = None

    def serve(self, role: str) -> None:
        self.served.append(role)

    def open(self) -> Door:
        if self.broken is not None:
            raise self.broken
        return self.door

    def works_elsewhere(self) -> bool:
        return self.elsewhere

    def work_until(self, run_id: str, until: Callable[[RunView], bool]) -> RunView:
        for view in self.states:
            self.door.put(view)
            if until(view):
                return view
        raise AssertionError("the command went on waiting after the last state")

    def teams_package(self, *, url: str, organisation: str, slash: bool) -> bytes:
        raise AssertionError("no test here builds an app")

    def slack_manifest(self, *, url: str | None, socket: bool) -> JsonObject:
        raise AssertionError("no verb of a chat prints a manifest")

    def examinations(self) -> list[Examination]:
        return [("home", lambda: fine("home", "/somewhere")), ("database", self._database)]

    def agents_path(self) -> Path:
        return Path("agents")

    def evidence(self) -> Evidence:
        raise AssertionError("no command here is about evidence")

    def _database(self) -> list[Check]:
        problems = self.open().ready()
        return [Check(name="database", ok=not problems, detail="; ".join(problems))]

    def type(self, *words: str) -> int:
        return perform(build_parser().parse_args(words), self)


RUNNING = a_view()
WAITING = a_view(status="waiting", approvals=(an_approval(),))
DONE = a_view(
    a_run(
        answer="Buy from Nordlicht.",
        status=RunStatus.SUCCEEDED,
        finished_at=NOON + timedelta(seconds=30),
    ),
    status="succeeded",
)
FAILED = a_view(
    a_run(error={"code": "upstream", "message": "the provider is away"}, status=RunStatus.FAILED),
    status="failed",
)


def a_question(path: str, text: str, *choices: str) -> OpenQuestion:
    return OpenQuestion(step_id=f"run_1:{path}", text=text, choices=choices, asked_at=NOON)


ASKING = a_view(status="waiting", questions=(a_question("/ask", "Who pays?", "IT", "Sales"),))

Output = pytest.CaptureFixture[str]


def test_run_works_in_the_foreground_until_it_is_done(capsys: Output) -> None:
    bench = Bench(states=[RUNNING, DONE])

    status = bench.type("run", "compare", "the offers")

    out = capsys.readouterr().out
    assert status == 0
    assert bench.door.messages[0].text == "compare the offers"
    assert "Run #12 has started" in out
    assert "Buy from Nordlicht." in out


def test_run_stops_at_an_approval_and_prints_the_exact_command(capsys: Output) -> None:
    bench = Bench(states=[RUNNING, WAITING, DONE])

    status = bench.type("run", "compare")

    out = capsys.readouterr().out
    assert status == 3
    assert "quantity = 20" in out
    assert "baton approve 3" in out
    assert "Buy from Nordlicht." not in out


def test_run_with_wait_stays_through_an_approval(capsys: Output) -> None:
    bench = Bench(states=[RUNNING, WAITING, WAITING, DONE])

    status = bench.type("run", "compare", "--wait")

    printed = capsys.readouterr()
    assert status == 0
    assert printed.err.count("baton approve 3") == 1


def test_a_failed_run_ends_with_status_one_and_its_reason(capsys: Output) -> None:
    status = Bench(states=[FAILED]).type("run", "compare")

    assert status == 1
    assert "the provider is away" in capsys.readouterr().out


def test_run_as_json_prints_one_object_of_the_agreed_shape(capsys: Output) -> None:
    status = Bench(states=[RUNNING, WAITING]).type("run", "compare", "--json")

    given = json.loads(capsys.readouterr().out)
    assert status == 3
    assert {
        "run",
        "number",
        "status",
        "answer",
        "error",
        "approvals",
        "cost_usd",
        "tokens",
        "started_at",
        "finished_at",
    } <= set(given)
    assert {"id", "tool", "arguments", "eligible", "status"} <= set(given["approvals"][0])
    assert "nonce" not in given["approvals"][0]
    assert (given["run"], given["number"], given["status"]) == ("run_1", 12, "waiting")


def test_run_leaves_the_work_to_a_server_that_is_up(capsys: Output) -> None:
    bench = Bench(elsewhere=True)

    assert bench.type("run", "compare") == 3
    assert "baton status 12" in capsys.readouterr().out


def test_run_with_wait_watches_a_server_that_is_up(capsys: Output) -> None:
    bench = Bench(elsewhere=True)
    bench.door.put(DONE)

    assert bench.type("run", "compare", "--wait") == 0
    assert "Buy from Nordlicht." in capsys.readouterr().out


def test_agent_and_input_reach_the_runtime() -> None:
    bench = Bench(states=[DONE])

    bench.type("run", "compare", "--agent", "analyst", "--input", '{"item": "laptop"}')

    (message,) = bench.door.messages
    assert (message.agent, message.input) == ("analyst", {"item": "laptop"})


def test_an_unknown_workflow_is_refused_before_anything_starts(capsys: Output) -> None:
    bench = Bench()

    assert bench.type("run", "x", "--workflow", "onboarding") == 1
    assert "there is no workflow 'onboarding'" in capsys.readouterr().err
    assert bench.door.messages == []


@pytest.mark.parametrize("given", ["[1]", "{broken"])
def test_input_that_is_no_json_object_is_a_usage_error(given: str, capsys: Output) -> None:
    with pytest.raises(SystemExit) as stopped:
        build_parser().parse_args(["run", "x", "--input", given])

    assert stopped.value.code == 2
    assert "JSON" in capsys.readouterr().err


def test_the_verbs_of_every_chat_work_with_the_same_words(capsys: Output) -> None:
    bench = Bench(elsewhere=True)
    bench.door.put(WAITING)

    assert bench.type("approve", "3", "cheap", "enough") == 0
    assert bench.door.decisions[0].reason == "cheap enough"
    assert bench.door.decisions[0].person.principal.startswith("terminal:local/")
    assert bench.type("status", "12", "--json") == 0
    assert '"run": "run_1"' in capsys.readouterr().out


@pytest.mark.parametrize("words", [("approve", "3"), ("retry", "12"), ("resume", "12")])
def test_without_a_server_what_was_decided_is_carried_out_at_once(
    words: tuple[str, ...], capsys: Output
) -> None:
    bench = Bench(states=[RUNNING, DONE])
    bench.door.put(WAITING)

    assert bench.type(*words) == 0
    assert "Buy from Nordlicht." in capsys.readouterr().out


def test_a_rejected_run_may_end_without_success_and_the_rejection_still_worked(
    capsys: Output,
) -> None:
    bench = Bench(states=[FAILED])
    bench.door.put(WAITING)

    assert bench.type("reject", "3", "too", "dear", "--json") == 0

    given = json.loads(capsys.readouterr().out)
    assert (given["won"], given["outcome"]["status"]) == (True, "failed")


def test_an_agents_question_is_answered_in_the_words_it_offered(capsys: Output) -> None:
    bench = Bench(states=[DONE])
    bench.door.put(ASKING)

    assert bench.type("answer", "12", "sales") == 0
    assert bench.door.answers == [("run_1:/ask", "Sales")]
    assert "Buy from Nordlicht." in capsys.readouterr().out


def test_of_several_questions_one_must_be_named(capsys: Output) -> None:
    bench = Bench(states=[DONE])
    bench.door.put(replace(ASKING, questions=(*ASKING.questions, a_question("/when", "When?"))))

    assert bench.type("answer", "12", "Sales") == 1
    assert "baton answer 12.2 TEXT   When?" in capsys.readouterr().err
    assert bench.type("answer", "12.2", "tomorrow") == 0
    assert bench.door.answers == [("run_1:/when", "tomorrow")]


def test_an_answer_where_nothing_is_asked_is_refused(capsys: Output) -> None:
    bench = Bench()
    bench.door.put(RUNNING)

    assert bench.type("answer", "12", "Sales") == 1
    assert "asks nothing" in capsys.readouterr().err


def test_run_stops_at_a_question_and_prints_how_to_answer_it(capsys: Output) -> None:
    assert Bench(states=[RUNNING, ASKING, DONE]).type("run", "order") == 3
    assert "baton answer 12 TEXT" in capsys.readouterr().out


def test_run_stops_where_the_engine_has_set_a_step_aside(capsys: Output) -> None:
    aside = a_step(status=StepStatus.WAITING, waits_for="a person: it stopped its process 3 times")

    status = Bench(states=[RUNNING, replace(RUNNING, steps=(aside,)), DONE]).type("run", "order")

    assert status == 3
    assert "baton retry 12" in capsys.readouterr().out


def test_status_says_when_nobody_works_on_a_live_run(capsys: Output) -> None:
    bench = Bench()
    bench.door.put(RUNNING)

    assert bench.type("status", "12") == 0
    assert "baton up" in capsys.readouterr().out
    assert bench.type("status", "12", "--json") == 0
    assert json.loads(capsys.readouterr().out)["worked_on"] is False


def test_status_is_quiet_about_it_while_a_server_is_up(capsys: Output) -> None:
    bench = Bench(elsewhere=True)
    bench.door.put(RUNNING)

    assert bench.type("status", "12") == 0
    assert "Nobody works" not in capsys.readouterr().out


def test_a_refusal_goes_to_standard_error_with_status_one(capsys: Output) -> None:
    assert Bench().type("status", "999") == 1

    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == "baton: there is no run '999'; see: runs\n"


def test_a_refusal_as_json_is_an_object_too(capsys: Output) -> None:
    assert Bench().type("trace", "999", "--json") == 1

    assert json.loads(capsys.readouterr().out)["error_code"] == "not_found"


def test_a_missing_number_is_a_usage_error(capsys: Output) -> None:
    assert Bench().type("cancel") == 2
    assert "cancel RUN" in capsys.readouterr().err


def test_help_needs_no_database(capsys: Output) -> None:
    bench = Bench(broken=Misconfigured("no database"))

    assert bench.type("help") == 0
    assert "approve N" in capsys.readouterr().out


def test_a_database_that_is_down_is_one_sentence(capsys: Output) -> None:
    bench = Bench(broken=Misconfigured("the database does not answer; start it"))

    assert bench.type("runs") == 1
    assert capsys.readouterr().err == "baton: the database does not answer; start it\n"


@pytest.mark.parametrize("role", ["up", "front", "worker", "courier", "migrate"])
def test_the_processes_are_started_by_name(role: str) -> None:
    bench = Bench()

    assert bench.type(role) == 0
    assert bench.served == [role]


def test_doctor_reports_what_is_wrong_and_ends_with_status_one(capsys: Output) -> None:
    bench = Bench()
    assert bench.type("doctor") == 0

    bench.door.problems.append("the tables are of an older version; run `baton migrate`")
    assert bench.type("doctor", "--json") == 1

    out = capsys.readouterr().out
    report = json.loads(out[out.index("{") :])
    assert [one["name"] for one in report["checks"] if not one["ok"]] == ["database"]


def test_doctor_survives_what_it_examines(capsys: Output) -> None:
    bench = Bench(broken=Misconfigured("the database does not answer"))

    assert bench.type("doctor") == 1
    assert "the database does not answer" in capsys.readouterr().out


def test_a_mistyped_command_ends_with_status_two(capsys: Output) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["stauts"])

    assert stopped.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_plan_in_a_file_is_told_once_per_change(capsys: Output) -> None:
    again = replace(RUNNING, read_at=NOON + timedelta(seconds=80))

    Bench(states=[RUNNING, again, again, DONE]).type("run", "compare")

    out = capsys.readouterr().out
    assert out.count("▸ Compare the offers") == 1
    assert "\x1b" not in out


def test_a_plan_on_a_terminal_is_redrawn_in_place() -> None:
    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Screen()
    live = Live(screen, coloured=False)

    live.draw(RUNNING)
    first = screen.getvalue()
    live.draw(WAITING)

    height = first.count("\n")
    assert screen.getvalue()[len(first) :].startswith(f"\x1b[{height}F\x1b[2KRun #12 · waiting")


def test_colours_on_a_terminal_hide_no_word() -> None:
    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    plain, coloured = Screen(), Screen()

    Live(plain, coloured=False).draw(WAITING)
    Live(coloured).draw(WAITING)

    assert "\x1b[36m▸" in coloured.getvalue()
    assert re.sub(r"\x1b\[[0-9]*m", "", coloured.getvalue()) == plain.getvalue()


SOUND = "document: {dsl: '1.0.3', namespace: a, name: NAME, version: '1.0.0'}\ndo:\n"


def test_workflow_files_are_checked_without_an_installation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad, folder = tmp_path / "good.yaml", tmp_path / "bad.yaml", tmp_path / "empty"
    good.write_text(SOUND.replace("NAME", "good") + "  - a: {run: {workflow: {namespace: a, "
                    "name: bad, version: '1.0.0'}}}\n")  # fmt: skip
    bad.write_text(SOUND.replace("NAME", "bad") + "  - a: {set: {x: 1}}\n  - b: {sett: 1}\n")
    folder.mkdir()
    bench = Bench(broken=Misconfigured("nothing may be opened"))

    statuses = [
        bench.type("workflows", "check", str(good)),
        bench.type("workflows", "check", str(tmp_path)),
        bench.type("workflows", "check", str(tmp_path), "--json"),
        bench.type("workflows", "check", str(folder)),
        bench.type("workflows", "check", str(tmp_path / "nothing.yaml")),
    ]

    told = capsys.readouterr()
    first, second, *rest = told.out.splitlines()
    assert statuses == [1, 1, 1, 1, 1]
    assert first.startswith(
        f"{good}:3: /do/0/a/run/workflow/name: there is no workflow 'bad' here; write "
    )
    assert second.startswith(f"{bad}:4: /do/1/b: ")
    found = json.loads("\n".join(rest[rest.index("{") :]))
    assert found["sound"] is False
    assert [one["line"] for one in found["problems"] if one["file"] == str(bad)] == [4]
    assert "there is no workflow in" in told.err
    assert "there is no file" in told.err

    bad.write_text(SOUND.replace("NAME", "bad") + "  - a: "
                   "{call: agent, with: {agent: analyst, task: Look}}\n")  # fmt: skip
    assert bench.type("workflows", "check", str(tmp_path)) == 0
    assert capsys.readouterr().out == "2 workflows: sound\n"


def test_a_workflow_is_started_with_what_the_shell_has_split() -> None:
    bench = Bench(elsewhere=True)
    bench.door.flows.append(
        parse_workflow(SOUND.replace("NAME", "note") + "  - a: {set: {x: 1}}\n", file="note.yaml")
    )

    assert bench.type("run", "note", 'text=said "so"; twice', "n=3") == 3

    [message] = bench.door.messages
    assert (message.workflow, message.input) == ("note", {"text": 'said "so"; twice', "n": 3})


@pytest.mark.parametrize(
    "typed",
    [
        ("--workflow", "note", "--input", '{"n": 3}'),
        ("--input", '{"n": 3}', "--workflow", "note"),
        ("--workflow", "note", "n=3"),
        ("n=3", "--workflow", "note"),
        ("note", "--json", "n=3"),
    ],
)
def test_a_workflow_needs_no_words_beside_its_name_and_input(typed: tuple[str, ...]) -> None:
    bench = Bench(elsewhere=True)
    bench.door.flows.append(
        parse_workflow(SOUND.replace("NAME", "note") + "  - a: {set: {x: 1}}\n", file="note.yaml")
    )

    assert bench.type("run", *typed) == 3

    [message] = bench.door.messages
    assert (message.workflow, message.input, message.text) == ("note", {"n": 3}, "note")


def test_a_run_of_nothing_says_what_to_write(capsys: pytest.CaptureFixture[str]) -> None:
    bench = Bench(broken=Misconfigured("nothing may be opened"))

    assert bench.type("run") == 2
    assert "the text is missing; write: baton run TEXT" in capsys.readouterr().err


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("elsewhere", [False, True])
def test_who_may_not_see_a_run_is_told_that_it_was_taken_and_no_more(
    capsys: Output, monkeypatch: pytest.MonkeyPatch, *, elsewhere: bool, as_json: bool
) -> None:
    monkeypatch.setenv("LOGNAME", "ann")
    bench = Bench(states=[RUNNING, DONE], elsewhere=elsewhere)
    bench.door.blind["terminal:local/ann"] = "it needs the grant 'see-own'"
    bench.door.put(DONE)

    status = bench.type("run", "compare", *(["--json"] if as_json else []))

    printed = capsys.readouterr()
    assert status == 3
    assert len(bench.door.messages) == 1
    assert "the grant 'see-own'" in printed.out + printed.err
    assert "Nordlicht" not in printed.out + printed.err
    if as_json:
        assert set(json.loads(printed.out)) == {"run", "number", "hidden"}
