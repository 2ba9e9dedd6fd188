"""Socket Mode is no lesser door: what comes over HTTP comes over the socket, and ends the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worlds.crew import Crew, calls, plan, step
from tests.worlds.openai import Answer
from tests.worlds.product import product
from tests.worlds.scene import Scene
from tests.worlds.slack.cast import ADA, BEN, CYD, GENERAL
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

    return scene.world.until(found)


def test_a_mention_is_approved_answered_and_rated(scene: Scene) -> None:
    asked = scene.ask("write to her")
    clicked = scene.approve(scene.approval_card(asked.ts))
    view, answer = scene.answer(asked.ts)
    rated = scene.world.click(ADA, answer, "Good answer")
    told = scene.world.click(CYD, scene.cards(asked.ts, "Run 1,")[0], "run.why")
    stopped = scene.world.stop_session(ADA, GENERAL, asked.ts)

    assert view.status == "succeeded"
    scene.told(ADA, "Noted")
    carried(scene, asked, clicked, rated, told, stopped)


def test_a_dialog_shows_what_is_wrong_and_rejects(scene: Scene) -> None:
    asked = scene.ask("write to her")
    card = scene.approval_card(asked.ts)
    claimed = scene.world.click(ADA, card, "approval.claim")
    scene.world.click(ADA, card, "approval.edit")
    edited = scene.world.submit_view(ADA, scene.world.until(lambda: scene.world.views(ADA))[-1])
    scene.world.click(ADA, card, "approval.ask")
    scene.world.until(lambda: "Ask" in str(scene.world.views(ADA)[-1]["submit"]))
    vague = scene.world.submit_view(ADA, scene.world.views(ADA)[-1], {"words": "?"})
    scene.world.click(ADA, card, "approval.reject")
    scene.world.until(lambda: "Reject" in str(scene.world.views(ADA)[-1]["submit"]))
    dialog = scene.world.views(ADA)[-1]

    short = scene.world.submit_view(ADA, dialog, {"words": "no"})
    sent = scene.world.submit_view(ADA, dialog, {"words": "not to her"})

    view, _ = scene.answer(asked.ts)
    assert view.approvals[0].decision_reason == "not to her"
    assert "Nothing was changed" in edited.body
    assert "Write what you want to know" in vague.body
    assert "Write a few words" in short.body
    carried(scene, claimed, edited, vague, short, sent)


def test_a_message_is_handed_over_and_links_say_how_it_stands(scene: Scene) -> None:
    written = scene.world.say(BEN, GENERAL, "the offers differ")
    assert written.message is not None
    handed = scene.world.message_shortcut(ADA, written.message, "run.from_message")
    form = scene.world.until(lambda: scene.world.views(ADA))[-1]
    sent = scene.world.submit_view(ADA, form, {"request": "write to her"})
    card = scene.approval_card(written.ts)
    run, approval = (f"https://baton.example.com/#/{kind}/1" for kind in ("runs", "approvals"))

    shared = scene.share_links(CYD, run, approval)

    (unfurled,) = scene.world.until(scene.world.unfurls)
    assert set(table(unfurled["unfurls"])) == {run, approval}
    assert "Approval 1 · pending" in str(unfurled)
    scene.approve(card)
    view, answer = scene.answer(written.ts)
    assert (view.run.request, answer.thread_ts) == ("write to her", written.ts)
    carried(scene, written, handed, sent, shared)


def test_commands_shortcuts_home_and_workflows_come_in(scene: Scene) -> None:
    typed = scene.world.slash(ADA, GENERAL, "help")
    home = scene.world.open_home(ADA)
    shortcut = scene.world.shortcut(ADA, "run.new")
    form = scene.world.until(lambda: scene.world.views(ADA))[-1]
    chosen = scene.world.click_view(ADA, form, "helper")
    wrong = scene.world.submit_view(ADA, form, {"request": "do it", "budget": "nan"})
    inputs: Payload = {"request": "do it", "channel": GENERAL, "user_context": {"id": ADA}}
    step_run = scene.world.run_function("start_run", inputs, ADA)

    root = root_card(scene)
    stranger = scene.world.click(CYD, scene.approval_card(root.ts), "approval.approve")
    scene.approve(scene.approval_card(root.ts))
    scene.answer(root.ts)

    assert "What you can ask" in typed.body
    assert "an amount in US dollars" in wrong.body
    scene.told(CYD, "may not decide")
    execution = text(table(step_run.payload["event"])["function_execution_id"])
    done = scene.world.until(
        lambda: (found := scene.world.execution(execution)) and found["status"] == "completed"
    )
    assert done
    carried(scene, typed, home, shortcut, chosen, wrong, step_run, stranger)
