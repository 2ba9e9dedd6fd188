"""Views as lines of text, for chats without cards and for terminals. Pure."""

from __future__ import annotations

from bots.spelling import cut, deciders, duration, money, one_line, plural
from bots.views import Answer, ApprovalCard, Notice, QuestionCard, RunCard, Shown, StepLine
from runtime.domain.approval import Verdict

SIGNS = {
    "ready": "·",
    "running": "▸",
    "waiting": "…",
    "succeeded": "✓",
    "failed": "✗",
    "rejected": "⊘",
    "expired": "⊘",
    "cancelled": "–",
    "skipped": "–",
    "unknown": "?",
}


def shown_lines(shown: Shown) -> list[str]:
    """Spell whatever is shown."""
    match shown:
        case RunCard():
            return run_lines(shown)
        case ApprovalCard():
            return approval_lines(shown)
        case QuestionCard():
            return question_lines(shown)
        case Answer():
            return answer_lines(shown)
        case Notice():
            return [shown.text]


def run_lines(card: RunCard) -> list[str]:
    """Spell a run's live card."""
    head = f"Run #{card.number} · {card.status} · {duration(card.elapsed_seconds)}"
    if card.tokens:
        head += f" · {money(card.cost_usd)} · {plural(card.tokens, 'token')}"
    lines = [head, f"  {one_line(card.goal)}", f"  {card.status_line}"]
    if card.revision > 1:
        lines.append(f"  Plan revision {card.revision}")
    return [*lines, *(f"  {step_text(step)}" for step in card.steps)]


def step_text(step: StepLine) -> str:
    """Spell one step of a plan on one line."""
    parts = [f"{SIGNS.get(step.status, '·')} {one_line(step.title, 60)}"]
    if step.owner:
        parts.append(step.owner)
    if step.elapsed_seconds is not None:
        parts.append(duration(step.elapsed_seconds))
    if step.detail:
        parts.append(one_line(step.detail, 100))
    return " · ".join(parts)


def approval_lines(card: ApprovalCard) -> list[str]:
    """Spell an approval, with every argument as far as the card has it."""
    lines = [f"#{card.number} {card.title} (run #{card.run_number}, {card.status})"]
    if card.what:
        lines.append(f"  What: {card.what}")
    if card.where:
        lines.append(f"  Where: {card.where}")
    if card.how_many is not None:
        lines.append(f"  How many: {card.how_many}")
    lines.append(f"  Reversible: {'yes' if card.reversible else 'no'}")
    for argument in card.arguments:
        first, *more = argument.value.split("\n")
        lines.append(f"  {argument.name} = {first}")
        lines.extend(f"      {line}" for line in more)
    lines.append(f"  Proposed by {card.agent} for {_requester(card)}")
    if card.chain:
        lines.append(f"  Handed on: {' > '.join(card.chain)}")
    if card.reason:
        lines.append(f"  Asked because: {card.reason}")
    for change in card.changes:
        before, after = one_line(change.before, 200), one_line(change.after, 200)
        lines.append(f"  Changed: {change.name} was {before or 'not given'}, is {after or 'gone'}")
    for asked in card.questions:
        lines.append(f"  {asked.asked_by} asked: {one_line(asked.text, 500)}")
        lines.append(f"    {one_line(asked.answered, 500) or 'not answered yet'}")
    if card.outcome:
        return [*lines, f"  {card.outcome}"]
    lines.extend(f"  {said.text}" for said in card.said)
    if card.claimed:
        lines.append(f"  {card.claimed}")
    lines.append(f"  May be decided by: {deciders(card.eligible) or 'nobody'}")
    if card.progress:
        lines.append(f"  {card.progress}")
    if card.expires_at is not None:
        at = card.expires_at.strftime("%Y-%m-%d %H:%M UTC")
        lines.append(f"  Unanswered until {at}: {card.on_expiry}")
    return lines


def _requester(card: ApprovalCard) -> str:
    """Give the name people know and the account it stands for: names can be alike."""
    name = one_line(card.requester_name, 60)
    return f"{name} ({card.requester})" if name else card.requester


def decision_hint(card: ApprovalCard, *, prefix: str = "", seen: str = "") -> str:
    """Give the exact lines that decide an approval; ``seen`` proves that all of it was read."""
    number = card.number
    if card.verdicts and card.verdicts[0].value in {"approve", "reject"}:
        ticket = f" seen:{seen}" if seen else ""
        ticket += " CODE" if Verdict.APPROVE in card.code_for else ""
        return f"{prefix}approve {number}{ticket}   or   {prefix}reject {number} REASON"
    return "   or   ".join(f"{prefix}resolve {number} {verdict.value}" for verdict in card.verdicts)


def question_lines(card: QuestionCard) -> list[str]:
    """Spell something an agent asks."""
    lines = [card.text, *(f"  - {choice}" for choice in card.choices)]
    if card.closing:
        return [*lines, f"  {card.closing}"]
    if card.for_whom:
        lines.append(f"  It is for {card.for_whom}.")
    return [*lines, f"  Write: {card.how}"] if card.how else lines


def answer_lines(answer: Answer) -> list[str]:
    """Spell a final answer."""
    lines = answer.text.split("\n")
    if answer.sources:
        lines += ["", f"Sources: {', '.join(answer.sources)}"]
    for file in answer.files:
        lines.append(f"File: {file.name} ({file.media_type}, {file.size_bytes:,} bytes)")
    foot = f"Run #{answer.run_number} {answer.outcome} in {duration(answer.elapsed_seconds)}"
    if answer.tokens:
        foot += f" · {money(answer.cost_usd)} · {plural(answer.tokens, 'token')}"
    lines += ["", foot]
    if answer.demonstration:
        lines.append(
            "Demonstration model: it follows scripts. For a real one set OPENAI_API_KEY, "
            "ANTHROPIC_API_KEY or BATON_MODEL; `baton doctor` says what was found."
        )
    return lines


def columns(rows: list[tuple[str, ...]]) -> list[str]:
    """Align short cells; the last column is left as long as it is."""
    if not rows:
        return []
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]) - 1)]
    return [
        "  ".join(
            [*(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)), row[-1]]
        )
        for row in rows
    ]


def shortened(lines: list[str], limit: int) -> list[str]:
    """Keep the first ``limit`` lines and say how many are missing."""
    if len(lines) <= limit:
        return [cut(line, 2_000) for line in lines]
    return [*lines[:limit], f"… {len(lines) - limit:,} more lines; the console shows all of them"]
