"""The live card of a run."""

from __future__ import annotations

from collections.abc import Sequence

from bots.slack import escape
from bots.slack.blocks import (
    TEXT_LIMIT,
    Block,
    actions,
    bullets,
    button,
    confirm,
    context,
    header,
    leaf,
    rich,
    section,
)
from bots.slack.drawn import Drawn, first_fitting
from bots.slack.escape import mrkdwn
from bots.spelling import cut, duration, money, one_line, plural
from bots.views import RunCard, StepLine
from runtime.domain.json import Json

_MOST_STEPS = 20
_TITLE_LIMIT = 150
_SIGNS = {
    "ready": "○",
    "running": "◐",
    "waiting": "◔",
    "succeeded": "●",
    "failed": "✕",
    "rejected": "⊘",
    "expired": "⊘",
    "cancelled": "–",
    "skipped": "–",
    "unknown": "?",
}
_TASK_STATES = {
    "running": "in_progress",
    "waiting": "in_progress",
    "succeeded": "complete",
    "failed": "error",
    "rejected": "error",
    "expired": "error",
    "unknown": "error",
}
"""Slack's words for a task; what is not here is ``pending`` and named in the details."""
_SPEAKS_FOR_ITSELF = frozenset({"ready", "running", "succeeded"})
_DONE = frozenset({"succeeded", "skipped", "cancelled"})


def draw_run(card: RunCard) -> Drawn:
    """Draw a run; its controls are there however long its plan is.

    The plan is a ``plan`` block of ``task_card`` blocks; ``plain`` has it as a list, for workspaces
    where Slack refuses those.
    """
    goal = one_line(card.goal).rstrip(".")
    summary = f"Run {card.number}, {card.status}: {goal}. {card.status_line}"
    text = mrkdwn(summary, limit=TEXT_LIMIT)
    sizes = [
        (words, shown)
        for words in (600, 120, 40)
        for shown in range(min(len(card.steps), _MOST_STEPS), -1, -1)
    ]
    plain = first_fitting(
        Drawn(text=text, blocks=tuple(_blocks(card, _listed(card, shown, words), words)))
        for words, shown in sizes
    )
    if not card.steps:
        return plain
    return first_fitting(
        Drawn(
            text=text,
            blocks=tuple(_blocks(card, _planned(card, shown, words), words)),
            plain=plain.blocks,
        )
        for words, shown in sizes
    )


def _blocks(card: RunCard, plan: Sequence[Block], words: int) -> list[Block]:
    return [
        header(f"Run {card.number} · {card.status}"),
        rich(section(leaf(cut(card.goal, words), bold=True))),
        *plan,
        context(_small_print(card)),
        *actions(_controls(card)),
    ]


def _planned(card: RunCard, shown: int, words: int) -> list[Block]:
    start, window = _window(card.steps, shown)
    if not window:
        return _listed(card, 0, words)
    left = len(card.steps) - start - len(window)
    rolled = [plural(start, "earlier step")] if start else []
    rolled += [f"{left} more to come"] if left else []
    notes = [f"… {' and '.join(rolled)}"] if rolled else []
    if len(card.status_line) > _TITLE_LIMIT:
        # A title is cut short; why a run waits or failed must be read whole.
        notes.insert(0, cut(card.status_line, words))
    tasks: list[Json] = [_task(step, start + at) for at, step in enumerate(window, start=1)]
    title = escape.plain(card.status_line, limit=_TITLE_LIMIT)
    return [
        {"type": "plan", "title": title, "tasks": tasks},
        *([context(*notes)] if notes else []),
    ]


def _task(step: StepLine, place: int) -> dict[str, Json]:
    small = _facts(step, named=step.status not in _SPEAKS_FOR_ITSELF)
    return {
        "type": "task_card",
        "task_id": f"step_{place}",
        "title": escape.plain(step.title, limit=100),
        "status": _TASK_STATES.get(step.status, "pending"),
        **({"details": dict(rich(section(leaf(" · ".join(small)))))} if small else {}),
    }


def _listed(card: RunCard, shown: int, words: int) -> list[Block]:
    return [rich(section(leaf(cut(card.status_line, words))), *_steps(card.steps, shown))]


def _steps(steps: Sequence[StepLine], shown: int) -> list[Json]:
    if not steps:
        return []
    start, window = _window(steps, shown)
    elements: list[Json] = []
    if start:
        elements.append(section(leaf(f"… {plural(start, 'earlier step')}")))
    if window:
        elements.append(bullets([_step(step) for step in window]))
    left = len(steps) - start - len(window)
    if left:
        elements.append(section(leaf(f"… and {left} more")))
    return elements


def _window(steps: Sequence[StepLine], shown: int) -> tuple[int, Sequence[StepLine]]:
    """Begin shortly before the first step that is not done, and never show less than fits."""
    open_at = next((i for i, step in enumerate(steps) if step.status not in _DONE), len(steps))
    start = max(0, min(open_at - 2, len(steps) - shown))
    return start, steps[start : start + shown]


def _step(step: StepLine) -> list[Json]:
    sign = _SIGNS.get(step.status, "·")
    return [
        *leaf(f"{sign} "),
        *leaf(one_line(step.title, 100), bold=True),
        *leaf(f" · {' · '.join(_facts(step, named=True))}"),
    ]


def _facts(step: StepLine, *, named: bool) -> list[str]:
    facts = [step.status] if named else []
    if step.owner:
        facts.append(one_line(step.owner, 60))
    if step.elapsed_seconds is not None:
        facts.append(duration(step.elapsed_seconds))
    if step.detail:
        facts.append(one_line(step.detail, 160))
    return facts


def _small_print(card: RunCard) -> str:
    parts = [
        f"Asked by {one_line(card.requester, 80)}",
        duration(card.elapsed_seconds),
        f"{money(card.cost_usd)}, {card.tokens:,} tokens",
    ]
    if card.revision > 1:
        parts.append(f"plan revision {card.revision}")
    return " · ".join(parts)


def _controls(card: RunCard) -> list[Json]:
    buttons = {
        "pause": button("Pause", action="run.pause", value=card.run_id),
        "resume": button("Resume", action="run.resume", value=card.run_id, style="primary"),
        "retry": button("Retry from here", action="run.retry", value=card.run_id, style="primary"),
        "skip": button("Skip a step", action="run.skip", value=card.run_id),
        "cancel": button(
            "Stop",
            action="run.cancel",
            value=card.run_id,
            style="danger",
            confirm=confirm(
                title="Stop this run?",
                text=f"Run {card.number} ends now. What it has done already is not undone.",
                yes="Stop it",
                no="Let it go on",
                danger=True,
            ),
        ),
    }
    buttons["workflow"] = button("Make a workflow", action="run.workflow", value=card.run_id)
    why = button("Why", action="run.why", value=card.run_id)
    return [why, *(buttons[name] for name in card.controls if name in buttons)]
