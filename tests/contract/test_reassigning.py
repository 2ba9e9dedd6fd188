"""One approval in other hands: a vote is handed on, none is made, and what is barred stays so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bots.approval_builder import approval_card
from runtime.domain.approval import Approval, Reassign, Verdict
from runtime.domain.conversation import Person
from runtime.domain.errors import NotFound, Refused
from runtime.domain.states import ApprovalStatus
from tests.worlds.crew import calls, plan, step
from tests.worlds.governed import ADA, BEN, CYD, DEE, EVE, TEAM, Governed, governed, member
from tests.worlds.openai import Answer, OpenAIWorld

POLICY = """version: 1
access:
  - {who: ["*:T024/*"], may: [ask, see, delegate]}
  - {who: ["slack:T099/*"], may: [ask]}
rules:
  - id: letters
    tools: [send]
    outcome: ask
    eligible: ["slack:T024/UBEN", "slack:T024/UCYD", "!requester"]
    quorum: 2
"""
BY_GROUP = POLICY.replace(
    'eligible: ["slack:T024/UBEN", "slack:T024/UCYD", "!requester"]\n    quorum: 2',
    'eligible: ["group:slack:T024/S1", "slack:T024/UBEN"]',
)


@pytest.fixture
def office(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> Iterator[Governed]:
    """Give an office where Ada's letter waits for two of Ben and Cyd."""
    with (
        OpenAIWorld() as models,
        governed(tmp_path, models, monkeypatch, policy=POLICY, database_url=database_url) as made,
    ):
        made.crew.plans(plan(step("a")))
        yield made


def waits(office: Governed) -> Approval:
    office.crew.works(calls(("send", {"to": "Xenia"})), Answer(text="that is all"))
    office.ask()
    return office.asked()[0]


def hand(
    office: Governed, asked: Approval, giver: Person, to: Person | str, why: str = ""
) -> Approval:
    named = to if isinstance(to, str) else to.principal
    name = "" if isinstance(to, str) else to.name
    wanted = Reassign(
        approval=asked.id, person=giver, to=named, to_name=name, surface="slack", reason=why
    )
    return office.product.runtime.governing.reassign(wanted)


def test_the_successor_decides_in_the_place_of_who_handed_it_on(office: Governed) -> None:
    asked = waits(office)

    handed = hand(office, asked, BEN, DEE, "she knows the vendor")

    assert DEE.principal in handed.eligible_people
    assert "Handed to Dee by Ben" in approval_card(handed).said[0].text
    assert "she knows the vendor" in approval_card(handed).said[0].text
    assert not office.decide(handed, DEE).final
    with pytest.raises(Refused, match="has decided for you already"):
        office.decide(handed, BEN)
    decided = office.decide(handed, CYD)
    assert decided.final
    assert [(one.name, one.on_behalf_of) for one in decided.approval.history] == [
        ("Dee", BEN.principal),
        ("Cyd", None),
    ]
    office.ended()
    assert office.marks() == ["sent Xenia"]
    assert "ApprovalReassigned" in office.events()


def test_a_vote_is_moved_and_not_made(office: Governed) -> None:
    """Two must agree: Ben and whom he hands it to are one, and so are two who were handed it."""
    asked = waits(office)
    hand(office, asked, BEN, DEE)
    hand(office, asked, BEN, EVE)

    with pytest.raises(Refused, match="may not decide"):
        office.decide(asked, DEE)
    assert not office.decide(asked, EVE).final
    with pytest.raises(Refused):
        office.decide(asked, BEN)
    with pytest.raises(Refused, match="decided"):
        hand(office, asked, BEN, DEE)

    (still,) = office.asked()
    assert (still.status, len(still.handed)) == (ApprovalStatus.PENDING, 1)


def test_who_is_kept_out_is_not_let_in_by_a_hand_over(office: Governed) -> None:
    asked = waits(office)

    for giver, to, why in (
        (BEN, ADA, "kept from deciding"),
        (BEN, BEN, "for yourself"),
        (BEN, member("Mallory", team="T099"), "another workspace"),
        (DEE, EVE, "may not decide"),
        (ADA, DEE, "kept from deciding"),
        (BEN, "slack:T024/*", "nobody in particular"),
    ):
        with pytest.raises(Refused, match=why):
            hand(office, asked, giver, to)
    with pytest.raises(NotFound, match="Nobody Here"):
        hand(office, asked, BEN, "Nobody Here")

    assert office.asked()[0].handed == ()
    assert office.events().count("DecisionRefused") == 2


def test_who_was_handed_it_hands_it_no_further_and_an_editor_stays_out(office: Governed) -> None:
    office.now_says(POLICY.replace("quorum: 2", "quorum: 1"))
    asked = waits(office)
    hand(office, asked, BEN, DEE)
    with pytest.raises(Refused, match="only they can hand it"):
        hand(office, asked, DEE, EVE)

    office.decide(asked, CYD, arguments={"to": "Yves"})
    again = office.asked()[-1]

    assert again.arguments == {"to": "Yves"}
    with pytest.raises(Refused, match="changed it"):
        hand(office, again, BEN, CYD)
    # What was handed over was the other question.
    with pytest.raises(Refused, match="may not decide"):
        office.decide(again, DEE)


def test_a_hand_over_needs_the_right_and_one_of_a_group_has_none_to_give(office: Governed) -> None:
    office.now_says(BY_GROUP)
    asked = waits(office)
    one_of_group = Person(
        channel="slack", workspace=TEAM, external_id="UGUS", name="Gus", groups=("slack:T024/S1",)
    )
    with pytest.raises(Refused, match="one of a group"):
        hand(office, asked, one_of_group, DEE)
    hand(office, asked, one_of_group, BEN)

    office.now_says(BY_GROUP.replace("may: [ask, see, delegate]", "may: [ask, see]"))
    with pytest.raises(Refused, match="'delegate'"):
        hand(office, asked, BEN, DEE)


def test_it_is_handed_to_nobody_who_is_away_and_not_once_it_is_decided(office: Governed) -> None:
    asked = waits(office)
    office.product.runtime.governing.away(DEE, until=None, to=None, present=False)
    with pytest.raises(Refused, match="Dee is away"):
        hand(office, asked, BEN, DEE)

    office.decide(asked, CYD, Verdict.REJECT, reason="no")

    with pytest.raises(Refused, match="rejected already"):
        hand(office, asked, BEN, EVE)
