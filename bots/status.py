"""How a run and its steps stand, in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bots.spelling import duration, exact, plural, prose
from runtime.domain.approval import Approval, Question
from runtime.domain.json import JsonObject
from runtime.domain.run import RunView
from runtime.domain.states import ENDED_STEP, ApprovalStatus, StepStatus
from runtime.domain.step import Step

_AT: Final = (StepStatus.RUNNING, StepStatus.WAITING, StepStatus.UNKNOWN, StepStatus.FAILED)
"""How the task stands at which a workflow is."""
_TURNED_DOWN: Final = (ApprovalStatus.REJECTED, ApprovalStatus.EXPIRED)


def status_line(view: RunView) -> str:
    """Say in one sentence what a run does now, why it waits, or how it ended."""
    match view.status:
        case "succeeded":
            return f"Done in {duration(run_seconds(view))}."
        case "failed":
            return f"Failed: {prose(failure_text(view))}"
        case "cancelled":
            return f"Cancelled after {duration(run_seconds(view))}."
        case "paused":
            return "Paused; nothing new is started until it is resumed."
        case "waiting":
            return _waiting_line(view)
        case _:
            return _running_line(view)


def standing(step: Step, approvals: Sequence[Approval]) -> str:
    """Say how a step stands: as the engine has it, or that people turned down what it was for.

    An agent that was not let do its work ends as one that has said so. What counts is the last
    word about its calls: one that was approved after another was rejected did its work otherwise.
    """
    last = turned_down(step, approvals)
    return last.status.value if last is not None else step.status.value


def turned_down(step: Step, approvals: Sequence[Approval]) -> Approval | None:
    """Give what people said last about a step's calls, where that was no, or nothing in time."""
    if step.status not in (StepStatus.SUCCEEDED, StepStatus.FAILED) or step.kind == "workflow":
        return None
    below = f"{step.id}/"
    decided = [
        one
        for one in approvals
        if one.step_id.startswith(below) and one.status is not ApprovalStatus.PENDING
    ]
    last = max(decided, key=lambda one: one.number, default=None)
    return last if last is not None and last.status in _TURNED_DOWN else None


def refusal_detail(approval: Approval) -> str:
    """Say who turned it down; why stands where the run says how it ended."""
    if approval.status is ApprovalStatus.EXPIRED:
        return "nobody decided in time"
    return f"rejected by {prose(approval.decided_by_name or str(approval.decided_by))}"


def failure_text(view: RunView) -> str:
    """Say why a run failed, in a person's words; who turned something down is said alone."""
    words = error_text(view.run.error)
    is_refused = any(one.status in _TURNED_DOWN for one in view.approvals)
    return words.removeprefix("not everything was done: ") if is_refused else words


def step_detail(step: Step) -> str:
    """Say why a step waits, how it failed, or that nobody knows; empty where all is well."""
    message = _words(step.error)
    match step.status:
        case StepStatus.WAITING:
            return f"waits {_reason(step.waits_for)}" if step.waits_for else ""
        case StepStatus.UNKNOWN:
            return "nobody knows yet whether it happened"
        case StepStatus.FAILED | StepStatus.SKIPPED:
            return message
        case StepStatus.READY | StepStatus.RUNNING if message:
            return f"tries again after: {message}"
        case _:
            return ""


def inside_detail(tasks: Sequence[Step]) -> str:
    """Say at which of its tasks a workflow is, how that one stands, and how many are done."""
    at = next((one for one in tasks if one.status in _AT), None)
    if at is None:
        return ""
    done = sum(one.status in ENDED_STEP and one is not at for one in tasks)
    detail = step_detail(at)
    words = f"{at.title}: {detail}" if detail else at.title
    return f"{words} ({done} of {plural(len(tasks), 'task')} done)"


def error_text(error: JsonObject | None) -> str:
    """Give the words of a stored error."""
    return _words(error) or "it ended without saying why; see its trace"


def run_seconds(view: RunView) -> float:
    """Give how long a run took, or has taken so far."""
    ended = view.run.finished_at or view.read_at
    return max(0.0, (ended - view.run.created_at).total_seconds())


def _waiting_line(view: RunView) -> str:
    pending = [one for one in view.approvals if one.status is ApprovalStatus.PENDING]
    if len(pending) == 1:
        one = pending[0]
        if one.question is Question.OUTCOME:
            return f"Waits for somebody to say whether {exact(one.tool)} happened (#{one.number})."
        return f"Waits for approval #{one.number} of {exact(one.tool)}."
    if pending:
        return f"Waits for {len(pending)} approvals."
    if view.questions:
        return f"Waits for an answer from {prose(view.run.requester_name or 'the requester')}."
    reasons = [step.waits_for for step in view.steps if step.waits_for]
    return f"Waits {_reason(prose(reasons[0]))}." if reasons else "Waits."


def _running_line(view: RunView) -> str:
    busy = [step for step in view.steps if step.status is StepStatus.RUNNING]
    done = sum(step.status is StepStatus.SUCCEEDED for step in view.steps)
    if not view.steps:
        return f"{exact(view.run.agent)} is working on it." if view.run.agent else "Making a plan."
    if done == len(view.steps):
        return "Checking the result."
    if not busy:
        return f"{done} of {plural(len(view.steps), 'step')} done."
    names = ", ".join(prose(step.title or step.path) for step in busy[:3])
    more = f" and {len(busy) - 3} more" if len(busy) > 3 else ""
    return f"{done} of {plural(len(view.steps), 'step')} done; now: {names}{more}."


def _reason(waits_for: str) -> str:
    """Put a reason into a sentence; a timer's begins with when it is over."""
    return waits_for if waits_for.startswith("until ") else f"for {waits_for}"


def _words(error: JsonObject | None) -> str:
    message = (error or {}).get("message")
    return message if isinstance(message, str) else ""
