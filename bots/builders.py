"""From stored rows to what is shown. Pure: the same rows give the same view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bots.approval_builder import approval_card
from bots.spelling import (
    exact,
    prose,
)
from bots.status import (
    failure_text,
    inside_detail,
    refusal_detail,
    run_seconds,
    standing,
    status_line,
    step_detail,
    turned_down,
)
from bots.views import (
    Answer,
    FileLink,
    Notice,
    QuestionCard,
    RunCard,
    Shown,
    StepLine,
)
from runtime.domain.approval import (
    Approval,
)
from runtime.domain.delivery import Delivery, DeliveryKind
from runtime.domain.json import JsonObject
from runtime.domain.run import EVIDENCE, OpenQuestion, RunView
from runtime.domain.step import Step

_CONTROLS: dict[str, tuple[str, ...]] = {
    "running": ("pause", "cancel"),
    "waiting": ("pause", "cancel"),
    "paused": ("resume", "cancel"),
    "failed": ("retry",),
}


def shown_for(delivery: Delivery, row: RunView | Approval | OpenQuestion | None) -> Shown | None:
    """Draw what a delivery shows from the present row behind it; None when nothing is left."""
    if delivery.kind is DeliveryKind.NOTICE:
        return Notice(text=prose(_text(delivery.payload, "text")))
    if isinstance(row, RunView):
        if EVIDENCE in delivery.payload:
            return _evidence(delivery, row)
        return answer(row) if delivery.kind is DeliveryKind.ANSWER else run_card(row)
    if isinstance(row, Approval):
        return approval_card(row)
    if delivery.kind is DeliveryKind.QUESTION:
        return _question_card(delivery, row)
    return None


def run_card(view: RunView) -> RunCard:
    """Draw the live card of a run."""
    run = view.run
    steps = tuple(
        step_line(
            step,
            now=view.read_at,
            skip=str(number) if step.id in view.skippable else "",
            inside=view.inside.get(step.id, ()),
            approvals=view.approvals,
        )
        for number, step in enumerate(view.steps, start=1)
    )
    return RunCard(
        run_id=run.id,
        number=run.number,
        goal=prose(run.goal or run.request),
        status=view.status,
        status_line=status_line(view),
        requester=prose(run.requester_name or run.requester),
        revision=view.run.revision,
        steps=steps,
        elapsed_seconds=run_seconds(view),
        cost_usd=run.spent.usd,
        tokens=run.spent.tokens,
        controls=_controls(view),
    )


def _controls(view: RunView) -> tuple[str, ...]:
    first, *rest = (*_CONTROLS.get(view.status, ()), *_repeatable(view), "")
    between = ("skip",) if view.skippable else ()
    return tuple(name for name in (first, *between, *rest) if name)


def _repeatable(view: RunView) -> tuple[str, ...]:
    """Offer to write a plan that worked down as a workflow."""
    return ("workflow",) if view.status == "succeeded" and view.run.revision else ()


def step_line(
    step: Step,
    *,
    now: datetime,
    skip: str = "",
    inside: Sequence[Step] = (),
    approvals: Sequence[Approval] = (),
) -> StepLine:
    """Draw one step of a plan; of a workflow that is one, the task it is at as well."""
    elapsed = None
    if step.started_at is not None:
        elapsed = ((step.finished_at or now) - step.started_at).total_seconds()
    refused = turned_down(step, approvals)
    detail = prose(inside_detail(inside) or step_detail(step))
    if refused is not None:
        detail = detail or refusal_detail(refused)
    return StepLine(
        title=prose(step.title or step.path.rsplit("/", 1)[-1]),
        owner=exact(step.actor),
        status=standing(step, approvals),
        detail=detail,
        elapsed_seconds=elapsed,
        skip=skip,
    )


def answer(view: RunView) -> Answer:
    """Draw the final message of a run."""
    run = view.run
    titles = {step.path: step.title or step.path for step in view.steps}
    text = run.answer
    if view.status == "failed":
        failure = f"This did not work: {failure_text(view)}"
        text = f"{failure}\n\n{run.answer}" if run.answer else failure
    elif view.status == "cancelled" and not text:
        text = "This run was cancelled."
    return Answer(
        run_id=run.id,
        run_number=run.number,
        outcome=view.status,
        text=prose(text),
        sources=tuple(prose(titles.get(path, path)) for path in view.run.sources),
        files=_files(view, evidence=False),
        elapsed_seconds=run_seconds(view),
        cost_usd=run.spent.usd,
        tokens=run.spent.tokens,
        demonstration=view.run.demonstration,
        requester=run.requester,
    )


def _evidence(delivery: Delivery, view: RunView) -> Answer | None:
    """Draw the files that prove what a run did; None once their time is over."""
    files = _files(view, evidence=True)
    text = prose(_text(delivery.payload, EVIDENCE))
    return replace(answer(view), text=text, sources=(), files=files) if files else None


def _files(view: RunView, *, evidence: bool) -> tuple[FileLink, ...]:
    return tuple(
        FileLink(
            name=exact(file.name),
            media_type=exact(file.media_type),
            size_bytes=file.size_bytes,
            digest=file.digest,
            at=at,
        )
        for at, file in enumerate(view.artifacts)
        if file.is_evidence is evidence
    )


def question_card(
    question: OpenQuestion, *, run_id: str, run_number: int, answered: str = ""
) -> QuestionCard:
    """Draw something an agent asks."""
    return QuestionCard(
        run_id=run_id,
        run_number=run_number,
        step_id=question.step_id,
        text=prose(question.text),
        choices=tuple(prose(choice) for choice in question.choices),
        answered=prose(answered),
        withdrawn=question.withdrawn,
        for_whom=exact(question.for_whom),
        how=exact(question.how),
        by_command=bool(question.eligible_groups),
    )


def _question_card(delivery: Delivery, row: OpenQuestion | None) -> QuestionCard | None:
    number = delivery.payload.get("number")
    run_number = number if isinstance(number, int) else row.run_number if row else 0
    answered = row.answered if row is not None else _text(delivery.payload, "answered")
    if row is not None:
        card = question_card(row, run_id=delivery.run_id, run_number=run_number, answered=answered)
        apart = row.conversation_id not in ("", delivery.conversation_id)
        return replace(card, by_command=card.by_command or apart)
    # Answered or withdrawn: the row is gone, so the card is closed with the words it was asked in.
    text = _text(delivery.payload, "text")
    if not text and delivery.external_id is None:
        return None
    return QuestionCard(
        run_id=delivery.run_id,
        run_number=run_number,
        step_id=delivery.subject_id,
        text=prose(text or "This question is closed."),
        choices=(),
        answered=prose(answered),
        withdrawn=not answered,
    )


def _text(source: JsonObject, key: str) -> str:
    value = source.get(key)
    return value if isinstance(value, str) else ""
