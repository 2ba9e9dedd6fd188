"""The live card of a run."""

from __future__ import annotations

from collections.abc import Sequence

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
_SIGNS = {
    "ready": "○",
    "running": "◐",
    "waiting": "◔",
    "succeeded": "●",
    "failed": "✕",
    "cancelled": "–",
    "skipped": "–",
    "unknown": "?",
}
_DONE = frozenset({"succeeded", "skipped", "cancelled"})


def draw_run(card: RunCard) -> Drawn:
    """Draw a run; its controls are there however long its plan is."""
    summary = f"Run {card.number}, {card.status}: {one_line(card.goal)}. {card.status_line}"
    text = mrkdwn(summary, limit=TEXT_LIMIT)
    return first_fitting(
        Drawn(text=text, blocks=tuple(_blocks(card, steps_shown=shown, words=words)))
        for words in (600, 120, 40)
        for shown in range(min(len(card.steps), _MOST_STEPS), -1, -1)
    )


def _blocks(card: RunCard, *, steps_shown: int, words: int) -> list[Block]:
    return [
        header(f"Run {card.number} · {card.status}"),
        rich(section(leaf(cut(card.goal, words), bold=True))),
        rich(section(leaf(cut(card.status_line, words))), *_steps(card.steps, steps_shown)),
        context(_small_print(card)),
        *actions(_controls(card)),
    ]


def _steps(steps: Sequence[StepLine], shown: int) -> list[Json]:
    if not steps:
        return []
    start = _window(steps, shown)
    window = steps[start : start + shown]
    elements: list[Json] = []
    if start:
        elements.append(section(leaf(f"… {plural(start, 'earlier step')}")))
    if window:
        elements.append(bullets([_step(step) for step in window]))
    left = len(steps) - start - len(window)
    if left:
        elements.append(section(leaf(f"… and {left} more")))
    return elements


def _window(steps: Sequence[StepLine], shown: int) -> int:
    """Begin shortly before the first step that is not done, and never show less than fits."""
    open_at = next((i for i, step in enumerate(steps) if step.status not in _DONE), len(steps))
    return max(0, min(open_at - 2, len(steps) - shown))


def _step(step: StepLine) -> list[Json]:
    small = [step.status]
    if step.owner:
        small.append(one_line(step.owner, 60))
    if step.elapsed_seconds is not None:
        small.append(duration(step.elapsed_seconds))
    if step.detail:
        small.append(one_line(step.detail, 160))
    sign = _SIGNS.get(step.status, "·")
    return [
        *leaf(f"{sign} "),
        *leaf(one_line(step.title, 100), bold=True),
        *leaf(f" · {' · '.join(small)}"),
    ]


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
        "retry": button("Retry", action="run.retry", value=card.run_id, style="primary"),
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
    return [buttons[name] for name in card.controls if name in buttons]
