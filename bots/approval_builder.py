"""From a stored approval to the card that shows it. Pure, and by code alone."""

from __future__ import annotations

from bots.spelling import ARGUMENT_LIMIT, clock, exact, prose, spell
from bots.views import ApprovalCard, Argument, AskedLine, ChangeLine, SaidLine
from runtime.domain.approval import (
    VERDICTS,
    Approval,
    HandedOver,
    Inquiry,
    OnExpiry,
    Question,
    Said,
    Verdict,
)
from runtime.domain.states import ApprovalStatus

LONGEST_CODE = 12
"""What is taken of a typed code: six digits, and whatever people put between them."""
_CHANGER = "!whoever changed the arguments"
_SURFACES = {
    "slack": "in Slack",
    "teams": "in Teams",
    "console": "in the console",
    "terminal": "in the terminal",
    "http": "over HTTP",
}
_SAID = {
    Verdict.APPROVE: "Approved",
    Verdict.REJECT: "Rejected",
    Verdict.HAPPENED: "Recorded as done",
    Verdict.REPEAT: "Allowed to be repeated",
    Verdict.ABORT: "Given up",
    Verdict.EDIT: "Changed",
}
_VERDICT_ORDER = (
    Verdict.APPROVE,
    Verdict.REJECT,
    Verdict.HAPPENED,
    Verdict.REPEAT,
    Verdict.ABORT,
)


def approval_card(approval: Approval) -> ApprovalCard:
    """Draw a question to people from the stored call."""
    pending = approval.status is ApprovalStatus.PENDING
    stage = approval.stages[min(approval.stage, len(approval.stages) - 1)]
    outcome_asked = approval.question is Question.OUTCOME
    verdicts = _verdicts(approval.question) if pending else ()
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
        requester_name=prose(approval.requester_name),
        reason=prose(approval.reason),
        eligible=(*map(exact, stage.eligible), *((_CHANGER,) if approval.kept_out else ())),
        progress=_progress(approval, quorum=stage.quorum) if pending else "",
        expires_at=approval.expires_at,
        on_expiry=_on_expiry(approval.on_expiry),
        verdicts=verdicts,
        code_for=tuple(one for one in verdicts if stage.wants_code(one)),
        reasons_for=tuple(one for one in verdicts if one in stage.reasons_for),
        outcome="" if pending else outcome_line(approval),
        claimed=_claimed(approval) if pending else "",
        said=_said(approval),
        questions=tuple(_asked_line(one) for one in approval.questions),
        changes=tuple(
            ChangeLine(name=exact(one.name), before=prose(one.before), after=prose(one.after))
            for one in approval.differences
        ),
        chain=tuple(map(exact, approval.chain)) if len(approval.chain) > 1 else (),
        reminders=approval.reminders,
        deciders=tuple(one for one in approval.eligible_people if one not in approval.kept_out)
        if pending
        else (),
        schema=approval.editable_schema if pending and not outcome_asked else None,
        values=approval.arguments if approval.editable_schema is not None else None,
    )


def said_line(said: Said) -> SaidLine:
    """Say what one person said."""
    who = prose(said.name or said.principal)
    if said.on_behalf_of:
        who = f"{who} for {exact(said.on_behalf_of)}"
    parts = [f"{_SAID[said.verdict]} by {who}", clock(said.at), _surface(said.surface)]
    if said.reason:
        parts.append(prose(said.reason))
    return SaidLine(text=" · ".join(parts), stage=said.stage + 1)


def _said(approval: Approval) -> tuple[SaidLine, ...]:
    """Give who said what and who handed their part on, oldest first."""
    lines = [
        *((one.at, said_line(one)) for one in approval.history),
        *((one.at, _handed_line(one)) for one in approval.handed),
    ]
    return tuple(line for _, line in sorted(lines, key=lambda dated: dated[0]))


def _handed_line(handed: HandedOver) -> SaidLine:
    who = prose(handed.name or handed.principal)
    heir = prose(handed.successor_name or handed.successor)
    parts = [f"Handed to {heir} by {who}", clock(handed.at), _surface(handed.surface)]
    if handed.reason:
        parts.append(prose(handed.reason))
    return SaidLine(text=" · ".join(parts), stage=handed.stage + 1)


def _claimed(approval: Approval) -> str:
    if not approval.claimed_by or approval.claimed_at is None:
        return ""
    who = prose(approval.claimed_by_name or approval.claimed_by)
    return f"{who} is looking at it · {clock(approval.claimed_at)}"


def _asked_line(asked: Inquiry) -> AskedLine:
    answered = ""
    if asked.answered_at is not None:
        answered = f"{prose(asked.answered_by_name)}: {prose(asked.answer)}"
    return AskedLine(asked_by=prose(asked.asked_by_name), text=prose(asked.text), answered=answered)


def _surface(name: str) -> str:
    return _SURFACES.get(name, f"on {exact(name)}")


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
            parts = ["Closed, it was not needed any more"]
        case ApprovalStatus.SUPERSEDED if approval.verdict is Verdict.EDIT:
            parts = [f"Changed by {who}, and asked anew"]
        case ApprovalStatus.SUPERSEDED:
            parts = ["Void, the call or its target changed after it was asked"]
        case ApprovalStatus.APPROVED | ApprovalStatus.REJECTED:
            parts = [f"{_verdict_words(approval)} by {who}" if who else _verdict_words(approval)]
    if approval.decided_at is not None:
        parts.append(clock(approval.decided_at))
    if approval.decided_on:
        parts.append(_surface(approval.decided_on))
    if approval.decision_reason:
        parts.append(prose(approval.decision_reason))
    return " · ".join(parts)


def lost(approval: Approval) -> str:
    """Tell somebody who was not the first what became of it."""
    outcome = outcome_line(approval)
    if not outcome:
        return f"Approval {approval.number} is still open and was not changed; look at its card."
    return f"Approval {approval.number} was decided already: {outcome}"


def _progress(approval: Approval, *, quorum: int) -> str:
    parts: list[str] = []
    if len(approval.stages) > 1:
        parts.append(f"stage {approval.stage + 1} of {len(approval.stages)}")
    if quorum > 1:
        yes = sum(
            one.stage == approval.stage and one.verdict is Verdict.APPROVE
            for one in approval.history
        )
        so_far = f", {yes} {'has' if yes == 1 else 'have'} so far" if yes else ""
        parts.append(f"{quorum} people must approve{so_far}")
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
    return {
        OnExpiry.DENY: "the call is refused",
        OnExpiry.HOLD: "the run goes on waiting",
        OnExpiry.ESCALATE: "more people are asked",
    }[on_expiry]
