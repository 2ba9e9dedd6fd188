"""The live card of a run."""

from __future__ import annotations

from collections.abc import Sequence

from bots.spelling import cut, duration, money, one_line, plural
from bots.teams.drawn import Drawn, first_fitting
from bots.teams.elements import (
    Element,
    button,
    card,
    choose,
    disclose,
    header,
    line,
    progress,
    run,
    small,
    text_input,
)
from bots.views import RunCard, StepLine
from runtime.domain.json import Json

STEP, WHY = "step", "why"
LONGEST_WHY = 300
_MOST_STEPS = 40
_MOST_REASONS = 12
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
_DONE = frozenset({"succeeded", "skipped", "cancelled"})


def draw_run(view: RunCard, *, why: str = "") -> Drawn:
    """Draw a run; its controls are there however long its plan is.

    ``why`` is for the person who asked: what it waits for, and which rules applied.
    """
    summary = f"Run {view.number}, {view.status}: {one_line(view.goal)}. {view.status_line}"
    return first_fitting(
        Drawn(
            summary=summary,
            card=card(
                [*_body(view, steps_shown=shown, words=words), *_why(why, words)],
                _controls(view, explained=bool(why)),
            ),
        )
        for words in (600, 120, 40)
        for shown in _descending(min(len(view.steps), _MOST_STEPS))
    )


def _descending(most: int) -> Sequence[int]:
    return [*range(most, 0, -5), 0]


def _body(view: RunCard, *, steps_shown: int, words: int) -> list[Element]:
    done = sum(step.status in _DONE for step in view.steps)
    return [
        header(f"Run {view.number} · {view.status}"),
        line(run(cut(view.goal, words), bold=True)),
        line(run(cut(view.status_line, words))),
        *([progress(done, len(view.steps))] if view.steps else []),
        *_steps(view.steps, steps_shown),
        *small(_small_print(view, done)),
    ]


def _steps(steps: Sequence[StepLine], shown: int) -> list[Element]:
    start = _window(steps, shown)
    window = steps[start : start + shown]
    left = len(steps) - start - len(window)
    return [
        *small(f"… {plural(start, 'earlier step')}" if start else ""),
        *(_step(step) for step in window),
        *small(f"… and {left} more" if left else ""),
    ]


def _window(steps: Sequence[StepLine], shown: int) -> int:
    """Begin shortly before the first step that is not done, and never show less than fits."""
    open_at = next((i for i, step in enumerate(steps) if step.status not in _DONE), len(steps))
    return max(0, min(open_at - 2, len(steps) - shown))


def _step(step: StepLine) -> Element:
    details = [step.status]
    if step.owner:
        details.append(one_line(step.owner, 60))
    if step.elapsed_seconds is not None:
        details.append(duration(step.elapsed_seconds))
    if step.detail:
        details.append(one_line(step.detail, 160))
    return line(
        run(f"{_SIGNS.get(step.status, '·')} "),
        run(one_line(step.title, 100), bold=True),
        run(f" · {' · '.join(details)}", subtle=True),
        spacing="Small",
    )


def _small_print(view: RunCard, done: int) -> str:
    parts = [
        f"Asked by {one_line(view.requester, 80)}",
        duration(view.elapsed_seconds),
        f"{money(view.cost_usd)}, {view.tokens:,} tokens",
    ]
    if view.steps:
        parts.insert(0, f"{done} of {plural(len(view.steps), 'step')} done")
    if view.revision > 1:
        parts.append(f"plan revision {view.revision}")
    return " · ".join(parts)


def _why(why: str, words: int) -> list[Element]:
    if not why:
        return []
    told = [one for one in why.split("\n") if one.strip()][:_MOST_REASONS]
    lines = [line(run(cut(one, words)), spacing="Small") for one in told]
    return [line(run("Why", bold=True), spacing="Large"), *lines]


def _skip(view: RunCard) -> Json:
    """Let one step be left out; what needs it gets nothing from it."""
    steps = [(one.skip, f"{one.skip}. {one.title}") for one in view.steps if one.skip]
    if not steps:
        return None
    body = [
        choose(
            STEP, label="Go on without", choices=steps[:_MOST_STEPS], error="Choose a step to skip"
        ),
        text_input(
            WHY,
            label="Why?",
            placeholder="Shown on the card beside the step",
            error="Write a few words",
            limit=LONGEST_WHY,
            must=False,
        ),
        *small("What needs this step gets nothing from it."),
    ]
    skip = button("Skip it", verb="run.skip", data={"run": view.run_id}, inputs=True)
    return disclose("Skip…", body=body, actions=[skip])


def _controls(view: RunCard, *, explained: bool) -> list[Json]:
    data = {"run": view.run_id}
    stop = button("Stop it", verb="run.cancel", data=data, style="destructive")
    warning = f"Run {view.number} ends now. What it has done already is not undone."
    buttons = {
        "pause": button("Pause", verb="run.pause", data=data),
        "resume": button("Resume", verb="run.resume", data=data, style="positive"),
        "retry": button("Retry", verb="run.retry", data=data, style="positive"),
        "cancel": disclose("Stop…", body=[line(run(warning))], actions=[stop]),
        "skip": _skip(view),
        "workflow": button("Make a workflow", verb="run.workflow", data=data),
    }
    why = [] if explained else [button("Why", verb="run.why", data=data)]
    offered = (buttons.get(name) for name in view.controls)
    return [*(one for one in offered if one is not None), *why]
