"""Nobody is kept at a terminal by a run that will not move for a long time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bots.terminal.follow import conclusion, sleeps
from runtime.domain.run import RunView
from runtime.domain.states import StepStatus
from tests.worlds.front_door import NOON, a_step, a_view


def waiting(words: str, *others: StepStatus) -> RunView:
    asleep = a_step(status=StepStatus.WAITING, waits_for=words)
    steps = (asleep, *(a_step(f"/plan/1/{one}", status=one) for one in others))
    return a_view(status="waiting", steps=steps)


def at(seconds: float) -> str:
    return f"until {NOON + timedelta(seconds=seconds):%Y-%m-%d %H:%M:%S} UTC"


@pytest.mark.parametrize("words", [at(3600), "an event", "an event of type t.order"])
def test_a_long_wait_ends_the_command_and_says_how_it_goes_on(words: str) -> None:
    view = waiting(words, StepStatus.SUCCEEDED)

    assert sleeps(view)
    assert "baton up" in conclusion(view)
    assert f"baton resume {view.run.number}" in conclusion(view)


@pytest.mark.parametrize(
    "view",
    [
        waiting(at(100)),
        waiting(at(3600), StepStatus.RUNNING),
        waiting("approval of http"),
        a_view(status="running"),
    ],
    ids=["a short pause", "something else moves", "a person", "at work"],
)
def test_whatever_may_move_soon_is_stayed_with(view: RunView) -> None:
    assert not sleeps(view)
