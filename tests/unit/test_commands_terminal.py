from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from bots.door import Door
from bots.terminal.arguments import build_parser
from bots.terminal.live import Live
from bots.terminal.main import main
from bots.terminal.perform import perform
from runtime.domain.errors import Misconfigured
from runtime.domain.run import RunView
from runtime.domain.states import RunStatus
from tests.worlds.front_door import NOON, FrontDoor, a_run, a_view, an_approval


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

    def checks(self) -> list[tuple[str, bool, str]]:
        return [("home", True, "/somewhere")]

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

    assert bench.type("run", "compare") == 0
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
    bench = Bench()
    bench.door.put(WAITING)

    assert bench.type("approve", "3", "cheap", "enough") == 0
    assert bench.door.decisions[0].reason == "cheap enough"
    assert bench.door.decisions[0].person.principal.startswith("terminal:local/")
    assert bench.type("status", "12", "--json") == 0
    assert '"run": "run_1"' in capsys.readouterr().out


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
    assert "the database does not answer" in capsys.readouterr().err


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
    live = Live(screen)

    live.draw(RUNNING)
    first = screen.getvalue()
    live.draw(WAITING)

    height = first.count("\n")
    assert screen.getvalue()[len(first) :].startswith(f"\x1b[{height}F\x1b[2KRun #12 · waiting")
