"""The app's Home tab: what waits for somebody, what works for them, what it costs. Pure."""

from __future__ import annotations

from bots.approval_builder import approval_card, outcome_line
from bots.slack.blocks import Block, actions, button, context, header, leaf, rich, section
from bots.spelling import duration, money, one_line, plural
from bots.views import ApprovalCard
from runtime.domain.approval import Verdict
from runtime.domain.json import Json, JsonObject
from runtime.domain.mine import Mine
from runtime.domain.run import RunLine

NUDGES = "home.nudges"
_MOST_WAITING = 8
_MOST_LINES = 8


def draw_home(mine: Mine) -> JsonObject:
    """Draw the tab. Nothing is approved here unseen: it is opened first, and then decided."""
    return {
        "type": "home",
        "blocks": [
            *_waiting(mine),
            *_running(mine),
            *_finished(mine),
            *_settings(mine),
        ],
    }


def _waiting(mine: Mine) -> list[Block]:
    blocks: list[Block] = [header("Waiting for you")]
    if not mine.waiting:
        return [*blocks, context("Nothing waits for your decision.")]
    for approval in mine.waiting[:_MOST_WAITING]:
        card = approval_card(approval)
        blocks += [rich(section(leaf(f"{card.number} · ", bold=True), leaf(_asked(card))))]
        blocks += [context(_about(card)), *actions(_buttons(card))]
    left = len(mine.waiting) - _MOST_WAITING
    return (
        [*blocks, context(f"and {left} more; /baton approvals lists all")] if left > 0 else blocks
    )


def _asked(card: ApprovalCard) -> str:
    return one_line(f"{card.title} {card.what}", 600)


def _about(card: ApprovalCard) -> str:
    parts = [f"Run {card.run_number}", one_line(card.agent, 60)]
    parts += [] if card.reversible else ["cannot be undone"]
    parts += [one_line(card.reason, 200)] if card.reason else []
    return " · ".join(parts)


def _buttons(card: ApprovalCard) -> list[Json]:
    value: Json = {"id": card.approval_id, "nonce": card.nonce}
    buttons = [button("Open", action="approval.show", value=value, style="primary")]
    if Verdict.REJECT in card.verdicts:
        buttons.append(button("Reject", action="approval.reject", value=value, style="danger"))
        buttons.append(button("Hand over", action="approval.reassign", value=value))
    return buttons


def _running(mine: Mine) -> list[Block]:
    blocks: list[Block] = [header("At work for you")]
    if not mine.running:
        none = one_line(mine.hidden, 600) or "No run of yours is at work. Write to me to begin one."
        return [*blocks, context(none)]
    for line in mine.running[:_MOST_LINES]:
        blocks += [rich(section(*_line(line)))]
        blocks += actions([button("Why", action="run.why", value=line.id)])
    return blocks


def _finished(mine: Mine) -> list[Block]:
    blocks: list[Block] = []
    if mine.finished:
        blocks.append(header("Finished"))
        blocks += [rich(section(*_line(line))) for line in mine.finished[:_MOST_LINES]]
    if mine.decided:
        blocks.append(header("Decided by you"))
        blocks += [
            context(f"{one.number} · {one_line(one.tool, 60)} · {one_line(outcome_line(one), 300)}")
            for one in mine.decided[:_MOST_LINES]
        ]
    return blocks


def _line(line: RunLine) -> tuple[list[Json], ...]:
    facts = [line.status]
    if line.finished_at is not None:
        facts.append(duration((line.finished_at - line.created_at).total_seconds()))
    facts.append(money(line.spent.usd))
    return (
        leaf(f"{line.number} · ", bold=True),
        leaf(one_line(line.request, 300)),
        leaf(f" · {' · '.join(facts)}"),
    )


def _settings(mine: Mine) -> list[Block]:
    spent = mine.spent_this_week
    words = f"This week: {money(spent.usd)}, {plural(spent.tokens, 'token')}"
    told, label, value = (
        ("You are written to when something waits for you.", "Do not write to me", "off")
        if mine.nudges
        else ("You are not written to when something waits for you.", "Write to me", "on")
    )
    return [
        header("Yours"),
        context(words),
        context(told),
        *actions([button(label, action=NUDGES, value=value)]),
    ]
