"""Every kind of card that Baton shows in Teams, in every state that looks different."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast

from bots.approval_builder import approval_card
from bots.builders import answer, question_card, run_card
from bots.teams.answer_card import draw_answer, draw_reply, draw_welcome
from bots.teams.approval_card import draw_approval
from bots.teams.file_card import draw_file
from bots.teams.handed import form, read_handed
from bots.teams.payload import Payload
from bots.teams.rendering import draw
from bots.teams.run_card import draw_run
from bots.teams.sighting import marked
from bots.teams.start_form import draw_start
from bots.views import ApprovalCard, AskedLine, ChangeLine, Notice, SaidLine
from runtime.domain.approval import Approval, Question, Verdict
from runtime.domain.form import FieldKind, InputField, InputForm
from runtime.domain.json import JsonObject
from runtime.domain.run import Artifact, OpenQuestion, RunView
from runtime.domain.states import ApprovalStatus, StepStatus
from tests.worlds.front_door import NOON, a_delivery, a_run, a_step, a_view, an_approval
from tests.worlds.teams import activities
from tests.worlds.teams.cast import ADA, GROUP


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """One card to look at; ``opens`` is the button that is pressed before one looks."""

    name: str
    card: JsonObject
    opens: str = ""


ORDER: JsonObject = {
    "department": "IT", "item": "laptop", "quantity": 12, "unit_price": 949.0,
    "vendor": "Nordlicht IT",
}  # fmt: skip
ORDER_SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "department": {"type": "string", "enum": ["IT", "Sales", "People"]},
        "item": {"type": "string", "maxLength": 60},
        "quantity": {"type": "integer", "minimum": 1, "maximum": 500},
        "unit_price": {"type": "number", "minimum": 0},
        "urgent": {"type": "boolean"},
        "vendor": {"type": "string"},
    },
    "required": ["item", "quantity", "vendor"],
}
REQUEST = "Buy 12 laptops from the best vendor"


def drawings() -> list[Drawing]:
    """Give all of them, as they are sent: with every button telling which delivery it is of."""
    told = [*_runs(), *_approvals(), *_questions(), *_answers(), *_words(), *_forms()]
    delivery = a_delivery()
    return [replace(one, card=marked(one.card, delivery)) for one in told]


def _run(status: str = "running", **changes: Any) -> RunView:
    plan = (
        ("Read the offers", "researcher@3f2a91", 12, StepStatus.SUCCEEDED),
        ("Compare prices and terms", "analyst@9b01c2", 31, StepStatus.SUCCEEDED),
        ("Order from the best vendor", "operator@77aa01", 5, StepStatus.WAITING),
        ("Tell the department", "writer@aa11bb", None, StepStatus.READY),
    )
    steps = tuple(
        a_step(
            f"/plan/1/{at}", id=f"run_1:/plan/1/{at}", title=title, actor=actor, status=state,
            started_at=None if seconds is None else NOON,
            finished_at=None if seconds is None else NOON + timedelta(seconds=seconds),
        )
        for at, (title, actor, seconds, state) in enumerate(plan)
    )  # fmt: skip
    run = a_run(request=REQUEST, goal=REQUEST, requester_name="Ben", **changes.pop("run", {}))
    return a_view(run, status=status, steps=changes.pop("steps", steps), **changes)


def _runs() -> list[Drawing]:
    waiting = _run("waiting", approvals=(_asked(),))
    skippable = replace(waiting, skippable=frozenset({waiting.steps[3].id}))
    many = tuple(
        a_step(f"/plan/1/{n}", id=f"s{n}", title=f"Ask vendor {n} for an offer") for n in range(60)
    )
    done = tuple(replace(one, status=StepStatus.SUCCEEDED) for one in waiting.steps)
    failed = (*waiting.steps[:2], replace(waiting.steps[2], status=StepStatus.FAILED))
    why = "Run #12 is waiting.\nStep 3 waits for approval #3.\nRule purchase-orders: ask."
    return [
        Drawing(name="run-running", card=draw(run_card(_run())).card),
        Drawing(name="run-waiting", card=draw(run_card(skippable)).card),
        Drawing(name="run-skip", card=draw(run_card(skippable)).card, opens="Skip…"),
        Drawing(name="run-stop", card=draw(run_card(waiting)).card, opens="Stop…"),
        Drawing(name="run-why", card=draw_run(run_card(waiting), why=why).card),
        Drawing(name="run-paused", card=draw(run_card(_run("paused"))).card),
        Drawing(name="run-failed", card=draw(run_card(_run("failed", steps=failed))).card),
        Drawing(name="run-succeeded", card=draw(run_card(_run("succeeded", steps=done))).card),
        Drawing(name="run-cancelled", card=draw(run_card(_run("cancelled"))).card),
        Drawing(name="run-long", card=draw(run_card(_run(steps=many))).card),
    ]


def _asked(**changes: Any) -> Approval:
    asked = an_approval(
        arguments=ORDER, editable_schema=ORDER_SCHEMA, requester_name="Ben",
        reason="A purchase order commits a budget.",
    )  # fmt: skip
    what = "Order 12 × laptop from Nordlicht IT at 949.00 EUR each, 11,388.00 EUR in total"
    preview = replace(asked.preview, what=what, how_many=12) if asked.preview else None
    return replace(asked, **{"preview": preview, **changes})


def _approvals() -> list[Drawing]:
    pending = draw(approval_card(_asked())).card
    return [
        Drawing(name="approval", card=pending),
        Drawing(name="approval-reject", card=pending, opens="Reject…"),
        Drawing(name="approval-ask", card=pending, opens="Ask…"),
        Drawing(name="approval-change", card=pending, opens="Change…"),
        *_refused(approval_card(_asked())),
        *_talked_about(approval_card(_asked())),
        *_hard_to_show(),
        *_ended(),
    ]


def _refused(pending: ApprovalCard) -> list[Drawing]:
    """What somebody who pressed sees where their form has to be mended, or where they may not."""
    tender = "Orders of more than 500 pieces go through a tender."
    wrong = Payload({"argument2": 900, "argument1": "desk"})
    change = draw_approval(pending, note=tender, typed=wrong)
    approve = (Verdict.APPROVE,)
    coded = replace(pending, code_for=approve, reasons_for=approve, schema=None)
    typed = Payload({"why.approve": "Twelve people start in May"})
    code = draw_approval(coded, note="this code does not count; write the newest one", typed=typed)
    kept_out = draw_approval(pending, kept_out="it needs the role 'approver'")
    return [
        Drawing(name="approval-change-refused", card=change.card, opens="Change…"),
        Drawing(name="approval-code", card=draw(coded).card, opens="Approve…"),
        Drawing(name="approval-code-refused", card=code.card, opens="Approve…"),
        Drawing(name="approval-kept-out", card=kept_out.card),
    ]


def _talked_about(pending: ApprovalCard) -> list[Drawing]:
    discussed = replace(
        pending,
        progress="2 people must approve, 1 has so far",
        claimed="Ada is looking at it · 14:02 UTC",
        said=(SaidLine(text="Approved by Olga · 14:01 UTC · in Slack · in the budget", stage=1),),
        questions=(
            AskedLine(asked_by="Ada", text="Why twelve?", answered="Ben: Twelve people start"),
            AskedLine(asked_by="Olga", text="Is there a discount?", answered=""),
        ),
    )
    change = ChangeLine(name="quantity", before="10", after="12")
    anew = approval_card(_asked(number=4, kept_out=("teams:ada",)))
    return [
        Drawing(name="approval-discussed", card=draw(discussed).card),
        Drawing(name="approval-anew", card=draw(replace(anew, changes=(change,))).card),
    ]


def _hard_to_show() -> list[Drawing]:
    script = 'for file in *.csv; do\n    load "$file"\ndone\n' + "x" * 150
    code = _asked(arguments={"script": script, "dry run": False})
    long = _asked(arguments={"memo": "All of it. " * 400})
    doubt = _asked(question=Question.OUTCOME)
    named = {"script": code, "too-long": long, "in-doubt": doubt}
    return [
        Drawing(name=f"approval-{name}", card=draw(approval_card(one)).card)
        for name, one in named.items()
    ]


def _ended() -> list[Drawing]:
    ends: dict[str, dict[str, Any]] = {
        "approved": {"status": ApprovalStatus.APPROVED, "verdict": Verdict.APPROVE},
        "rejected": {"status": ApprovalStatus.REJECTED, "verdict": Verdict.REJECT},
        "expired": {"status": ApprovalStatus.EXPIRED},
        "changed": {"status": ApprovalStatus.SUPERSEDED, "verdict": Verdict.EDIT},
        "not-needed": {"status": ApprovalStatus.CANCELLED},
    }
    return [
        Drawing(name=f"approval-{name}", card=draw(approval_card(_decided(changes))).card)
        for name, changes in ends.items()
    ]


def _decided(changes: Mapping[str, Any]) -> Approval:
    by_somebody: dict[str, Any] = (
        {"decided_by": ADA.principal, "decided_by_name": "Ada", "decided_on": "teams"}
        if "verdict" in changes
        else {}
    )
    reason = "we lease laptops now" if changes.get("verdict") is Verdict.REJECT else ""
    return _asked(decided_at=NOON, decision_reason=reason, **changes, **by_somebody)


def _questions() -> list[Drawing]:
    few = OpenQuestion(
        step_id="s", text="Which size of screen?", choices=("14 inches", "16 inches"), asked_at=NOON
    )
    cities = ("Berlin", "Hamburg", "Munich", "Cologne", "Leipzig", "Bremen", "Dresden", "Essen")
    many = replace(few, text="Which office are they for?", choices=cities)
    none = replace(few, text="By when are they needed?\nA day is enough.", choices=())
    return [
        Drawing(name="question", card=_question(few)),
        Drawing(name="question-many", card=_question(many)),
        Drawing(name="question-open", card=_question(none)),
        Drawing(name="question-answered", card=_question(few, answered="14 inches, by Ben")),
        Drawing(name="question-withdrawn", card=_question(replace(few, withdrawn=True))),
    ]


def _question(question: OpenQuestion, *, answered: str = "") -> JsonObject:
    return draw(question_card(question, run_id="run_1", run_number=12, answered=answered)).card


def _answers() -> list[Drawing]:
    said = (
        "# Ordered\n\nPurchase order **PO-1005** is recorded: 12 laptops from *Nordlicht IT*.\n\n"
        "| Vendor | Price | Delivery |\n|---|---|---|\n| Nordlicht IT | 949.00 EUR | 5 days |\n"
        "| Kontor AG | 989.00 EUR | 3 days |\n\n- Cheapest offer that meets the terms\n"
        "- Total 11,388.00 EUR\n\nSee [the terms](https://vendor.example/terms).\n"
        "```\nsum(offers)\n```"
    )
    csv = "vendor,total\nNordlicht IT,11286\nKontor AG,11868\n" * 3
    pdf = _file("offer.pdf", "application/pdf", 88_123)
    view = _run("succeeded", run={"answer": said, "demonstration": True})
    view = replace(view, artifacts=(_file("comparison.csv", "text/csv", len(csv)), pdf))
    failed = _run("failed", run={"error": {"message": "The ledger did not answer", "code": "x"}})
    long = replace(answer(view), text="A long answer, sentence by sentence. " * 900, files=())
    url = "https://baton.example.com/files/a-ticket"
    return [
        Drawing(name="answer", card=draw(answer(view)).card),
        Drawing(
            name="answer-rated",
            card=draw_answer(answer(view), note="Noted: a good answer. Thank you.").card,
        ),
        Drawing(name="answer-failed", card=draw(answer(failed)).card),
        Drawing(name="answer-long", card=draw(long).card),
        Drawing(name="file", card=draw_file(view, view.artifacts[0], csv.encode()).card),
        Drawing(
            name="file-own-chat",
            card=draw_file(view, pdf, b"%PDF", url=url, at=1, asked=False).card,
        ),
        Drawing(
            name="file-asked", card=draw_file(view, pdf, b"%PDF", url=url, at=1, asked=True).card
        ),
    ]


def _file(name: str, media_type: str, size: int) -> Artifact:
    return Artifact(
        name=name, media_type=media_type, size_bytes=size, digest="d" * 64, step_id="run_1:/x"
    )


def _words() -> list[Drawing]:
    listing = (
        "Approvals that wait\n  #3  record_purchase_order  in run #12, by operator@77aa01\n"
        "      Order 12 laptops from Nordlicht IT\n      approve 3   reject 3 WHY   ask 3 QUESTION"
    )
    return [
        Drawing(name="notice", card=draw(Notice(text="Run 12 goes on, Ada has lifted it.")).card),
        Drawing(name="welcome", card=draw_welcome().card),
        Drawing(name="reply", card=draw_reply(listing).card),
    ]


def _forms() -> list[Drawing]:
    fields = (
        _field("kind", "Which tea", FieldKind.CHOICE, choices=("green", "black"), required=True),
        _field("cups", "How many cups", FieldKind.INTEGER, initial="3", least=1, most=9),
        _field("day", "On which day", FieldKind.DATE),
        _field("sweet", "With sugar", FieldKind.BOOLEAN, initial="yes"),
        _field("hot", "Hot", FieldKind.BOOLEAN),
        _field("to", "Who drinks it", FieldKind.LIST, description="Names, as many as you like"),
    )
    tea = InputForm(
        workflow="tea", version="1.0.0", title="Order tea", summary="Tea for a meeting.",
        fields=fields, given={},
    )  # fmt: skip
    wrong = {"cups": "at most 9", "": "sugar goes into black tea only"}
    handed = read_handed(Payload(activities.handed(ADA, GROUP, service_url="https://x.example/")))
    drawn = [
        ("start", draw_start(tea, {}, key="k")),
        ("start-refused", draw_start(tea, wrong, key="k")),
    ]
    assert handed is not None
    opened: Any = form(handed)
    hand = cast("JsonObject", opened["task"]["value"]["card"]["content"])
    return [
        *(Drawing(name=name, card=one.card) for name, one in drawn if one is not None),
        Drawing(name="hand", card=hand),
    ]


def _field(name: str, title: str, kind: FieldKind, **more: Any) -> InputField:
    facts: dict[str, Any] = {"description": "", "required": False, **more}
    return InputField(name=name, title=title, kind=kind, **facts)
