"""A run that would pass its limit asks in its thread, and goes on by the word of who may say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worlds.carriers import over_both
from tests.worlds.crew import Crew, plan, step
from tests.worlds.openai import Answer
from tests.worlds.product import product
from tests.worlds.scene import Scene
from tests.worlds.slack.cast import ADA, BEN, CYD
from tests.worlds.slack.values import Message
from tests.worlds.slack.world import SlackWorld


@pytest.fixture
def frugal(tmp_path: Path, agents: Crew, carrier: str) -> Iterator[Scene]:
    """Give the product with the crew at work in it, and little to spend."""
    with (
        SlackWorld.start() as world,
        product(
            tmp_path / "home",
            world=world,
            agents=agents.folder,
            model=None,
            carrier=carrier,
            run_tokens=1500,
        ) as running,
    ):
        yield Scene(running, world)


@over_both
def test_an_approver_adds_to_a_budget_with_one_click(frugal: Scene, agents: Crew) -> None:
    agents.plans(plan(step("a")))
    agents.works(Answer(text="done"))
    asked = frugal.ask("do it")

    card = _question(frugal, asked.ts, "of its 1,500 tokens")
    assert "Add 1,500 tokens" in f"{card.text} {card.blocks}"
    frugal.world.click(CYD, card, "question.answer:0")
    frugal.told(CYD, "may not decide this")
    frugal.world.click(BEN, card, "question.answer:0")

    card = _question(frugal, asked.ts, "of its 3,000 tokens")
    assert agents.asked("planner") == [], "it is asked before a step, not after"
    frugal.world.click(ADA, card, "question.answer:2")

    frugal.product.until_status("cancelled")
    assert agents.asked("worker") == []


def _question(scene: Scene, ts: str, words: str) -> Message:
    def found() -> Message | None:
        return next((one for one in scene.said(ts) if words in f"{one.text} {one.blocks}"), None)

    return scene.world.until(found)
