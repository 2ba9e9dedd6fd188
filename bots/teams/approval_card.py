"""The card of an approval: what is asked, exactly, and the buttons that answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from bots.spelling import cut, deciders, one_line, plural
from bots.teams.drawn import Drawn, first_fitting
from bots.teams.edit_form import edit_fields
from bots.teams.elements import (
    CARD_BYTES,
    Element,
    button,
    card,
    disclose,
    fixed,
    header,
    line,
    run,
    size_bytes,
    small,
    text_input,
)
from bots.teams.payload import Payload
from bots.teams.proof import LONGEST_REASON, proof_fields, reason_fields
from bots.views import ApprovalCard, Argument
from runtime.domain.approval import Verdict
from runtime.domain.json import Json, JsonObject

LOOK = "approval.look"
CLAIM, ASK, EDIT = "approval.claim", "approval.ask", "approval.edit"
REASON, QUESTION = "reason", "question"
WHY_CHANGED = "why.change"
"""Not the field of the button Approve: a card holds each name once."""
MOST_VIEWERS = 60
_TITLES = {
    Verdict.APPROVE: ("Approve", "positive"),
    Verdict.REJECT: ("Reject", "destructive"),
    Verdict.HAPPENED: ("It happened", "default"),
    Verdict.REPEAT: ("It did not, do it again", "default"),
    Verdict.ABORT: ("Give up", "destructive"),
}
_NOTHING = Payload(None)
_MOST_PEOPLE = 10
_MOST_SAID = 8
_TOLD_BY_OUTCOME = 2
"""One word needs no list of its own: the outcome tells it."""
_MOST_ARGUMENTS = 20
_MOST_LINES = 60
_NAME_LIMIT = 80
_ON_ONE_LINE = 55


def draw_approval(
    view: ApprovalCard, *, note: str = "", kept_out: str = "", typed: Payload = _NOTHING
) -> Drawn:
    """Draw an approval. Approve is offered only where every argument is shown whole.

    ``note`` is for the person who clicked, and ``typed`` what they have typed, where it has to be
    mended; ``kept_out`` says why the one who looks may not decide, and has no buttons. Arguments
    that do not fit are left out from the end, and what is left out is said, with the command that
    shows all of it.
    """
    shown, complete = _whole(view)
    # Once, and not for every attempt: a long argument takes longer to draw than all the rest.
    drawn = [_argument(one, spacing="Small" if at else "Medium") for at, one in enumerate(shown)]
    form = _form(view, typed)
    return first_fitting(
        Drawn(
            summary=_summary(view),
            card=_read_only(view, body, why=kept_out)
            if kept_out
            else _card(view, body, whole=whole, form=fields, typed=typed),
        )
        for body, whole, fields in (
            *(
                (_body(view, drawn[:count], note=note, whole=whole), whole, fields)
                for count in range(len(shown), -1, -1)
                for whole in [complete and count == len(shown)]
                # Who sees everything may change it; a form that does not fit is left out first.
                for fields in ([form, None] if whole and form else [None])
            ),
            (_bare(view), False, None),
        )
    )


def _card(
    view: ApprovalCard,
    body: Sequence[Element],
    *,
    whole: bool,
    form: list[Element] | None,
    typed: Payload,
) -> JsonObject:
    if not view.verdicts:
        return card(body)
    actions = [
        *_buttons(view, whole=whole, typed=typed),
        *_before_deciding(view, form=form, typed=typed),
    ]
    return card(body, actions, refresh=_look(view))


def _read_only(view: ApprovalCard, body: Sequence[Element], *, why: str) -> JsonObject:
    return card([*body, *small(f"You see this without buttons: {why}.")], refresh=_look(view))


def _look(view: ApprovalCard) -> JsonObject:
    # Asked by every client that shows the card: each person gets their own view of it, and a copy
    # whose id was lost on the way, which nobody can update, still shows how things stand now.
    return {"type": "Action.Execute", "verb": LOOK, "data": _ids(view)}


def _whole(view: ApprovalCard) -> tuple[Sequence[Argument], bool]:
    shown = view.arguments[:_MOST_ARGUMENTS]
    complete = len(shown) == len(view.arguments) and all(
        one.complete and len(one.name) <= _NAME_LIMIT and one.value.count("\n") < _MOST_LINES
        for one in shown
    )
    return shown, complete


def _body(
    view: ApprovalCard, drawn: Sequence[list[Element]], *, note: str, whole: bool
) -> list[Element]:
    return [
        *([line(run(cut(note[:1].upper() + note[1:], 500), color="Attention"))] if note else []),
        header(f"Approval {view.number} · {view.status}: {view.title}"),
        *([line(run(cut(view.outcome, 1_500), bold=True))] if view.outcome else []),
        *([line(run(cut(view.claimed, 200), color="Accent"))] if view.claimed else []),
        *_facts(view),
        *_changes(view),
        *_arguments(view, drawn, whole=whole),
        *_talk(view),
        *([] if view.outcome else _who(view)),
    ]


def _changes(view: ApprovalCard) -> list[Element]:
    """Say what is not as it was when this call was asked about before."""
    if not view.changes:
        return []
    listed = [
        line(
            run(f"{cut(one.name, 80)}: ", bold=True),
            run(f"{one_line(one.before, 200) or '–'} → {one_line(one.after, 200) or '–'}"),
            spacing="Small",
        )
        for one in view.changes[:_MOST_SAID]
    ]
    return [line(run("Changed since it was asked before", bold=True), spacing="Medium"), *listed]


def _talk(view: ApprovalCard) -> list[Element]:
    """Tell who has said and asked what, the latest where there is much."""
    said = () if view.outcome and len(view.said) < _TOLD_BY_OUTCOME else view.said
    asked = [
        line(
            run(f"{one_line(one.asked_by, 80)} asks: ", bold=True),
            run(one_line(one.text, 300)),
            run(f" {one_line(one.answered, 300)}" if one.answered else " (not answered yet)"),
            spacing="Small",
        )
        for one in view.questions[-_MOST_SAID:]
    ]
    return [*(line(run(cut(one.text, 300)), spacing="Small") for one in said[-_MOST_SAID:]), *asked]


def _bare(view: ApprovalCard) -> list[Element]:
    """What is left when even the card's own words are too long: the question and the ways on."""
    return [
        header(f"Approval {view.number} · {view.status}"),
        line(run("This call is too long for a card.")),
        *([line(run(cut(view.outcome, 300)))] if view.outcome else [_open_all(view)]),
    ]


def _facts(view: ApprovalCard) -> list[Element]:
    facts = [
        ("What", cut(view.what, 600)),
        ("Where", cut(view.where, 300)),
        ("How many", "" if view.how_many is None else f"{view.how_many:,}"),
        ("Can be undone", "yes" if view.reversible else "no"),
        ("Tool", cut(view.tool, 120)),
        ("Proposed by", f"{cut(view.agent, 120)} in run {view.run_number}"),
        ("By way of", cut(" → ".join(view.chain), 300)),
        ("Requested by", cut(view.requester_name or view.requester, 120)),
        ("Why it asks", cut(view.reason, 300)),
    ]
    return [
        line(run(f"{name}: ", bold=True), run(value), spacing="Small")
        for name, value in facts
        if value
    ]


def _argument(one: Argument, *, spacing: str) -> list[Element]:
    name = run(cut(one.name, _NAME_LIMIT), bold=True, mono=True)
    if len(one.name) + len(one.value) <= _ON_ONE_LINE and one.value.isprintable():
        return [line(name, run(f": {one.value}", mono=True), spacing=spacing)]
    # The line ends are the value's own: each line stands by itself, none is joined.
    lines = one.value.split("\n")
    left = len(lines) - _MOST_LINES
    return [
        line(name),
        *fixed("\n".join(lines[:_MOST_LINES])),
        *small(f"… and {plural(left, 'more line')}" if left > 0 else ""),
    ]


def _arguments(view: ApprovalCard, drawn: Sequence[list[Element]], *, whole: bool) -> list[Element]:
    left = len(view.arguments) - len(drawn)
    return [
        *(element for one in drawn for element in one),
        *small(f"… and {plural(left, 'more argument')}, not shown here" if left else ""),
        *([_open_all(view)] if not whole and view.verdicts else []),
    ]


def _open_all(view: ApprovalCard) -> Element:
    command = f"approvals {view.number}"
    return line(
        run("Not everything is shown. To let it be done, write "),
        run(command, mono=True),
        run(" to me, read all of it, and approve with the line at its end."),
        spacing="Medium",
    )


def _who(view: ApprovalCard) -> list[Element]:
    named = [one_line(name, 80) for name in view.eligible[:_MOST_PEOPLE]]
    left = len(view.eligible) - len(named)
    people = deciders(named) + (f" and {left} more" if left else "")
    people = people or "nobody; ask an operator to correct the policy"
    progress = f" ({one_line(view.progress)})" if view.progress else ""
    until = (
        f"Open until {_moment(view.expires_at)}; then {cut(view.on_expiry, 120)}."
        if view.expires_at is not None
        else ""
    )
    may = line(run("May decide: ", bold=True), run(people + progress), spacing="Medium")
    return [may, *small(until)]


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def viewed_by(card: JsonObject, user_ids: Sequence[str]) -> JsonObject:
    """Give a card that the clients of these people ask for, each for its own view of it.

    Without names Teams asks for everybody, and for nobody where there are more than sixty. Names
    take room, and what is asked goes before who may have a view of their own.
    """
    asked = card.get("refresh")
    room = CARD_BYTES - size_bytes(card) - len(', "userIds": []')
    named: list[Json] = []
    for user_id in user_ids[:MOST_VIEWERS]:
        room -= len(user_id) + len('"", ')
        if room < 0:
            break
        named.append(user_id)
    if not named or not isinstance(asked, dict):
        return card
    return {**card, "refresh": {**asked, "userIds": named}}


def _ids(view: ApprovalCard) -> JsonObject:
    return {"id": view.approval_id, "nonce": view.nonce}


def _form(view: ApprovalCard, typed: Payload) -> list[Element] | None:
    if view.schema is None or view.values is None or Verdict.APPROVE not in view.verdicts:
        return None
    fields = edit_fields(view.schema, view.values, typed)
    if fields is None:
        return None
    return [*fields, *reason_fields(view, Verdict.APPROVE, typed, name=WHY_CHANGED)]


def _before_deciding(
    view: ApprovalCard, *, form: list[Element] | None, typed: Payload
) -> list[Json]:
    """Give what may be done before a verdict: say that one looks, ask, change."""
    if Verdict.APPROVE not in view.verdicts:
        return []
    looking = [] if view.claimed else [button("I am looking at it", verb=CLAIM, data=_ids(view))]
    ask = button("Ask", verb=ASK, data=_ids(view), inputs=True)
    asking = disclose("Ask…", body=[_question(view, typed)], actions=[ask])
    if form is None:
        return [*looking, asking]
    change = button("Approve the change", verb=EDIT, data=_ids(view), inputs=True)
    hint = small("What you change is checked anew, and somebody else must agree to it as well.")
    return [*looking, asking, disclose("Change…", body=[*form, *hint], actions=[change])]


def _question(view: ApprovalCard, typed: Payload) -> Element:
    return text_input(
        QUESTION,
        label=f"Ask {one_line(view.requester_name or view.requester, 60) or 'the requester'}",
        placeholder="They are told, and the answer is shown here",
        error="Write what you want to know",
        limit=LONGEST_REASON,
        value=typed.text(QUESTION),
    )


def _reason(typed: Payload) -> Element:
    return text_input(
        REASON,
        label="Why?",
        placeholder="The agent reads this and looks for another way",
        error="Write a few words before you reject",
        limit=LONGEST_REASON,
        value=typed.text(REASON),
    )


def _buttons(view: ApprovalCard, *, whole: bool, typed: Payload) -> list[Json]:
    unseen = () if whole else (Verdict.APPROVE, Verdict.REPEAT)
    return [_button(verdict, view, typed) for verdict in view.verdicts if verdict not in unseen]


def _button(verdict: Verdict, view: ApprovalCard, typed: Payload) -> Json:
    if verdict not in _TITLES:
        raise ValueError("nobody says so by a button: arguments are changed in a form")
    title, style = _TITLES[verdict]
    verb = f"approval.{verdict.value}"
    rejects = verdict is Verdict.REJECT
    fields = [_reason(typed)] if rejects else proof_fields(view, verdict, typed)
    press = button(title, verb=verb, data=_ids(view), style=style, inputs=bool(fields))
    return disclose(f"{title}…", body=fields, actions=[press]) if fields else press


def _summary(view: ApprovalCard) -> str:
    if view.outcome:
        return f"Approval {view.number}, {view.status}: {view.title} {view.outcome}"
    return f"Approval {view.number} is needed: {view.title} {view.what}"
