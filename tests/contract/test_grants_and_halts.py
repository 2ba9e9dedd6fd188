"""Leave given in advance, and the red switch."""

from __future__ import annotations

from datetime import timedelta

import pytest

from runtime.approvals import grants
from runtime.domain.approval import Verdict
from runtime.domain.conversation import Person
from runtime.domain.errors import NotFound, Refused
from runtime.domain.grant import Bound, Wanted
from runtime.domain.halt import HaltScope
from runtime.policy.decision import Decision, Outcome
from runtime.storage import runs
from tests.worlds.crew import calls, plan, step
from tests.worlds.engine import side_by_side
from tests.worlds.governed import ADA, BEN, CYD, DEE, Governed, member
from tests.worlds.openai import Answer

POLICY = """version: 1
roles:
  approver: ["slack:T024/UBEN", "slack:T024/UCYD", "console:local/*"]
rules:
  - {id: letters, tools: [send], outcome: ask, eligible: ["role:approver"]}
  - {id: press, tools: [send], where: {to: {equals: Press}}, outcome: ask, quorum: 2,
     eligible: ["role:approver"]}
"""
OPERATOR = Person(channel="console", workspace="local", external_id="operator", name="Operator")


def letters(office: Governed, *people: str) -> str:
    """Let the worker ask for a go, and then write to each of these in turn."""
    office.crew.plans(plan(step("a")))
    office.crew.works(
        calls(("ask", {"question": "Go?"})),
        *(calls(("send", {"to": one})) for one in people),
        Answer(text="that is all"),
    )
    run = office.ask()
    office.product.until(lambda: office.product.runtime.view(run, workspace=None).questions)
    return run


def go(office: Governed, run: str = "1") -> None:
    (question,) = office.product.runtime.view(run, workspace=None).questions
    office.product.runtime.answer(question.step_id, ADA, "go")


def test_a_grant_lets_through_its_calls_and_asks_about_every_other(office: Governed) -> None:
    governing = office.product.runtime.governing
    run = letters(office, "Xenia", "Yves", "Xenia", "Xenia")
    wanted = Wanted(
        run=run, tool="send", uses=2, where=(Bound(path="to", test="equals", value="Xenia"),)
    )
    with pytest.raises(Refused, match="you can grant none"):
        governing.grant(wanted, DEE, workspace=None)
    given = governing.grant(wanted, BEN, workspace="T024")

    go(office)

    (asked,) = office.asked()
    assert asked.arguments == {"to": "Yves"}
    assert office.marks() == ["sent Xenia"]
    office.decide(asked, CYD)
    (asked,) = office.product.until(
        lambda: [
            one
            for one in office.product.runtime.approvals(workspace=None)
            if one.arguments == {"to": "Xenia"}
        ]
    )
    # The second use let the third letter through; the fourth is one too many.
    assert office.marks() == ["sent Xenia", "sent Yves", "sent Xenia"]
    office.decide(asked, BEN, Verdict.REJECT, reason="enough")
    office.ended()
    (used,) = governing.grants(run=run, workspace="T024")
    assert (used.number, used.used) == (given.number, 2)
    assert office.events().count("GrantUsed") == 2


@pytest.mark.parametrize("spoiled", ["revoked", "over", "policy"])
def test_a_grant_that_no_longer_holds_lets_nothing_through(office: Governed, spoiled: str) -> None:
    governing = office.product.runtime.governing
    run = letters(office, "Xenia")
    given = governing.grant(Wanted(run=run, tool="send", uses=5), BEN, workspace=None)
    if spoiled == "revoked":
        with pytest.raises(NotFound):
            governing.revoke(str(given.number), member("Zoe", team="T999"), workspace="T999")
        governing.revoke(str(given.number), CYD, workspace="T024")
    elif spoiled == "over":
        office.product.clock.pass_time(25 * 3600)
    else:
        office.now_says(POLICY.replace('"slack:T024/UBEN", ', ""))

    go(office)

    (asked,) = office.asked()
    assert asked.arguments == {"to": "Xenia"}
    assert office.marks() == []


def test_a_grant_is_no_way_around_a_second_persons_word(office: Governed) -> None:
    run = letters(office, "Press")
    office.product.runtime.governing.grant(
        Wanted(run=run, tool="send", uses=5), BEN, workspace=None
    )

    go(office)

    (asked,) = office.asked()
    assert (asked.rule, office.marks()) == ("press", [])


def test_a_grant_has_bounds(office: Governed) -> None:
    governing = office.product.runtime.governing
    run = letters(office)
    far = office.product.clock.now() + timedelta(days=8)

    for wanted, complaint in (
        (Wanted(run=run, tool="send", uses=0), "say how often"),
        (Wanted(run=run, tool="send", uses=1, until=far), "7 days at most"),
        (Wanted(run="99", tool="send", uses=1), "no run"),
    ):
        with pytest.raises(Refused, match=complaint):
            governing.grant(wanted, BEN, workspace=None)
    with pytest.raises(NotFound):
        governing.grant(Wanted(run=run, tool="send", uses=1), BEN, workspace="T999")


def test_uses_and_sums_are_taken_once_however_many_take_at_once(office: Governed) -> None:
    runtime = office.product.runtime
    number = letters(office)
    given = runtime.governing.grant(
        Wanted(run=number, tool="count", uses=100, sum_path="number", sum_limit=50.0),
        BEN,
        workspace=None,
    )
    with runtime.database.read() as connection:
        run = runs.find(connection, number, workspace=None)
    assert run is not None
    policy = office.product.runtime.governing.leave.policy()
    decision = Decision(
        outcome=Outcome.ASK, rule="letters", policy="p", reason="",
        stages=policy.stages_for("send")[:1],
    )  # fmt: skip

    def one(key: str, amount: object) -> bool:
        with runtime.database.write() as connection:
            taken = grants.take(
                connection, run, decision, policy=policy, tool="count",
                arguments={"number": amount},  # pyright: ignore[reportArgumentType] - wrong types are the point
                key=key, now=office.product.clock.now(),
            )  # fmt: skip
        return taken is not None

    taken = side_by_side([lambda at=at: one(f"key{at}", 10) for at in range(8)])

    assert taken.count(True) == 5
    again = [one(f"key{at}", 10) for at in range(8)]
    assert again == taken
    for wrong in ("10", True, -5, None, float("nan")):
        assert not one(f"wrong{wrong}", wrong)
    (left,) = runtime.governing.grants(run=number, workspace=None)
    assert (left.number, left.used, left.sum_used) == (given.number, 5, 50.0)


def test_a_halt_stops_what_is_next_and_what_is_asked_until_two_people_lift_it(
    office: Governed,
) -> None:
    runtime = office.product.runtime
    run = letters(office, "Xenia")
    go(office)
    (asked,) = office.asked()

    with pytest.raises(Refused, match="the grant 'halt'"):
        runtime.governing.halt(HaltScope.WORKSPACE, "", DEE, reason="", drill=False)
    with pytest.raises(Refused, match="halt workspace here"):
        runtime.governing.halt(HaltScope.EVERYTHING, "", BEN, reason="", drill=False)
    halt = runtime.governing.halt(HaltScope.TOOL, "send", BEN, reason="odd letters", drill=False)
    with pytest.raises(Refused, match="odd letters; nobody decides"):
        office.decide(asked, CYD)
    first = runtime.governing.lift(str(halt.number), BEN, workspace="T024")
    with pytest.raises(Refused, match="you have agreed already"):
        runtime.governing.lift(str(halt.number), BEN, workspace="T024")

    assert first.lifted_at is None
    assert runtime.view(run, workspace=None).approvals[0].status == "pending"
    assert runtime.governing.lift(str(halt.number), CYD, workspace="T024").lifted_at is not None
    assert office.decide(asked, CYD).won
    office.ended()
    assert office.marks() == ["sent Xenia"]
    assert {"RunHalted", "RunGoesOn", "DecisionRefused"} <= set(office.events())


def test_a_halt_holds_what_was_approved_and_lets_no_run_begin(office: Governed) -> None:
    runtime = office.product.runtime
    run = letters(office, "Xenia")
    halt = runtime.governing.halt(HaltScope.WORKSPACE, "", BEN, reason="stop", drill=False)
    go(office)

    office.product.until(
        lambda: (
            "two people to lift"
            in str([one.step.waits_for for one in runtime.trace(run, workspace=None)])
        )
    )
    with pytest.raises(Refused, match="workspace is halted by Ben: stop"):
        office.ask("something else")
    for person in (BEN, CYD):
        runtime.governing.lift(str(halt.number), person, workspace="T024")

    (asked,) = office.asked(run=run)
    office.decide(asked, CYD)
    office.ended(run)
    assert office.marks() == ["sent Xenia"]


def test_a_halt_of_one_workspace_lets_another_begin(office: Governed) -> None:
    runtime = office.product.runtime
    runtime.governing.halt(HaltScope.WORKSPACE, "", BEN, reason="stop", drill=False)
    office.crew.plans(plan(step("a")))
    office.crew.works(Answer(text="that is all"))

    with pytest.raises(Refused, match="workspace is halted by Ben: stop"):
        office.ask("something")
    run = office.ask("something", person=member("Zoe", team="T999"))

    assert office.ended(run).status == "succeeded"


def test_a_drill_is_told_and_stops_nothing(office: Governed) -> None:
    runtime = office.product.runtime
    letters(office, "Xenia")
    drill = runtime.governing.halt(HaltScope.EVERYTHING, "", OPERATOR, reason="may", drill=True)

    go(office)
    (asked,) = office.asked()
    office.decide(asked, CYD)

    office.ended()
    assert office.marks() == ["sent Xenia"]
    assert [one.number for one in runtime.governing.halts(workspace="T024")] == [drill.number]
    assert "RunHalted" in office.events()
