"""The card of an approval: what is asked, exactly, and the buttons that answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from bots.slack.blocks import (
    TEXT_LIMIT,
    Block,
    actions,
    button,
    confirm,
    context,
    header,
    leaf,
    person,
    preformatted,
    rich,
    section,
)
from bots.slack.drawn import Drawn, first_fitting
from bots.slack.escape import mrkdwn
from bots.spelling import clock, cut, one_line, plural
from bots.views import ApprovalCard, Argument
from runtime.domain.approval import Verdict
from runtime.domain.json import Json

_SLACK_PERSON = re.compile(r"slack:[A-Z0-9]+/([UW][A-Z0-9]+)")
_MOST_PEOPLE = 10
_MOST_ARGUMENTS = 20
_NAME_LIMIT = 80


def draw_approval(card: ApprovalCard) -> Drawn:
    """Draw an approval. Approve is offered only where every argument is shown whole.

    Arguments that do not fit are left out from the end, and what is left out is said; then the
    card offers to open them instead of approving unseen.
    """
    shown, complete = _whole(card)
    return first_fitting(
        Drawn(text=_text(card), blocks=tuple(blocks))
        for blocks in (
            *(
                _blocks(card, shown[:count], whole=complete and count == len(shown))
                for count in range(len(shown), -1, -1)
            ),
            _bare(card),
        )
    )


def _whole(card: ApprovalCard) -> tuple[Sequence[Argument], bool]:
    shown = card.arguments[:_MOST_ARGUMENTS]
    complete = len(shown) == len(card.arguments) and all(
        one.complete and len(one.name) <= _NAME_LIMIT for one in shown
    )
    return shown, complete


def _blocks(card: ApprovalCard, shown: Sequence[Argument], *, whole: bool) -> list[Block]:
    return [
        header(f"Approval {card.number} · {card.status}: {card.title}"),
        rich(*_facts(card)),
        *_arguments(card, shown, whole=whole),
        *([context(card.outcome)] if card.outcome else [_who(card), *_deadline(card)]),
        *actions(_buttons(card, whole=whole)),
    ]


def _bare(card: ApprovalCard) -> list[Block]:
    """What is left when even the card's own words are too long: the question and the ways on."""
    return [
        header(f"Approval {card.number} · {card.status}"),
        rich(section(leaf("This call is too long for a card."))),
        *([context(card.outcome)] if card.outcome else []),
        *actions(_buttons(card, whole=False)),
    ]


def _facts(card: ApprovalCard) -> list[Json]:
    facts = [
        ("What", cut(card.what, 600)),
        ("Where", cut(card.where, 300)),
        ("How many", "" if card.how_many is None else f"{card.how_many:,}"),
        ("Can be undone", "yes" if card.reversible else "no"),
        ("Tool", cut(card.tool, 120)),
        ("Proposed by", f"{cut(card.agent, 120)} in run {card.run_number}"),
        ("Requested by", cut(card.requester, 120)),
        ("Why it asks", cut(card.reason, 300)),
    ]
    return [section(leaf(f"{name}: ", bold=True), leaf(value)) for name, value in facts if value]


def _arguments(card: ApprovalCard, shown: Sequence[Argument], *, whole: bool) -> list[Block]:
    elements: list[Json] = []
    for one in shown:
        elements.append(section(leaf(cut(one.name, _NAME_LIMIT), bold=True)))
        elements.append(preformatted(one.value))
    left = len(card.arguments) - len(shown)
    if left:
        elements.append(section(leaf(f"… and {plural(left, 'more argument')}, not shown here")))
    if not whole and card.verdicts:
        elements.append(section(leaf("Not everything is shown: open all of it to let it be done.")))
    return [rich(*elements)] if elements else []


def _who(card: ApprovalCard) -> Block:
    people: list[Json] = []
    for name in card.eligible[:_MOST_PEOPLE]:
        known = _SLACK_PERSON.fullmatch(name)
        people.extend(person(known.group(1)) if known else leaf(one_line(name, 80)))
        people.extend(leaf(" "))
    left = len(card.eligible) - _MOST_PEOPLE
    if left > 0:
        people.extend(leaf(f"and {left} more "))
    if not card.eligible:
        people = leaf("nobody; ask an operator to correct the policy ")
    progress = leaf(f"({one_line(card.progress)})") if card.progress else []
    return rich(section(leaf("May decide: ", bold=True), people, progress))


def _deadline(card: ApprovalCard) -> list[Block]:
    if card.expires_at is None:
        return []
    when = _date(card.expires_at)
    return [rich(section(leaf("Open until "), when, leaf(f"; then {cut(card.on_expiry, 120)}.")))]


def _date(moment: datetime) -> list[Json]:
    return [
        {
            "type": "date",
            "timestamp": int(moment.timestamp()),
            "format": "{date_short_pretty} {time}",
            "fallback": clock(moment),
        }
    ]


def _buttons(card: ApprovalCard, *, whole: bool) -> list[Json]:
    value: Json = {"id": card.approval_id, "nonce": card.nonce}
    buttons = [_button(card, verdict, value) for verdict in card.verdicts]
    if whole or not card.verdicts:
        return buttons
    seen = [
        _button(card, verdict, value)
        for verdict in card.verdicts
        if verdict not in (Verdict.APPROVE, Verdict.REPEAT)
    ]
    return [button("Show all", action="approval.show", value=value), *seen]


def _button(card: ApprovalCard, verdict: Verdict, value: Json) -> Json:
    match verdict:
        case Verdict.APPROVE:
            ask = None if card.reversible else irreversible(card.tool, card.what)
            return button(
                "Approve", action="approval.approve", value=value, style="primary", confirm=ask
            )
        case Verdict.REJECT:
            return button("Reject", action="approval.reject", value=value, style="danger")
        case Verdict.HAPPENED:
            return button("It happened", action="approval.happened", value=value)
        case Verdict.REPEAT:
            return button(
                "It did not, do it again",
                action="approval.repeat",
                value=value,
                confirm=irreversible(card.tool, card.what),
            )
        case Verdict.ABORT:
            return button("Give up", action="approval.abort", value=value, style="danger")
        case Verdict.EDIT:
            raise ValueError("nobody says so by a button: arguments are changed in a form")


def irreversible(tool: str, what: str) -> Json:
    """Ask once more before something that cannot be undone, in its own words."""
    return confirm(
        title="This cannot be undone",
        text=f"{one_line(tool, 80)}: {one_line(what, 200)}",
        yes="Do it",
        no="Go back",
        danger=True,
    )


def _text(card: ApprovalCard) -> str:
    if card.outcome:
        words = f"Approval {card.number}, {card.status}: {card.title} {card.outcome}"
    else:
        words = (
            f"Approval {card.number} is needed: {card.title} {card.what} "
            f"Decide with the buttons, or with /baton approvals."
        )
    return mrkdwn(words, limit=TEXT_LIMIT)
