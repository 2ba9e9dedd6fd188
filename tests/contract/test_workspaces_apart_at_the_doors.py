"""Another workspace's ids, sent to every door there is: the console, paths, buttons of two chats.

Commands and the runtime's own methods are tried in ``test_workspaces_apart``. Here everything goes
over the wire, forged as somebody would who has seen the ids of a run that is none of theirs.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import TypeVar
from urllib.parse import quote, urlsplit

import pytest

from bots.slack.inbound import VERDICT_ACTIONS
from bots.teams.inbound import VERDICT_VERBS
from runtime.domain.approval import Verdict
from runtime.domain.conversation import Person
from runtime.domain.states import StepStatus
from runtime.storage import tables
from tests.contract.test_workspaces_apart import FOUND_NO_ONE
from tests.worlds.crew import KEY_VARIABLE, calls, crew, plan, step
from tests.worlds.governed import Governed
from tests.worlds.openai import Answer, OpenAIWorld
from tests.worlds.product import product
from tests.worlds.slack.cast import ADA, GENERAL, OTHER_TEAM, TEAM
from tests.worlds.slack.signing import signed_headers
from tests.worlds.slack.world import SlackWorld
from tests.worlds.teams import activities, cast
from tests.worlds.teams.world import TeamsWorld, teams_world

T = TypeVar("T")

CANARY = "canary-of-another-workspace"
VICTIM = Person(channel="http", workspace=OTHER_TEAM, external_id="vic", name="Vic")
THEIRS, OURS, SHOP = (f"a-token-long-enough-for-{name}" for name in ("vic", "ada", "shop"))
TOKENS = f"{THEIRS}={VICTIM.principal},{OURS}=slack:{TEAM}/{ADA},{SHOP}=http:{TEAM}/shop"
POLICY = """version: 1
access:
  - {who: ["slack:*/*", "teams:*/*", "http:*/*"], may: [ask, see, steer, grant, delegate, halt]}
  - {who: ["console:local/*"], may: [ask, see-own]}
rules:
  - {id: letters, tools: [send], outcome: ask, eligible: [requester]}
"""
WAITS = """document: {dsl: '1.0.3', namespace: shop, name: waits, version: '1.0.0'}
do: [{sale: {listen: {to: {one: {with: {type: sold}}}}}}]
"""
STEERS = ("cancel", "pause", "resume", "retry", "why", "workflow", "skip")
ASKS = ("show", "look", "claim", "ask", "edit")
RATES = ("answer.good", "answer.bad", "answer.back", "file.show", "file.keep", "run.back")
SUBMITTED = ("reject", "approve", "repeat", "ask", "edit", "prove")
SHOWN = ("", "/trace", "/why", "/workflow", "/audit", "/artifacts/x")


@dataclass(frozen=True)
class House:
    """One installation with every door open, and a workspace whose runs are nobody else's."""

    office: Governed
    slack: SlackWorld
    teams: TeamsWorld
    refs: tuple[str, ...]
    """Of everything the victim has: what goes into a path or a button."""
    runs: tuple[str, ...]
    leaf: str
    nonce: str

    def stored(self) -> list[str]:
        """Give all that is stored of the victim and that nobody else may change."""
        found: list[str] = []
        with self.office.product.runtime.database.read() as connection:
            for table in tables.Row.metadata.sorted_tables:
                if table.name in FOUND_NO_ONE:
                    rows = connection.execute(table.select()).mappings()
                    # The audit marks a call as recorded when it comes to it.
                    kept = [str([one[name] for name in one if name != "recorded"]) for one in rows]
                    found += [row for row in kept if any(run in row for run in self.runs)]
        return sorted(found)

    def forged(self, ref: str) -> dict[str, object]:
        """Give what a button may carry, all of it about what is the victim's."""
        ids = {"id": ref, "run": ref, "step": self.leaf, "nonce": self.nonce}
        return {**ids, "choice": 0, "good": True, "file": 0, "verdict": "approve"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home = tmp_path_factory.mktemp("house")
    with (
        pytest.MonkeyPatch.context() as patch,
        OpenAIWorld() as models,
        SlackWorld.start() as slack,
        teams_world(signed=False) as teams,
    ):
        patch.setenv(KEY_VARIABLE, "sk-crew-canary-0123456789")
        agents = crew(home / "crew", models, policy=POLICY)
        (agents.folder / "workflows").mkdir()
        (agents.folder / "workflows" / "waits.yaml").write_text(WAITS)
        with product(
            home / "home", world=slack, agents=agents.folder, model=None, api_tokens=TOKENS
        ) as running:
            teams.endpoint = f"{running.url}/api/messages"
            yield _settled(Governed(running, agents), slack, teams)


def _settled(office: Governed, slack: SlackWorld, teams: TeamsWorld) -> House:
    office.crew.plans(plan(step("a", task=f"task of {CANARY}")))
    ask = ("ask", {"question": f"{CANARY}?", "choices": [CANARY]})
    office.crew.works(calls(("send", {"to": CANARY}), ask), Answer(text="done"))
    number = office.ask(f"do {CANARY}", person=VICTIM)
    [approval] = office.asked(run=number)
    runtime = office.product.runtime
    view = office.product.until(
        lambda: view if (view := runtime.view(number, workspace=None)).questions else None
    )
    _, begun = _http(
        office, "POST", "/workflows/waits/runs", {"what": CANARY}, token=THEIRS, key="the-key"
    )
    waiting = str(json.loads(begun)["run"])
    office.product.until(lambda: _stands(office, number) and _stands(office, waiting))
    refs = (number, view.run.id, str(approval.number), approval.id, waiting)
    return House(
        office=office,
        slack=slack,
        teams=teams,
        refs=refs,
        runs=(view.run.id, waiting, approval.id),
        leaf=view.questions[0].step_id,
        nonce=approval.nonce,
    )


def _stands(office: Governed, run: str) -> bool:
    """Tell whether nothing of a run moves by itself any more."""
    rows = office.product.runtime.trace(run, workspace=None)
    waits = any(row.step.status is StepStatus.WAITING for row in rows)
    return waits and not any(
        row.step.status in (StepStatus.READY, StepStatus.RUNNING) for row in rows
    )


def test_the_console_shows_and_changes_nothing_its_people_may_not_see(house: House) -> None:
    before = house.stored()
    session = _console(house, "GET", "/api/session", None, "")
    token = re.findall(r"baton_csrf=([^;]+)", session)[0]
    asked: list[tuple[str, str, object]] = [
        ("GET", "/api/runs", None),
        ("GET", "/api/approvals", None),
        ("POST", "/api/questions", {"step": house.leaf, "text": "1"}),
    ]
    for ref in house.refs:
        decisions = [{"verdict": one, "nonce": house.nonce, "reason": "x"} for one in Verdict]
        asked += [("GET", f"/api/runs/{ref}{what}", None) for what in SHOWN]
        asked += [("GET", f"/api/approvals/{ref}", None), ("GET", f"/api/thread?key={ref}", None)]
        asked += [("POST", f"/api/approvals/{ref}", one) for one in decisions]
        asked += [("POST", f"/api/runs/{ref}/{what}", {"step": "1"}) for what in STEERS]
        asked += [("POST", f"/api/runs/{ref}/evidence", {})]
        asked += [
            ("POST", "/api/thread", {"key": "k", "id": f"{verb}{ref}", "text": f"/{verb} {ref} x"})
            for verb in ("show", "why", "trace", "audit", "approve", "reject", "ask", "claim")
        ]
    for method, path, body in _shuffled(asked):
        told = _console(house, method, path, body, token)
        assert CANARY not in told, f"{method} {path}: {told}"

    assert house.stored() == before


def test_paths_find_runs_of_their_own_workspace_only(house: House) -> None:
    before = house.stored()
    for token in (OURS, SHOP):
        for ref in house.refs:
            for name in ("waits", "worker", "*", ""):
                path = f"/workflows/{quote(name, safe='')}/runs/{quote(ref, safe='')}"
                status, told = _http(house.office, "GET", path, None, token=token)
                assert status == 404, path
                assert CANARY not in told
        # The same key of another person begins a run of that person's.
        status, told = _http(
            house.office, "POST", "/workflows/waits/runs", {}, token=token, key="the-key"
        )
        assert status == 202
        own = json.loads(told)["run"]
        assert own not in house.refs
        house.office.product.until(lambda own=own: _stands(house.office, own))
        sold = {"specversion": "1.0", "id": f"{token}-1", "source": "/s", "type": "sold"}
        status, _ = _http(house.office, "POST", "/events", sold, token=token)
        assert status == 202
        # Theirs has heard it; the victim's has not.
        house.office.ended(own)

    assert house.stored() == before
    status, _ = _http(
        house.office, "GET", f"/workflows/waits/runs/{house.refs[-1]}", None, token=THEIRS
    )
    assert status == 200


def test_forged_buttons_in_slack_show_and_change_nothing(house: House) -> None:
    before = house.stored()
    approvals = [*VERDICT_ACTIONS, *(f"approval.{what}" for what in ASKS)]
    actions = [*approvals, *(f"run.{what}" for what in STEERS), "run.feedback", "question.answer:0"]
    payloads: list[Mapping[str, object]] = []
    for ref in house.refs:
        whole = json.dumps(house.forged(ref))
        pressed = {"type": "button", "block_id": "b"}
        payloads.extend(
            {"type": "block_actions", "actions": [{**pressed, "action_id": action, "value": value}]}
            for action in actions
            for value in (ref, whole)
        )
        views = [*(f"approval.{what}_submit" for what in SUBMITTED), "run.skip_submit"]
        payloads.extend({"type": "view_submission", "view": _view(one, whole)} for one in views)

    for payload in _shuffled(payloads):
        status, told = _slack(house, payload)
        assert status < 500, payload
        assert CANARY not in told, payload
    house.slack.open_home(ADA)
    house.slack.until(lambda: house.slack.home(ADA))
    # They came as far as the question whose it is, and were told so.
    for what in ("there is no run", "there is no approval"):
        house.slack.until(
            lambda what=what: any(what in one.text for one in house.slack.ephemerals(ADA))
        )

    assert house.stored() == before
    # Dialogs and whispers, and what Slack refused to show as well.
    assert CANARY not in f"{house.slack.calls} {house.slack.home(ADA)}"


def test_forged_buttons_in_teams_show_and_change_nothing(house: House) -> None:
    before = house.stored()
    approvals = [*VERDICT_VERBS, *(f"approval.{what}" for what in ASKS)]
    verbs = [*approvals, *(f"run.{what}" for what in STEERS), *RATES, "question.answer"]
    presses = [
        activities.execute(
            person, cast.GROUP, service_url=house.teams.url, message_id="1", verb=verb,
            data={**house.forged(ref), "question": "Why?", "reason": "x"}, automatic=automatic,
        )
        for person in (cast.BEN, cast.STRANGER)
        for verb in verbs
        for ref in house.refs
        for automatic in (False, True)
    ]  # fmt: skip

    answers: list[str] = []
    for press in _shuffled(presses)[:200]:
        told = house.teams.deliver(press)
        answers.append(str(told.body))
        assert told.status < 500, press
        assert CANARY not in str(told.body), press

    assert house.stored() == before
    assert CANARY not in str(house.teams.connector.messages)
    for what in ("there is no run", "there is no approval"):
        assert any(what in one for one in answers)


def _shuffled(things: Sequence[T]) -> list[T]:
    """Give them in another order, the same one each time."""
    return random.Random(4711).sample(things, len(things))


def _http(
    office: Governed, method: str, path: str, body: object, *, token: str, key: str = ""
) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    if path == "/events":
        headers["Content-Type"] = "application/cloudevents+json"
    return _exchange(office, method, path, body, headers)[:2]


def _console(house: House, method: str, path: str, body: object, token: str) -> str:
    headers = {"X-Baton-Csrf": token, "Content-Type": "application/json"}
    status, told, cookie = _exchange(house.office, method, path, body, headers)
    assert status < 500, f"{method} {path}: {told}"
    return f"{told} {cookie}"


def _exchange(
    office: Governed, method: str, path: str, body: object, headers: dict[str, str]
) -> tuple[int, str, str]:
    place = urlsplit(office.product.url)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=30)
    try:
        content = None if body is None else json.dumps(body)
        connection.request(method, path, content, {k: v for k, v in headers.items() if v})
        response = connection.getresponse()
        told = response.read().decode()
        return response.status, told, response.getheader("Set-Cookie") or ""
    finally:
        connection.close()


def _view(callback: str, metadata: str) -> dict[str, object]:
    return {
        "id": "V1",
        "type": "modal",
        "callback_id": callback,
        "private_metadata": metadata,
        "state": {"values": {}},
    }


def _slack(house: House, payload: Mapping[str, object]) -> tuple[int, str]:
    whole = {
        "team": {"id": TEAM},
        "user": {"id": ADA, "team_id": TEAM},
        "api_app_id": "A0BATON",
        "trigger_id": "1.2.3",
        "channel": {"id": GENERAL},
        **payload,
    }
    content = json.dumps(whole).encode()
    signed = signed_headers(house.slack.signing_secret, timestamp=int(time.time()), body=content)
    sent = house.slack.post_raw(content, {**signed, "Content-Type": "application/json"})
    return sent.status, str(sent)
