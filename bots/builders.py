"""From stored rows to what is shown. Pure: the same rows give the same view."""

from __future__ import annotations

from datetime import datetime

from bots.spelling import (
    ARGUMENT_LIMIT,
    clock,
    exact,
    prose,
    spell,
)
from bots.status import error_text, run_seconds, status_line, step_detail
from bots.views import (
    Answer,
    ApprovalCard,
    Argument,
    FileLink,
    Notice,
    QuestionCard,
    RunCard,
    Shown,
    StepLine,
)
from runtime.domain.approval import VERDICTS, Approval, OnExpiry, Question, Verdict
from runtime.domain.delivery import Delivery, DeliveryKind
from runtime.domain.json import JsonObject
from runtime.domain.run import OpenQuestion, RunView
from runtime.domain.states import ApprovalStatus
from runtime.domain.step import Step

_CONTROLS: dict[str, tuple[str, ...]] = {
    "running": ("pause", "cancel"),
    "waiting": ("pause", "cancel"),
    "paused": ("resume", "cancel"),
    "failed": ("retry",),
}
_SURFACES = {
    "slack": "in Slack",
    "teams": "in Teams",
    "console": "in the console",
    "terminal": "in the terminal",
    "http": "over HTTP",
}
_VERDICT_ORDER = (
    Verdict.APPROVE,
    Verdict.REJECT,
    Verdict.HAPPENED,
    Verdict.REPEAT,
    Verdict.ABORT,
)


def shown_for(delivery: Delivery, row: RunView | Approval | OpenQuestion | None) -> Shown | None:
    """Draw what a delivery shows from the present row behind it; None when nothing is left."""
    if delivery.kind is DeliveryKind.NOTICE:
        return Notice(text=prose(_text(delivery.payload, "text")))
    if isinstance(row, RunView):
        return answer(row) if delivery.kind is DeliveryKind.ANSWER else run_card(row)
    if isinstance(row, Approval):
        return approval_card(row)
    if delivery.kind is DeliveryKind.QUESTION:
        return _question_card(delivery, row)
    return None


def run_card(view: RunView) -> RunCard:
    """Draw the live card of a run."""
    run = view.run
    return RunCard(
        run_id=run.id,
        number=run.number,
        goal=prose(run.goal or run.request),
        status=view.status,
        status_line=status_line(view),
        requester=prose(run.requester_name or run.requester),
        revision=view.run.revision,
        steps=tuple(step_line(step, now=view.read_at) for step in view.steps),
        elapsed_seconds=run_seconds(view),
        cost_usd=run.spent.usd,
        tokens=run.spent.tokens,
        controls=_CONTROLS.get(view.status, ()),
    )


def step_line(step: Step, *, now: datetime) -> StepLine:
    """Draw one step of a plan."""
    elapsed = None
    if step.started_at is not None:
        elapsed = ((step.finished_at or now) - step.started_at).total_seconds()
    return StepLine(
        title=prose(step.title or step.path.rsplit("/", 1)[-1]),
        owner=exact(step.actor),
        status=step.status.value,
        detail=prose(step_detail(step)),
        elapsed_seconds=elapsed,
    )


def approval_card(approval: Approval) -> ApprovalCard:
    """Draw a question to people from the stored call."""
    pending = approval.status is ApprovalStatus.PENDING
    stage = approval.stages[min(approval.stage, len(approval.stages) - 1)]
    outcome_asked = approval.question is Question.OUTCOME
    return ApprovalCard(
        approval_id=approval.id,
        number=approval.number,
        nonce=approval.nonce,
        run_id=approval.run_id,
        run_number=approval.run_number,
        title=f"Did {exact(approval.tool)} happen?"
        if outcome_asked
        else f"May {exact(approval.tool)} be called?",
        status=approval.status.value,
        tool=exact(approval.tool),
        what=prose(approval.preview.what),
        where=prose(approval.preview.where),
        how_many=approval.preview.how_many,
        reversible=approval.preview.reversible,
        arguments=arguments(approval, limit=ARGUMENT_LIMIT),
        agent=exact(approval.agent),
        requester=exact(approval.requester),
        reason=prose(approval.reason),
        eligible=tuple(exact(name) for name in stage.eligible),
        progress=_progress(approval, quorum=stage.quorum) if pending else "",
        expires_at=approval.expires_at,
        on_expiry=_on_expiry(approval.on_expiry),
        verdicts=_verdicts(approval.question) if pending else (),
        outcome="" if pending else outcome_line(approval),
    )


def arguments(approval: Approval, *, limit: int | None) -> tuple[Argument, ...]:
    """Spell a call's arguments in a fixed order; ``limit`` None spells all of them whole."""
    spelled: list[Argument] = []
    for name, value in sorted(approval.arguments.items()):
        text = spell(value)
        complete = limit is None or len(text) <= limit
        spelled.append(
            Argument(
                name=exact(name),
                value=text if complete else text[:limit] + "…",
                complete=complete,
            )
        )
    return tuple(spelled)


def outcome_line(approval: Approval) -> str:
    """Say how an approval ended: ``Approved by Ada · 14:02 UTC · in Slack · reason``."""
    who = prose(approval.decided_by_name or approval.decided_by or "")
    match approval.status:
        case ApprovalStatus.PENDING:
            return ""
        case ApprovalStatus.EXPIRED:
            parts = ["Expired, nobody decided in time"]
        case ApprovalStatus.CANCELLED:
            parts = ["Closed, the run ended before anybody decided"]
        case ApprovalStatus.SUPERSEDED:
            parts = ["Void, the call or its target changed after it was asked"]
        case ApprovalStatus.APPROVED | ApprovalStatus.REJECTED:
            parts = [f"{_verdict_words(approval)} by {who}" if who else _verdict_words(approval)]
    if approval.decided_at is not None:
        parts.append(clock(approval.decided_at))
    if approval.decided_on:
        parts.append(_SURFACES.get(approval.decided_on, f"on {exact(approval.decided_on)}"))
    if approval.decision_reason:
        parts.append(prose(approval.decision_reason))
    return " · ".join(parts)


def answer(view: RunView) -> Answer:
    """Draw the final message of a run."""
    run = view.run
    titles = {step.path: step.title or step.path for step in view.steps}
    text = run.answer
    if view.status == "failed":
        failure = f"This did not work: {error_text(run.error)}"
        text = f"{failure}\n\n{run.answer}" if run.answer else failure
    elif view.status == "cancelled" and not text:
        text = "This run was cancelled."
    return Answer(
        run_id=run.id,
        run_number=run.number,
        outcome=view.status,
        text=prose(text),
        sources=tuple(prose(titles.get(path, path)) for path in view.run.sources),
        files=tuple(
            FileLink(
                name=exact(file.name),
                media_type=exact(file.media_type),
                size_bytes=file.size_bytes,
                digest=file.digest,
            )
            for file in view.artifacts
        ),
        elapsed_seconds=run_seconds(view),
        cost_usd=run.spent.usd,
        tokens=run.spent.tokens,
        demonstration=view.run.demonstration,
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
    )


def _question_card(delivery: Delivery, row: OpenQuestion | None) -> QuestionCard | None:
    number = delivery.payload.get("number")
    run_number = number if isinstance(number, int) else 0
    answered = row.answered if row is not None else _text(delivery.payload, "answered")
    if row is not None:
        return question_card(row, run_id=delivery.run_id, run_number=run_number, answered=answered)
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
        answered=prose(answered or "Closed"),
    )


def _progress(approval: Approval, *, quorum: int) -> str:
    parts: list[str] = []
    if len(approval.stages) > 1:
        parts.append(f"stage {approval.stage + 1} of {len(approval.stages)}")
    if quorum > 1:
        parts.append(f"{quorum} people must approve")
    return ", ".join(parts)


def _verdicts(question: Question) -> tuple[Verdict, ...]:
    return tuple(verdict for verdict in _VERDICT_ORDER if verdict in VERDICTS[question])


def _verdict_words(approval: Approval) -> str:
    match approval.verdict:
        case Verdict.HAPPENED:
            return "Recorded as done"
        case Verdict.REPEAT:
            return "Allowed to be repeated"
        case Verdict.ABORT:
            return "Given up"
        case _:
            return "Approved" if approval.status is ApprovalStatus.APPROVED else "Rejected"


def _on_expiry(on_expiry: OnExpiry) -> str:
    return "the call is refused" if on_expiry is OnExpiry.DENY else "the run goes on waiting"


def _text(source: JsonObject, key: str) -> str:
    value = source.get(key)
    return value if isinstance(value, str) else ""
