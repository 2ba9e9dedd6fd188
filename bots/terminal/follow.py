"""Stay with a run until it ends or needs a person: draw it, and work on it if nobody else does."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from bots.approval_builder import approval_card
from bots.builders import answer, question_card
from bots.commands.plain_text import answer_lines, approval_lines, decision_hint, question_lines
from bots.door import Door
from bots.status import step_detail
from bots.terminal.live import Live
from bots.terminal.wiring import Wiring
from runtime.domain.conversation import Person
from runtime.domain.errors import Refused
from runtime.domain.run import RunView
from runtime.domain.states import StepStatus

DONE, FAILED, USAGE, WAITS = 0, 1, 2, 3
ENDED = frozenset({"succeeded", "failed", "cancelled"})
_MOVING = frozenset({StepStatus.READY, StepStatus.RUNNING})
_SET_ASIDE = "a person: "
_LOOK_EVERY_SECONDS = 0.2
_LONG_SECONDS = 60
_EVENT = "an event"
_UNTIL = re.compile(r"until (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC")


def follow(
    run_id: str, wiring: Wiring, *, elsewhere: bool, through_waits: bool, live: Live | None
) -> RunView:
    """Give the run as it stands once it has ended or needs a person.

    ``through_waits`` stays while people decide elsewhere. Without a server that works on it
    (``elsewhere``) the work is done in this process; whatever is interrupted stays in the journal.
    """
    until = _until(live, through_waits=through_waits)
    if elsewhere:
        return _look_until(wiring.open(), run_id, until)
    try:
        return wiring.work_until(run_id, until)
    except KeyboardInterrupt:
        number = wiring.open().view(run_id, workspace=None).run.number
        sys.stderr.write(
            f"\nbaton: interrupted; nothing is lost. Carry run #{number} on with: "
            f"baton resume {number}\n"
        )
        raise


def hidden_from(runtime: Door, run_id: str, person: Person) -> str:
    """Say which grant they lack to see this run; nothing where they may see it."""
    try:
        runtime.sight.check(run_id, person)
    except Refused as refused:
        return refused.public
    return ""


def exit_status(view: RunView) -> int:
    """Give 0 for success, 1 for any other end, 3 for a run that has not ended."""
    if view.status not in ENDED:
        return WAITS
    return DONE if view.status == "succeeded" else FAILED


def conclusion(view: RunView) -> str:
    """Give the answer, or what a person has to do next with the exact lines to type."""
    if view.status in ENDED:
        return "\n" + "\n".join(answer_lines(answer(view)))
    number = view.run.number
    if view.status == "paused":
        return f"\nRun #{number} is paused. Go on with it: baton resume {number}"
    lines: list[str] = []
    for approval in view.approvals:
        card = approval_card(approval)
        if card.verdicts:
            lines += ["", *approval_lines(card)]
            lines += ["", f"  {decision_hint(card, prefix='baton ')}"]
    for at, question in enumerate(view.questions, start=1):
        card = question_card(question, run_id=view.run.id, run_number=number)
        name = f"{number}.{at}" if len(view.questions) > 1 else str(number)
        lines += ["", *question_lines(card), "", f"  baton answer {name} TEXT"]
    for words in _set_aside(view):
        lines += ["", words, "", f"  baton retry {number}   or   baton cancel {number}"]
    if not lines and sleeps(view):
        lines += [
            "",
            f"Run #{number} goes on by itself where a server is up: baton up",
            f"Without one, carry it on when it is time: baton resume {number}",
        ]
    return "\n".join(lines)


def needs_a_person(view: RunView) -> bool:
    """Say whether a run stands still until somebody decides, answers or resumes it."""
    asked = any(approval_card(one).verdicts for one in view.approvals) or bool(view.questions)
    if view.status == "paused" or (view.status == "waiting" and asked):
        return True
    return bool(_set_aside(view)) and not any(step.status in _MOVING for step in view.steps)


def sleeps(view: RunView) -> bool:
    """Say whether a run waits for nothing but an event, or a time that is not near."""
    waits = [step.waits_for for step in view.steps if step.waits_for]
    moving = any(step.status in _MOVING for step in view.steps)
    if view.status != "waiting" or moving or not waits:
        return False
    return all(_is_long(words, view.read_at) for words in waits)


def _is_long(words: str, now: datetime) -> bool:
    if words.startswith(_EVENT):
        return True
    until = _UNTIL.match(words)
    if until is None:
        return False
    when = datetime.strptime(until[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    return (when - now).total_seconds() > _LONG_SECONDS


def _set_aside(view: RunView) -> list[str]:
    """Name the steps that the engine gave up trying until a person says ``retry``."""
    return [
        f"{step.title or step.path} {step_detail(step)}"
        for step in view.steps
        if step.waits_for.startswith(_SET_ASIDE)
    ]


def _until(live: Live | None, *, through_waits: bool) -> Callable[[RunView], bool]:
    hinted: set[str] = set()

    def until(view: RunView) -> bool:
        if live is not None:
            live.draw(view)
        if view.status in ENDED:
            return True
        if not through_waits:
            return needs_a_person(view) or sleeps(view)
        for name, hint in _hints(view):
            if live is not None and name not in hinted:
                hinted.add(name)
                sys.stderr.write(f"  {hint}\n")
                live.below()
        return False

    return until


def _hints(view: RunView) -> list[tuple[str, str]]:
    hints: list[tuple[str, str]] = []
    for approval in view.approvals:
        card = approval_card(approval)
        if card.verdicts:
            hints.append((approval.id, decision_hint(card, prefix="baton ")))
    for at, question in enumerate(view.questions, start=1):
        name = f"{view.run.number}.{at}" if len(view.questions) > 1 else str(view.run.number)
        hints.append((question.step_id, f"{question.text}   baton answer {name} TEXT"))
    return hints


def _look_until(runtime: Door, run_id: str, until: Callable[[RunView], bool]) -> RunView:
    while True:
        view = runtime.view(run_id, workspace=None)
        if until(view):
            return view
        time.sleep(_LOOK_EVERY_SECONDS)
