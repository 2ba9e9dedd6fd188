"""The card of an approval: what is asked, exactly, and the buttons that answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from bots.slack.blocks import (
    TEXT_LIMIT,
    Block,
    actions,
    button,
    confirm,
    context,
    group,
    header,
    leaf,
    lines,
    person,
    preformatted,
    rich,
    section,
)
from bots.slack.drawn import Drawn, first_fitting
from bots.slack.edit_form import can_edit
from bots.slack.escape import mrkdwn
from bots.spelling import clock, cut, one_line, plural
from bots.views import ApprovalCard, Argument
from runtime.domain.approval import Verdict
from runtime.domain.json import Json
from runtime.policy.eligibility import in_words

_SLACK_PERSON = re.compile(r"slack:[A-Z0-9]+/([UW][A-Z0-9]+)")
_SLACK_GROUP = re.compile(r"group:slack:[A-Z0-9]+/(S[A-Z0-9]+)")
_MOST_PEOPLE = 10
_MOST_ARGUMENTS = 20
_NAME_LIMIT = 80
_SHORT = 80
"""An argument up to here stands on one line with its name."""
_MOST_SAID = 8
_TOLD_BY_OUTCOME = 2
"""One word needs no list of its own: the outcome tells it."""


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
        rich(lines(_facts(card))),
        *_changes(card),
        *_arguments(card, shown, whole=whole),
        *_talk(card),
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


def _facts(card: ApprovalCard) -> list[list[Json]]:
    facts = [
        ("What", leaf(cut(card.what, 600))),
        ("Where", leaf(cut(card.where, 300))),
        ("How many", leaf("" if card.how_many is None else f"{card.how_many:,}")),
        ("Can be undone", leaf("yes" if card.reversible else "no")),
        # The title names it, unless it is too long for a title.
        ("Tool", leaf(cut(card.tool, 120)) if len(card.tool) > _NAME_LIMIT else []),
        ("Proposed by", leaf(f"{cut(card.agent, 120)} in run {card.run_number}")),
        ("By way of", leaf(cut(" → ".join(card.chain), 300))),
        ("Requested by", _named(card.requester)),
        ("Why it asks", leaf(cut(card.reason, 300))),
    ]
    return [[*leaf(f"{name}: ", bold=True), *value] for name, value in facts if value]


def _arguments(card: ApprovalCard, shown: Sequence[Argument], *, whole: bool) -> list[Block]:
    elements: list[Json] = []
    for is_short, together in groupby(shown, key=_is_short):
        if is_short:
            elements.append(
                lines([[*_name(one, ": "), *leaf(one.value, code=True)] for one in together])
            )
            continue
        for one in together:
            elements += [section(_name(one, "")), preformatted(one.value)]
    left = len(card.arguments) - len(shown)
    if left:
        elements.append(section(leaf(f"… and {plural(left, 'more argument')}, not shown here")))
    if not whole and card.verdicts:
        elements.append(section(leaf("Not everything is shown: open all of it to let it be done.")))
    return [rich(*elements)] if elements else []


def _is_short(one: Argument) -> bool:
    return 0 < len(one.value) <= _SHORT and "\n" not in one.value


def _name(one: Argument, end: str) -> list[Json]:
    return leaf(f"{cut(one.name, _NAME_LIMIT)}{end}", bold=True)


def _changes(card: ApprovalCard) -> list[Block]:
    """Say what is not as it was when this call was asked about before."""
    if not card.changes:
        return []
    listed = [
        [
            *leaf(f"{cut(one.name, _NAME_LIMIT)}: ", bold=True),
            *leaf(f"{one_line(one.before, 200) or '–'} → {one_line(one.after, 200) or '–'}"),
        ]
        for one in card.changes[:_MOST_SAID]
    ]
    return [rich(lines([leaf("Changed since it was asked before", bold=True), *listed]))]


def _talk(card: ApprovalCard) -> list[Block]:
    """Tell who looks at it, and who has said and asked what; the latest where there is much."""
    said = () if card.outcome and len(card.said) < _TOLD_BY_OUTCOME else card.said
    told = [
        *([leaf(cut(card.claimed, 200), bold=True)] if card.claimed else []),
        *(leaf(cut(one.text, 300)) for one in said[-_MOST_SAID:]),
        *(
            [
                *leaf(f"{one_line(one.asked_by, 80)} asks: ", bold=True),
                *leaf(one_line(one.text, 300)),
                *leaf(f" {one_line(one.answered, 300)}" if one.answered else " (not answered yet)"),
            ]
            for one in card.questions[-_MOST_SAID:]
        ),
    ]
    return [rich(lines(told))] if told else []


def _who(card: ApprovalCard) -> Block:
    """Say who may decide, in the policy's words, and mention those whom these words name."""
    words: list[Json] = []
    named = [one for one in card.eligible if not one.startswith("!")]
    for at, name in enumerate(named[:_MOST_PEOPLE]):
        words += [*(leaf(" or ") if at else []), *_named(name)]
    left = len(named) - _MOST_PEOPLE
    if left > 0:
        words += leaf(f" and {left} more")
    left_out = [in_words(one) for one in card.eligible if one.startswith("!")]
    if left_out:
        words += leaf(one_line(f", but not {' or '.join(left_out)}", 200))
    others = [one for one in card.deciders if one not in card.eligible]
    for at, name in enumerate(others[:_MOST_PEOPLE]):
        words += [*leaf(", " if at else ": "), *_named(name)]
    if not card.eligible:
        words = leaf("nobody; ask an operator to correct the policy")
    progress = leaf(f" ({one_line(card.progress)})") if card.progress else []
    return rich(section(leaf("May decide: ", bold=True), words, progress))


def _named(name: str) -> list[Json]:
    """Mention a person or a group of Slack; anybody else is called as the policy does."""
    if known := _SLACK_PERSON.fullmatch(name):
        return person(known.group(1))
    if known := _SLACK_GROUP.fullmatch(name):
        return group(known.group(1))
    return leaf(one_line(in_words(name), 80))


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
    unseen = () if whole else (Verdict.APPROVE, Verdict.REPEAT)
    value = _ids(card)
    verdicts = [_button(card, verdict, value) for verdict in card.verdicts if verdict not in unseen]
    if not whole and card.verdicts:
        verdicts.insert(0, button("Show all", action="approval.show", value=value))
    return [*verdicts, *_before_deciding(card, value)]


def _before_deciding(card: ApprovalCard, value: Json) -> list[Json]:
    """Give what may be done before a verdict: change the call, ask, claim it, hand it over."""
    if Verdict.APPROVE not in card.verdicts:
        return []
    claim = "Take over" if card.claimed else "Claim"
    return [
        *(
            [button("Edit", action="approval.edit", value=value)]
            if can_edit(card.schema, card.values)
            else []
        ),
        button("Ask", action="approval.ask", value=value),
        button(claim, action="approval.claim", value=value),
        button("Hand over", action="approval.reassign", value=value),
    ]


def _ids(card: ApprovalCard) -> Json:
    return {"id": card.approval_id, "nonce": card.nonce}


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
