from __future__ import annotations

from datetime import timedelta

import pytest

from bots.approval_builder import approval_card
from bots.builders import answer, run_card, shown_for
from bots.commands.plain_text import SIGNS, shown_lines
from bots.spelling import deciders
from bots.status import status_line
from bots.views import Answer, Notice, QuestionCard, RunCard
from runtime.domain.approval import Question, Stage, Verdict
from runtime.domain.delivery import DeliveryKind
from runtime.domain.run import Artifact, OpenQuestion
from runtime.domain.states import ApprovalStatus, RunStatus, StepStatus
from tests.worlds.front_door import NOON, a_delivery, a_run, a_step, a_view, an_approval


def test_a_running_card_names_what_is_under_way() -> None:
    view = a_view(
        steps=(
            a_step("/plan/1/read", title="Read", status=StepStatus.SUCCEEDED,
                   finished_at=NOON + timedelta(seconds=9)),
            a_step("/plan/1/compare", title="Compare"),
            a_step("/plan/1/write", title="Write", status=StepStatus.READY, started_at=None),
        )
    )  # fmt: skip

    card = run_card(view)

    assert card.status_line == "1 of 3 steps done; now: Compare."
    assert [step.elapsed_seconds for step in card.steps] == [9.0, 75.0, None]
    assert card.controls == ("pause", "cancel")


@pytest.mark.parametrize(
    ("status", "controls"),
    [
        ("waiting", ("pause", "cancel")),
        ("paused", ("resume", "cancel")),
        ("failed", ("retry",)),
        ("succeeded", ("workflow",)),
        ("cancelled", ()),
    ],
)
def test_controls_are_those_that_make_sense(status: str, controls: tuple[str, ...]) -> None:
    assert run_card(a_view(status=status)).controls == controls


def test_only_a_plan_is_offered_to_be_made_a_workflow() -> None:
    was_one = a_view(a_run(revision=0), status="succeeded")

    assert run_card(was_one).controls == ()


def test_a_waiting_run_says_for_whom() -> None:
    approval = an_approval()
    question = OpenQuestion(step_id="s", text="Which?", choices=(), asked_at=NOON)
    doubt = an_approval(question=Question.OUTCOME)

    assert (
        status_line(a_view(status="waiting", approvals=(approval,)))
        == "Waits for approval #3 of record_purchase_order."
    )
    assert (
        status_line(a_view(status="waiting", approvals=(approval, an_approval(4))))
        == "Waits for 2 approvals."
    )
    assert "whether record_purchase_order happened" in status_line(
        a_view(status="waiting", approvals=(doubt,))
    )
    assert status_line(a_view(status="waiting", questions=(question,))) == (
        "Waits for an answer from Operator."
    )
    assert status_line(a_view(status="waiting", steps=(a_step(waits_for="the next attempt"),))) == (
        "Waits for the next attempt."
    )


@pytest.mark.parametrize(
    ("last", "shown", "detail"),
    [
        (ApprovalStatus.REJECTED, "rejected", "rejected by Ben"),
        (ApprovalStatus.EXPIRED, "expired", "nobody decided in time"),
        (ApprovalStatus.APPROVED, "succeeded", ""),
        (ApprovalStatus.PENDING, "rejected", "rejected by Ben"),
    ],
)
def test_what_people_turned_down_is_no_step_that_was_done(
    last: ApprovalStatus, shown: str, detail: str
) -> None:
    step = a_step("/plan/1/order", status=StepStatus.SUCCEEDED)
    below = f"{step.id}/turn/0/tool/0/approval/0"
    asked = (
        an_approval(3, step_id=below, status=ApprovalStatus.REJECTED, decided_by_name="Ben"),
        an_approval(4, step_id=below, status=last, decided_by_name="Ben"),
    )

    [line] = run_card(a_view(steps=(step,), approvals=asked)).steps
    [other] = run_card(a_view(steps=(a_step("/plan/1/or"),), approvals=asked)).steps

    assert (line.status, line.detail) == (shown, detail)
    assert other.status == "running"
    assert SIGNS[shown] in "\n".join(shown_lines(run_card(a_view(steps=(step,), approvals=asked))))


def test_who_turned_it_down_is_said_once_and_by_itself() -> None:
    error = {
        "code": "incomplete", "message": "not everything was done: Ben rejected pay: too dear",
    }  # fmt: skip
    asked = an_approval(status=ApprovalStatus.REJECTED, decided_by_name="Ben")
    run = a_run(status=RunStatus.FAILED, error=error, answer="Not done: pay was not called.")
    view = a_view(run, status="failed", approvals=(asked,))

    assert answer(view).text == (
        "This did not work: Ben rejected pay: too dear\n\nNot done: pay was not called."
    )
    assert status_line(view) == "Failed: Ben rejected pay: too dear"
    assert "not everything was done" in answer(a_view(run, status="failed")).text


def test_failures_and_doubts_stand_on_their_step() -> None:
    error = {"code": "upstream", "message": "the provider is busy"}
    view = a_view(
        steps=(
            a_step("/a", status=StepStatus.FAILED, error=error),
            a_step("/b", status=StepStatus.READY, error=error),
            a_step("/c", status=StepStatus.UNKNOWN),
            a_step("/d", status=StepStatus.SUCCEEDED, error=None),
        )
    )

    assert [step.detail for step in run_card(view).steps] == [
        "the provider is busy",
        "tries again after: the provider is busy",
        "nobody knows yet whether it happened",
        "",
    ]


def test_a_pending_approval_offers_the_verdicts_of_its_question() -> None:
    assert approval_card(an_approval()).verdicts == (Verdict.APPROVE, Verdict.REJECT)
    assert approval_card(an_approval(question=Question.OUTCOME)).verdicts == (
        Verdict.HAPPENED,
        Verdict.REPEAT,
        Verdict.ABORT,
    )


def test_who_changed_a_call_is_not_named_as_able_to_decide_about_it() -> None:
    stages = (Stage(eligible=("role:finance",)),)
    card = approval_card(
        an_approval(
            stages=stages,
            kept_out=("slack:T1/ada", "teams:ada"),
            eligible_people=("slack:T1/ada", "slack:T1/ben"),
        )
    )

    assert deciders(card.eligible) == "the role 'finance', but not whoever changed the arguments"
    assert card.deciders == ("slack:T1/ben",)


@pytest.mark.parametrize(
    ("status", "verdict", "outcome"),
    [
        (
            ApprovalStatus.APPROVED,
            Verdict.APPROVE,
            "Approved by Ada · 14:02 UTC · in Slack · cheap enough",
        ),
        (
            ApprovalStatus.REJECTED,
            Verdict.REJECT,
            "Rejected by Ada · 14:02 UTC · in Slack · cheap enough",
        ),
        (
            ApprovalStatus.APPROVED,
            Verdict.HAPPENED,
            "Recorded as done by Ada · 14:02 UTC · in Slack · cheap enough",
        ),
    ],
)
def test_a_decided_approval_tells_by_whom_when_and_where(
    status: ApprovalStatus, verdict: Verdict, outcome: str
) -> None:
    card = approval_card(
        an_approval(
            status=status,
            verdict=verdict,
            decided_by="slack:T024/U061",
            decided_by_name="Ada",
            decided_at=NOON + timedelta(hours=2, minutes=2),
            decided_on="slack",
            decision_reason="cheap enough",
        )
    )

    assert card.outcome == outcome
    assert card.verdicts == ()


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (ApprovalStatus.EXPIRED, "Expired"),
        (ApprovalStatus.CANCELLED, "Closed"),
        (ApprovalStatus.SUPERSEDED, "Void"),
    ],
)
def test_an_approval_that_nobody_decided_does_not_read_like_a_rejection(
    status: ApprovalStatus, word: str
) -> None:
    outcome = approval_card(an_approval(status=status)).outcome

    assert outcome.startswith(word)
    assert "eject" not in outcome


def test_a_quorum_and_stages_are_said() -> None:
    stages = (Stage(eligible=("role:a",), quorum=2), Stage(eligible=("role:b",)))

    card = approval_card(an_approval(stages=stages))

    assert card.progress == "stage 1 of 2, 2 people must approve"
    assert card.eligible == ("role:a",)
    assert approval_card(an_approval()).progress == ""


def test_an_answer_names_its_sources_and_files() -> None:
    run = a_run(
        answer="Buy from Nordlicht.",
        sources=("/plan/1/compare", "/plan/1/gone"),
        status=RunStatus.SUCCEEDED,
        finished_at=NOON + timedelta(seconds=30),
        demonstration=True,
    )
    file = Artifact(
        name="report.md", media_type="text/markdown", size_bytes=9, digest="d", step_id="s"
    )

    given = answer(a_view(run, status="succeeded", artifacts=(file,)))

    assert given.text == "Buy from Nordlicht."
    assert given.sources == ("Compare the offers", "/plan/1/gone")
    assert [one.name for one in given.files] == ["report.md"]
    assert (given.elapsed_seconds, given.demonstration) == (30.0, True)


def test_a_failed_run_answers_with_the_reason() -> None:
    run = a_run(error={"code": "over_budget", "message": "the run has spent $5.00 of its $5.00"})

    assert answer(a_view(run, status="failed")).text == (
        "This did not work: the run has spent $5.00 of its $5.00"
    )


def test_a_delivery_shows_its_kind_from_the_present_row() -> None:
    view = a_view()
    question = OpenQuestion(step_id="s", text="Which?", choices=("A", "B"), asked_at=NOON)
    asking = a_delivery(DeliveryKind.QUESTION, "s", payload={"number": 12})

    assert isinstance(shown_for(a_delivery(), view), RunCard)
    assert isinstance(shown_for(a_delivery(DeliveryKind.ANSWER), view), Answer)
    assert shown_for(a_delivery(DeliveryKind.NOTICE, payload={"text": "Hm"}), None) == Notice(
        text="Hm"
    )
    shown = shown_for(asking, question)
    assert isinstance(shown, QuestionCard)
    assert (shown.run_number, shown.choices, shown.answered) == (12, ("A", "B"), "")


def test_a_question_that_is_closed_shows_its_answer() -> None:
    closed = a_delivery(
        DeliveryKind.QUESTION, "s", payload={"text": "Which?", "answered": "A, by Ada"}
    )

    shown = shown_for(closed, None)

    assert isinstance(shown, QuestionCard)
    assert (shown.text, shown.answered, shown.choices) == ("Which?", "A, by Ada", ())


def test_nothing_is_shown_where_the_row_is_gone() -> None:
    assert shown_for(a_delivery(), None) is None
    assert shown_for(a_delivery(DeliveryKind.QUESTION, "s"), None) is None
