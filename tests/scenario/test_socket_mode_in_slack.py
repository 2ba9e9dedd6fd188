"""Socket Mode is no lesser door: what comes over HTTP comes over the socket, and ends the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worlds.crew import Crew, calls, plan, step
from tests.worlds.openai import Answer
from tests.worlds.product import product
from tests.worlds.scene import Scene
from tests.worlds.slack.cast import ADA, CYD, GENERAL
from tests.worlds.slack.payload import Payload, table, text
from tests.worlds.slack.values import Delivery, Message
from tests.worlds.slack.world import SlackWorld


@pytest.fixture(params=["http", "socket"])
def scene(request: pytest.FixtureRequest, tmp_path: Path, agents: Crew) -> Iterator[Scene]:
    """Give the product with one of the two doors, and let the worker propose a letter."""
    socket = request.param == "socket"
    agents.plans(plan(step("a")))
    agents.works(calls(("send", {"to": "Xenia"})), Answer(text="sent"))
    with SlackWorld.start() as world:
        secret = None if socket else world.signing_secret
        with product(
            tmp_path / "home",
            world=world,
            agents=agents.folder,
            model=None,
            slack_app_token=world.app_token if socket else None,
            slack_signing_secret=secret,
        ) as running:
            if socket:
                world.until(lambda: world.connections() > 0)
            yield Scene(running, world)
        assert world.violations == []


def carried(scene: Scene, *sent: Delivery) -> None:
    carrier = "socket" if scene.world.connections() else "http"
    assert {one.carrier for one in sent} == {carrier}


def root_card(scene: Scene) -> Message:
    def found() -> Message | None:
        roots = [one for one in scene.world.messages(GENERAL) if one.thread_ts in (None, one.ts)]
        return next((one for one in roots if one.text.startswith("Run 1,")), None)

    return scene.world.until(found, timeout_seconds=30)


def test_a_mention_is_approved_answered_and_rated(scene: Scene) -> None:
    asked = scene.ask("write to her")
    clicked = scene.approve(scene.approval_card(asked.ts))
    view, answer = scene.answer(asked.ts)
    rated = scene.world.click(ADA, answer, "Good answer")

    assert view.status == "succeeded"
    scene.told(ADA, "Noted")
    carried(scene, asked, clicked, rated)


def test_a_dialog_shows_what_is_wrong_and_rejects(scene: Scene) -> None:
    asked = scene.ask("write to her")
    card = scene.approval_card(asked.ts)
    scene.world.click(ADA, card, "approval.reject")
    dialog = scene.world.until(lambda: scene.world.views(ADA))[-1]

    short = scene.world.submit_view(ADA, dialog, {"text": "no"})
    sent = scene.world.submit_view(ADA, dialog, {"text": "not to her"})

    view, _ = scene.answer(asked.ts)
    assert view.approvals[0].decision_reason == "not to her"
    assert "Write a few words" in short.body
    carried(scene, short, sent)


def test_commands_shortcuts_home_and_workflows_come_in(scene: Scene) -> None:
    typed = scene.world.slash(ADA, GENERAL, "help")
    home = scene.world.open_home(ADA)
    shortcut = scene.world.shortcut(ADA, "run.new")
    scene.world.until(lambda: scene.world.views(ADA))
    inputs: Payload = {"request": "do it", "channel": GENERAL, "user_context": {"id": ADA}}
    step_run = scene.world.run_function("start_run", inputs, ADA)

    root = root_card(scene)
    stranger = scene.world.click(CYD, scene.approval_card(root.ts), "approval.approve")
    scene.approve(scene.approval_card(root.ts))
    scene.answer(root.ts)

    assert "What you can ask" in typed.body
    scene.told(CYD, "may not decide")
    execution = text(table(step_run.payload["event"])["function_execution_id"])
    done = scene.world.until(
        lambda: (found := scene.world.execution(execution)) and found["status"] == "completed"
    )
    assert done
    carried(scene, typed, home, shortcut, step_run, stranger)
