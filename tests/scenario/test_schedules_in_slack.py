"""A workflow that starts by itself, as people in a Slack channel live with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from runtime.domain.approval import Approval
from runtime.domain.states import ApprovalStatus
from tests.worlds.crew import Crew
from tests.worlds.product import product
from tests.worlds.reports import DAILY_REPORT
from tests.worlds.scene import Scene
from tests.worlds.slack.cast import ADA, BEN, CYD, GENERAL, PRIVATE, TEAM
from tests.worlds.slack.values import Message
from tests.worlds.slack.world import SlackWorld

TILL = "the-till-has-a-token-of-its-own"


def test_its_runs_have_threads_in_the_channel_and_ask_its_sponsor(
    working: Scene, agents: Crew
) -> None:
    folder = agents.folder / "workflows"
    folder.mkdir()
    (folder / "report.yaml").write_text(DAILY_REPORT)
    working.product.until(lambda: working.product.runtime.workflows())

    typed = working.world.slash(ADA, GENERAL, "schedules start report")
    assert "report: on" in typed.body
    assert "You are its sponsor now" in typed.body
    root = working.world.until(
        lambda: next(
            (
                one
                for one in working.world.messages(GENERAL)
                if one.thread_ts in (None, one.ts) and one.text.startswith("Run 1,")
            ),
            None,
        ),
    )
    working.approve(working.approval_card(root.ts), person=ADA)
    run, answer = working.answer(root.ts)

    assert (run.status, run.run.error) == ("succeeded", None)
    assert "sent" in answer.text
    assert run.run.requester.endswith(f"/{ADA}")
    assert run.run.request.startswith("Report (due ")
    assert answer.thread_ts == root.ts
    assert "last run #1" in working.world.slash(ADA, GENERAL, "schedules").body
    assert working.world.violations == []


def test_its_approvals_are_shown_and_decided_in_a_channel_of_their_own(
    working: Scene, agents: Crew
) -> None:
    folder = agents.folder / "workflows"
    folder.mkdir()
    approvers = DAILY_REPORT.replace("eligible: [requester]", f"eligible: ['slack:{TEAM}/{BEN}']")
    (folder / "report.yaml").write_text(approvers)
    working.product.until(lambda: working.product.runtime.workflows())
    working.world.slash(ADA, GENERAL, "schedules start report")
    working.product.until(lambda: working.product.runtime.runs(workspace=None))

    told = working.world.slash(CYD, GENERAL, "schedules approvals report")
    assert "only its sponsor" in told.body
    told = working.world.slash(ADA, PRIVATE, "schedules approvals report")
    assert "approvals in a channel of their own as well" in told.body
    working.world.slash(ADA, GENERAL, "schedules start report")
    (asked,) = working.product.until(lambda: _pending(working, run="2"))

    card = working.world.until(lambda: _card(working, PRIVATE, asked.number))
    working.world.until(lambda: _card(working, GENERAL, asked.number))
    working.approve(card, person=ADA)
    working.told(ADA, "may not decide this")
    assert _pending(working, run="2") != []
    working.approve(card, person=BEN)

    ended = working.product.until_ended("2")
    assert (ended.status, ended.run.error) == ("succeeded", None)
    decided = working.product.runtime.approval(str(asked.number), workspace=None)
    assert str(decided.decided_by).endswith(f"/{BEN}")
    working.until_quiet()
    shown = _card(working, PRIVATE, asked.number)
    assert shown is None, "every copy ends the same"
    assert working.world.violations == []


@pytest.fixture
def with_a_till(tmp_path: Path, agents: Crew) -> Iterator[Scene]:
    """Give the product beside Slack, and a till that may send it events."""
    token = f"{TILL}=http:{TEAM}/till"
    with (
        SlackWorld.start() as world,
        product(
            tmp_path / "home", world=world, agents=agents.folder, model=None, api_tokens=token
        ) as running,
    ):
        yield Scene(running, world)


def test_what_an_event_starts_asks_in_the_channel_for_approvals_and_waits(
    with_a_till: Scene, agents: Crew
) -> None:
    scene = with_a_till
    folder = agents.folder / "workflows"
    folder.mkdir()
    flow = DAILY_REPORT.replace("{after: P1D}", "{on: {one: {with: {type: sold}}}}")
    flow = flow.replace("eligible: [requester]", f"eligible: ['slack:{TEAM}/{BEN}']")
    (folder / "report.yaml").write_text(flow.replace("'sent'", "{answer: sent}"))
    scene.product.until(lambda: scene.product.runtime.workflows())
    scene.world.slash(ADA, GENERAL, "schedules start report")
    scene.world.slash(ADA, PRIVATE, "schedules approvals report")

    assert _event(scene, "sold-1") == 202
    (asked,) = scene.product.until(lambda: _pending(scene, run="1"))

    card = scene.world.until(lambda: _card(scene, PRIVATE, asked.number))
    view = scene.product.runtime.view("1", workspace=None)
    assert view.run.requester.endswith(f"/{ADA}"), "it is asked for in its sponsor's name"
    # Nobody is present, and so nobody has agreed: it waits, and the till cannot help itself.
    assert (view.status, asked.status) == ("waiting", ApprovalStatus.PENDING)
    assert _event(scene, "sold-1") == 202
    assert len(scene.product.runtime.runs(workspace=None)) == 1
    scene.approve(card, person=ADA)
    scene.told(ADA, "may not decide this")
    scene.approve(card, person=BEN)

    assert scene.product.until_ended("1").status == "succeeded"
    decided = scene.product.runtime.approval(str(asked.number), workspace=None)
    assert str(decided.decided_by).endswith(f"/{BEN}")
    scene.until_quiet()
    assert _card(scene, PRIVATE, asked.number) is None, "every copy ends the same"
    assert scene.world.violations == []


def _event(scene: Scene, id_: str) -> int:
    place = urlsplit(scene.product.url)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=30)
    event = {"specversion": "1.0", "id": id_, "source": "/till", "type": "sold", "data": {"n": 1}}
    kind = "application/cloudevents+json"
    sent = {"Content-Type": kind, "Authorization": f"Bearer {TILL}"}
    connection.request("POST", "/events", json.dumps(event), sent)
    status = connection.getresponse().status
    connection.close()
    return status


def _pending(scene: Scene, *, run: str) -> list[Approval]:
    if len(scene.product.runtime.runs(workspace=None)) < int(run):
        return []
    return scene.product.runtime.approvals(workspace=None, run=run)


def _card(scene: Scene, channel: str, number: int) -> Message | None:
    words = f"Approval {number} is needed"
    return next((one for one in scene.world.messages(channel) if one.text.startswith(words)), None)
