"""The grants ``publish`` and ``administer``, asked for where each act is done."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bots.terminal.main import main
from runtime.domain.schedule import ScheduleState
from tests.worlds.console_page import Page
from tests.worlds.product import Product, copy_of_agents, product
from tests.worlds.slack.cast import ADA as ADA_IN_SLACK
from tests.worlds.slack.cast import GENERAL, TEAM
from tests.worlds.slack.world import SlackWorld
from tests.worlds.teams.cards import readable
from tests.worlds.teams.cast import ADA, PERSONAL
from tests.worlds.teams.world import TeamsWorld, teams_world

TILL = "the-till-has-a-token-of-its-own"
FLOW = """\
document: {dsl: '1.0.3', namespace: test, name: report, version: '1.0.0', title: Report,
  metadata: {sponsor: whoever-starts-it}}
schedule: {on: {one: {with: {type: sold}}}}
do: [{send: {set: {answer: sent}}}]
"""
EVERYBODY = f"[member, 'slack:{TEAM}/*', '{ADA.principal}', 'console:local/*', 'terminal:local/*']"
SURFACES = ("slack", "teams", "console")
ADMINISTERING = (
    ("factor", "reset", "slack:T024/U061"),
    ("audit", "erase", "terminal:local/ann"),
    ("audit", "tell", "1"),
)


@dataclass(frozen=True)
class Office:
    """One installation on three surfaces, whose policy gives everybody some grants."""

    product: Product
    slack: SlackWorld
    teams: TeamsWorld
    page: Page

    def may(self, *rights: str) -> None:
        """Let everybody have these from now on."""
        policy = self.product.settings.agents_path / "policy.yaml"
        policy.write_text(_policy(*rights), encoding="utf-8")
        library = self.product.runtime.library
        self.product.clock.pass_time(5)
        self.product.until(lambda: library.current().policy_text == _policy(*rights))

    def schedule(self, surface: str, verb: str, *, refused: bool = False) -> str:
        """Do something about the schedule; give what is answered."""
        post = self.page.refused if refused else self.page.post
        says: dict[str, Callable[[], object]] = {
            "slack": lambda: self.slack.slash(ADA_IN_SLACK, GENERAL, f"schedules {verb} report"),
            "teams": lambda: self._in_teams(f"schedules {verb} report"),
            "console": lambda: post(f"/api/schedules/report/{verb}", {"id": "a" * 32}),
        }
        return str(says[surface]())

    def _in_teams(self, text: str) -> str:
        before = len(self.teams.messages(PERSONAL))
        self.teams.say(ADA, PERSONAL, text)
        told = self.teams.until(lambda: self.teams.messages(PERSONAL)[before:])
        return " ".join(f"{readable(one.card)} {one}" for one in told)

    @property
    def states(self) -> list[ScheduleState]:
        """Say how the schedule stands, wherever it was set going."""
        listed = self.product.runtime.starting.schedules.listed(workspace=None)
        return [line.state for line in listed if line.workflow == "report"]


def _policy(*rights: str) -> str:
    return (
        "version: 1\nroles: {approver: ['console:local/*']}\n"
        f"access:\n  - {{who: {EVERYBODY}, may: [{', '.join(rights)}]}}\n"
    )


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    agents = copy_of_agents(tmp_path)
    (agents / "workflows" / "report.yaml").write_text(FLOW, encoding="utf-8")
    (agents / "policy.yaml").write_text(_policy("ask", "see", "steer"), encoding="utf-8")
    token = f"{TILL}=http:local/till"
    with (
        SlackWorld.start() as slack,
        teams_world(signed=False) as teams,
        product(tmp_path / "home", world=slack, agents=agents, api_tokens=token) as running,
    ):
        teams.endpoint = f"{running.url}/api/messages"
        yield Office(running, slack, teams, Page(running))


@pytest.mark.parametrize("surface", SURFACES)
def test_what_starts_by_itself_is_set_going_by_who_may_publish(
    office: Office, surface: str
) -> None:
    refused = office.schedule(surface, "start", refused=True)

    assert "the grant 'publish'" in refused.replace("\\'", "'")
    assert office.states == [ScheduleState.OFF]

    office.may("ask", "see", "publish")
    office.schedule(surface, "start")
    assert office.states == [ScheduleState.ACTIVE]
    office.schedule(surface, "pause")
    assert office.states == [ScheduleState.PAUSED]

    office.may("ask", "see", "steer")
    refused = office.schedule(surface, "resume", refused=True)
    assert "the grant 'publish'" in refused.replace("\\'", "'")
    assert office.states == [ScheduleState.PAUSED]


def test_who_may_publish_no_more_has_nothing_started_in_their_name(office: Office) -> None:
    office.may("ask", "see", "publish")
    office.schedule("console", "start")
    office.may("ask", "see")
    assert _event(office.product)[0] == 202

    office.product.until(lambda: office.states == [ScheduleState.STOPPED])

    (line,) = [
        one
        for one in office.product.runtime.starting.schedules.listed(workspace=None)
        if one.workflow == "report"
    ]
    assert "the grant 'publish'" in line.note
    assert office.product.runtime.runs(workspace=None) == []


def test_an_event_is_taken_from_who_may_ask(office: Office) -> None:
    office.may("see")
    refused = _event(office.product)
    assert refused[0] == 403
    assert "the grant 'ask'" in refused[1]

    office.may("ask")
    assert _event(office.product) == (202, '{"taken": 1, "known": 0}')


@pytest.mark.parametrize("words", ADMINISTERING, ids=" ".join)
def test_what_concerns_others_is_done_at_the_terminal_by_who_may_administer(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
) -> None:
    agents = copy_of_agents(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BATON_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BATON_AGENTS_PATH", str(agents))
    monkeypatch.setenv("BATON_LOG_LEVEL", "ERROR")
    monkeypatch.setenv("LOGNAME", "ann")
    assert main(["run", "Order 3 docking stations"]) == 3
    # Nobody is erased while something works for them.
    assert main(["cancel", "1"]) == 0

    (agents / "policy.yaml").write_text(_policy("ask", "see", "publish"), encoding="utf-8")
    capsys.readouterr()
    assert main(list(words)) == 1
    assert "it needs the grant 'administer'" in capsys.readouterr().err

    (agents / "policy.yaml").write_text(_policy("see", "administer"), encoding="utf-8")
    assert main(list(words)) == 0


def _event(running: Product) -> tuple[int, str]:
    place = urlsplit(running.url)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=30)
    event = {"specversion": "1.0", "id": "1", "source": "/till", "type": "sold"}
    headers = {
        "Authorization": f"Bearer {TILL}",
        "Content-Type": "application/cloudevents+json",
    }
    try:
        connection.request("POST", "/events", json.dumps(event), headers)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()
