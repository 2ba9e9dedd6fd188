"""A step that people turned down looks like no other, in either chat."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bots.builders import run_card
from bots.slack import run_card as in_slack
from bots.teams import run_card as in_teams
from bots.views import RunCard, StepLine
from tests.worlds.front_door import a_view
from tests.worlds.teams.cards import readable


def shown(status: str) -> RunCard:
    line = StepLine(title="Order it", owner="", status=status, detail="", elapsed_seconds=None)
    return replace(run_card(a_view()), steps=(line,))


@pytest.mark.parametrize("status", ["rejected", "expired"])
def test_in_slack_it_has_a_mark_and_a_word_of_its_own(status: str) -> None:
    drawn = in_slack.draw_run(shown(status))

    blocks = str(drawn.blocks)
    assert "'status': 'error'" in blocks
    assert status in blocks
    assert "⊘ " in str(drawn.plain)


@pytest.mark.parametrize("status", ["rejected", "expired"])
def test_in_teams_it_has_a_mark_and_a_word_of_its_own(status: str) -> None:
    words = readable(in_teams.draw_run(shown(status)).card)

    assert f"⊘ Order it · {status}" in " ".join(words.split())
    assert "0 of 1 step done" in words
