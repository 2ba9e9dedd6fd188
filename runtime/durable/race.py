"""Children that compete: the first to succeed wins, the others are cancelled."""

from __future__ import annotations

from collections.abc import Sequence

from runtime.domain.states import ENDED_STEP, StepStatus
from runtime.durable import effects, family
from runtime.durable.attempt import Attempt
from runtime.durable.leaf import Child, Ended, Leaf


def race(attempt: Attempt, name: str, children: Sequence[Child]) -> list[Ended]:
    """Start all children; give the winner alone, or all ends where none succeeds.

    Who won is journalled before the others are cancelled, so that a child which ends late changes
    nothing.
    """
    attempt.journal.expect(attempt.path(child.name) for child in children)
    known = family.journalled(attempt, children)
    winner = f"{name}/winner"
    if attempt.journal.get(attempt.path(winner)) is None:
        _until_decided(attempt, children, known)
    won = effects.perform(attempt, winner, lambda: _winner(children, known), Leaf(kind="race"))
    if not won:
        return [family.ended(attempt, child, known[child.name]) for child in children]
    for child in children:
        if child.name != won and known[child.name].status not in ENDED_STEP:
            family.cancel(attempt, child.name)
    return [
        family.ended(attempt, child, known[child.name]) for child in children if child.name == won
    ]


def _until_decided(attempt: Attempt, children: Sequence[Child], known: family.Known) -> None:
    while True:
        attempt.safe_point()
        family.start(attempt, children, known, cap=len(children))
        if _winner(children, known) or all(one.status in ENDED_STEP for one in known.values()):
            return
        if not _run_one_here(attempt, known):
            family.look_again(attempt, children, known, any_end=True)


def _winner(children: Sequence[Child], known: family.Known) -> str:
    """Name the first child, in the order they were given, that has succeeded; else nothing."""
    for child in children:
        if known[child.name].status == StepStatus.SUCCEEDED:
            return child.name
    return ""


def _run_one_here(attempt: Attempt, known: family.Known) -> bool:
    """Carry out one child on this thread, the earliest that is free."""
    for name, step in list(known.items()):
        if step.status in ENDED_STEP:
            continue
        alone: family.Known = {name: step}
        ran = family.run_here(attempt, alone)
        known[name] = alone[name]
        if ran:
            return True
    return False
