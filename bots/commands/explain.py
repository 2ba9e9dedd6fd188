"""Why a run is where it is, told from its rows and nothing else. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bots.approval_builder import outcome_line
from bots.spelling import deciders, exact, one_line, plural, prose
from bots.status import error_text
from runtime.domain.json import JsonObject
from runtime.domain.run import RunView, StepRow
from runtime.domain.states import ApprovalStatus, StepStatus
from runtime.domain.step import Step


def reasons(view: RunView, rows: Sequence[StepRow]) -> tuple[str, ...]:
    """List what explains a run: waits first, then doubts, failures, rules and revisions."""
    return (
        *_waits(view),
        *_doubts_and_failures(_below_what_is_said(view, rows)),
        *_rules(rows),
        *_decisions(view),
        *_revisions(view),
    )


def _below_what_is_said(view: RunView, rows: Sequence[StepRow]) -> Sequence[StepRow]:
    """Leave the run's own failure out: whoever asks why reads it first."""
    return rows[1:] if rows and rows[0].step.error == view.run.error else rows


def _waits(view: RunView) -> list[str]:
    found: list[str] = []
    for approval in view.approvals:
        if approval.status is ApprovalStatus.PENDING:
            stage = approval.stages[min(approval.stage, len(approval.stages) - 1)]
            said = one_line(approval.reason, 300)
            because = f' ("{said}")' if said else ""
            found.append(
                f"approval #{approval.number} of {exact(approval.tool)}: rule "
                f"{exact(approval.rule)} asks{because}; may be decided by "
                f"{prose(deciders(stage.eligible)) or 'nobody'}"
            )
    for question in view.questions:
        whom = question.for_whom or "the requester"
        found.append(f"an open question to {whom}: {one_line(question.text, 300)}")
    return found


def _doubts_and_failures(rows: Sequence[StepRow]) -> list[str]:
    found: list[str] = []
    for row in rows:
        step = row.step
        if step.status is StepStatus.UNKNOWN:
            found.append(f"{step.path}: nobody knows yet whether {_called(step)} happened")
        elif step.error is not None and not _has_worse_below(row, rows):
            times = f" (after {plural(step.failures, 'failure')})" if step.failures else ""
            state = "failed" if step.status is StepStatus.FAILED else "had to be tried again"
            words = one_line(error_text(step.error), 300)
            found.append(f"{step.path} {state}{times}: {words}")
        elif step.status is StepStatus.WAITING and step.waits_for and row.depth > 0:
            found.append(f"{step.path} waits for {one_line(step.waits_for, 200)}")
    return found


def _has_worse_below(row: StepRow, rows: Sequence[StepRow]) -> bool:
    """Say whether a child's error is the real cause, so the parent's need not be repeated."""
    return any(
        other.step.error is not None and other.step.parent_id == row.step.id for other in rows
    )


def _rules(rows: Sequence[StepRow]) -> list[str]:
    found: list[str] = []
    for row in rows:
        decision = row.step.decision
        if decision is not None and decision.get("outcome") != "allow":
            outcome = _word(decision, "outcome")
            does = {"ask": "asks people before", "deny": "forbids"}.get(outcome, outcome)
            found.append(
                f"{row.step.path}: policy {does} {_called(row.step)} "
                f"(rule {_word(decision, 'rule')})"
            )
    return found


def _decisions(view: RunView) -> list[str]:
    return [
        f"approval #{approval.number} of {exact(approval.tool)}: {outcome_line(approval)}"
        for approval in view.approvals
        if approval.status is not ApprovalStatus.PENDING
    ]


def _revisions(view: RunView) -> list[str]:
    again = view.run.revision - 1
    return [f"the plan was made anew {plural(again, 'time')}"] if again > 0 else []


def _called(step: Step) -> str:
    """Name what was called: a leaf is titled after its tool, its actor is the agent."""
    return exact(step.title if step.leaf and step.title else step.actor)


def _word(source: JsonObject, key: str) -> str:
    value = source.get(key)
    return exact(value) if isinstance(value, str) else "?"
