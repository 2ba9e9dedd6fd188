"""What people do before they decide: change the call, say they look at it, ask the requester."""

from __future__ import annotations

import pytest

from runtime.domain.approval import Verdict
from runtime.domain.conversation import Message, Person
from runtime.domain.errors import Refused
from runtime.domain.states import ApprovalStatus
from tests.worlds.crew import calls, plan, step
from tests.worlds.governed import ADA, BEN, CYD, DEE, Governed
from tests.worlds.openai import Answer

POLICY = """version: 1
roles:
  approver: ["slack:T024/UBEN", "slack:T024/UCYD"]
rules:
  - id: letters
    tools: [send]
    outcome: ask
    eligible: ["role:approver"]
  - id: nobody-writes-to-mallory
    tools: [send]
    where: {to: {equals: Mallory}}
    outcome: deny
    reason: Mallory is not written to.
  - id: only-ben-writes-to-the-press
    tools: [send]
    where: {to: {equals: The Press}}
    outcome: ask
    eligible: ["slack:T024/UBEN"]
    quorum: 2
    reason: The press reads closely.
"""


@pytest.fixture
def office(office: Governed) -> Governed:
    """Give an office where Ada's letters need the word of Ben or Cyd."""
    office.crew.plans(plan(step("a")))
    office.crew.works(
        calls(("send", {"to": "Xenia"})),
        calls(("send", {"to": "Xenia"})),
        Answer(text="that is all"),
    )
    office.ask("write to Xenia")
    return office


def test_a_changed_call_is_asked_about_anew_and_made_as_it_was_changed(office: Governed) -> None:
    (first,) = office.asked()

    changed = office.decide(first, BEN, reason="she has moved", arguments={"to": "Yves"})

    assert (changed.won, changed.final) == (True, True)
    assert changed.approval.status == ApprovalStatus.SUPERSEDED
    (second,) = office.asked()
    assert second.arguments == {"to": "Yves"}
    assert second.digest != first.digest
    assert second.replaces == first.id
    assert [(one.name, one.before, one.after) for one in second.differences] == [
        ("to", "Xenia", "Yves")
    ]
    with pytest.raises(Refused, match="somebody else must agree"):
        office.decide(second, BEN)
    assert office.marks() == []

    office.decide(second, CYD)

    view = office.ended()
    assert office.marks() == ["sent Yves"]
    # The original call, proposed again, is refused without asking anybody.
    assert len(view.approvals) == 2
    told = office.crew.asked("worker")
    assert "Ben changed the arguments before it was made (she has moved)" in told[1]
    assert "Ben changed that call to another one" in told[2]


def test_arguments_that_do_not_fit_are_refused_and_the_question_stays(office: Governed) -> None:
    (asked,) = office.asked()

    for arguments, complaint in (
        ({"to": 5}, "expected string"),
        ({}, "'to' missing"),
        ({"to": "Yves", "by": "hand"}, "'by' unknown"),
        ({"to": "Mallory"}, "Mallory is not written to"),
        ({"to": "The Press"}, "nobody could"),
    ):
        with pytest.raises(Refused, match=complaint):
            office.decide(asked, BEN, arguments=arguments)

    (still,) = office.asked()
    assert (still.id, still.history) == (asked.id, ())
    with pytest.raises(Refused, match="may not decide"):
        office.decide(asked, DEE, arguments={"to": "Yves"})


def test_the_same_arguments_are_a_plain_yes(office: Governed) -> None:
    (asked,) = office.asked()

    decided = office.decide(asked, BEN, arguments={"to": "Xenia"})

    assert decided.approval.status == ApprovalStatus.APPROVED
    assert [(one.name, one.verdict) for one in decided.approval.history] == [
        ("Ben", Verdict.APPROVE)
    ]


def test_who_looks_at_it_is_shown_and_keeps_nobody_from_deciding(office: Governed) -> None:
    runtime = office.product.runtime
    (asked,) = office.asked()

    claimed = runtime.claim_approval(asked.id, BEN, "teams")
    with pytest.raises(Refused, match="may not decide"):
        runtime.claim_approval(asked.id, DEE, "teams")
    taken_over = runtime.claim_approval(str(asked.number), CYD, "slack")

    assert (claimed.claimed_by, claimed.claimed_by_name) == (BEN.principal, "Ben")
    assert taken_over.claimed_by_name == "Cyd"
    assert office.decide(asked, BEN).won
    with pytest.raises(Refused, match="approved already, by Ben"):
        runtime.claim_approval(asked.id, CYD, "slack")
    assert office.events().count("ApprovalClaimed") == 2


def _reply(office: Governed, person: Person, text: str) -> None:
    place = office.product.runtime.view("1", workspace=None).place
    office.product.runtime.receive(
        Message(event_key=f"reply:{text}", person=person, place=place, text=text, addressed=False)
    )


@pytest.mark.parametrize("by", ["button", "reply"])
def test_a_question_before_deciding_goes_to_the_requester_and_its_answer_to_the_card(
    office: Governed, by: str
) -> None:
    runtime = office.product.runtime
    (asked,) = office.asked()

    about = runtime.ask_about(asked.id, BEN, "Why Xenia?", "teams")
    (open_question,) = runtime.view("1", workspace=None).questions
    with pytest.raises(Refused, match="is for Ada"):
        runtime.answer(open_question.step_id, CYD, "I know why")
    if by == "button":
        runtime.answer(open_question.step_id, ADA, "She asked us to")
    else:
        _reply(office, ADA, "She asked us to")

    assert [one.answer for one in about.questions] == [""]
    assert open_question.text == "Ben asks before deciding: Why Xenia?"
    (answered,) = runtime.approval(asked.id, workspace=None).questions
    assert (answered.answer, answered.answered_by_name) == ("She asked us to", "Ada")
    assert runtime.view("1", workspace=None).questions == ()
    with pytest.raises(Refused, match="answered already"):
        runtime.answer(open_question.step_id, ADA, "Once more")
    assert office.decide(asked, BEN).won


def test_only_those_who_may_decide_may_ask_and_only_while_it_is_open(office: Governed) -> None:
    runtime = office.product.runtime
    (asked,) = office.asked()

    with pytest.raises(Refused, match="may not decide"):
        runtime.ask_about(asked.id, DEE, "Why?", "slack")
    with pytest.raises(Refused, match="no question in that"):
        runtime.ask_about(asked.id, BEN, "  ", "slack")
    office.decide(asked, BEN, Verdict.REJECT, reason="no")
    with pytest.raises(Refused, match="rejected already"):
        runtime.ask_about(asked.id, BEN, "Why?", "slack")


def test_an_approval_says_who_may_decide_it_now_and_what_may_be_changed(office: Governed) -> None:
    (asked,) = office.asked()

    assert asked.eligible_people == (BEN.principal, CYD.principal)
    assert asked.editable_schema is not None
    assert asked.editable_schema["required"] == ["to"]
    assert asked.chain[0].startswith("worker@")
