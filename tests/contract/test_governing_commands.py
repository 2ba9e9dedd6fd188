"""The verbs of those who decide and answer for it, typed as people type them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bots.commands import CommandReply, run_command
from runtime.domain.conversation import Person, Place
from tests.worlds.crew import calls, plan, step
from tests.worlds.governed import ADA, BEN, CYD, DEE, Governed, governed
from tests.worlds.openai import Answer, OpenAIWorld

POLICY = """version: 1
roles:
  approver: ["slack:T024/UBEN", "slack:T024/UCYD"]
access:
  - {who: ["role:approver"], may: [ask, see, steer, grant, delegate, halt]}
  - {who: ["slack:T024/UADA"], may: [ask, see-own], start: [worker]}
rules:
  - {id: letters, tools: [send], outcome: ask, eligible: ["role:approver"]}
  - {id: lonely, tools: [other], outcome: ask, eligible: ["slack:T024/UBEN"], quorum: 2}
  - {id: big, tools: [pay], where: {amount: {over: 10}}, outcome: deny, reason: Too much.}
"""
PLACE = Place(channel="slack", workspace="T024", key="cmd", address={})


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Governed]:
    """Give an office where Ada's letter waits for the word of Ben or Cyd."""
    with OpenAIWorld() as models, governed(tmp_path, models, monkeypatch, policy=POLICY) as made:
        made.crew.plans(plan(step("a")))
        made.crew.works(calls(("send", {"to": "Xenia"})), Answer(text="that is all"))
        made.ask()
        made.asked()
        yield made


def say(office: Governed, person: Person, text: str) -> CommandReply:
    return run_command(
        text, runtime=office.product.runtime, person=person, place=PLACE, surface="slack"
    )


def test_a_change_is_typed_and_agreed_to_by_somebody_else(office: Governed) -> None:
    assert "you are looking at it" in say(office, BEN, "claim 1").text
    assert "was asked" in say(office, BEN, "ask 1 why her?").text
    assert say(office, ADA, "answer 1 she asked us").ok

    changed = say(office, BEN, "approve 1 --set to=Yves she moved")
    office.asked()
    shown = say(office, CYD, "approvals 2").text

    assert "asked anew" in changed.text
    assert "Changed: to was Xenia, is Yves" in shown
    assert not say(office, BEN, "approve 2").ok
    assert say(office, CYD, "approve 2").ok
    office.ended()
    assert office.marks() == ["sent Yves"]


def test_vacations_are_typed_with_their_end(office: Governed) -> None:
    away = say(office, BEN, "away until 2031-12-24 to <@UDEE|dee>")

    assert "away until 2031-12-25 00:00 UTC; slack:T024/UDEE decides in your place" in away.text
    assert "You are away" in say(office, BEN, "delegate").text
    assert say(office, DEE, "approve 1").ok
    assert "You are back" in say(office, BEN, "back").text
    assert "no duration" in say(office, BEN, "away for ever").text
    assert "not clear" in say(office, BEN, "away soon").text
    assert "'delegate'" in say(office, ADA, "delegate Ben").text


def test_grants_and_halts_are_typed_listed_and_taken_back(office: Governed) -> None:
    given = say(office, BEN, "grant 1 count --uses 3 --where number<=9 --up-to number=50 for 2h")
    assert given.ok, given.text
    assert "where number<=9 3 times, number up to 50 in all, until" in given.text
    assert "(0 of 3 used, number 0 so far)" in say(office, CYD, "grants 1").text
    assert "is revoked" in say(office, CYD, "revoke 1").text
    assert "say how often" in say(office, BEN, "grant 1 send").text

    halted = say(office, BEN, "halt tool send --drill just trying")
    assert "This is a drill" in halted.text
    assert "just trying" in say(office, CYD, "halts").text
    assert "1 more must" in say(office, CYD, "lift 1").text
    assert f"to lift it agrees {CYD.principal}, 1 more must" in say(office, BEN, "halts").text
    assert "is lifted" in say(office, BEN, "lift 1").text
    assert "cannot be halted" in say(office, BEN, "halt the press").text
    assert "the grant 'halt'" in say(office, ADA, "halt workspace now").text


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("send --uses 3 --up-to amount=50", "'send' has no argument 'amount'"),
        ("send --uses 3 --where too=Yves", "'send' has no argument 'too'"),
        ("send --uses 3 --where to=Yves --up-to to=50", "'to' of 'send' is no number (string)"),
    ],
)
def test_a_grant_that_could_never_apply_is_refused_with_what_the_tool_takes(
    office: Governed, typed: str, told: str
) -> None:
    refused = say(office, BEN, f"grant 1 {typed}")

    assert not refused.ok
    assert told in refused.text
    assert ("name one of to" in refused.text) == ("no argument" in told)
    assert say(office, BEN, "grants 1").text == "Nothing is granted."


def test_the_policy_is_checked_and_explained(office: Governed) -> None:
    checked = say(office, BEN, "policy check")
    assert not checked.ok
    assert "rule 'lonely': 2 must agree and only 1 could" in checked.text

    forbidden = say(
        office, BEN, 'policy explain --tool pay --args {"amount": 11} --as slack:T024/UADA'
    )
    assert "It is forbidden. Rule big: Too much." in forbidden.text
    assert "amount over 10 holds" in forbidden.text
    asked = say(office, BEN, "policy explain --tool send --effect write")
    assert "People would be asked." in asked.text
    assert "slack:T024/UBEN, slack:T024/UCYD" in asked.text
    assert "letters" in say(office, BEN, "policy explain 1").text
    assert "not JSON" in say(office, BEN, "policy explain --tool pay --args {").text


def test_what_a_tool_does_is_known_to_who_explains_the_policy(office: Governed) -> None:
    told = {
        tool: say(office, BEN, f"policy explain --tool {tool}").text
        for tool in ("look", "send", "calculate", "pay")
    }

    assert "It would be made." in told["look"]
    assert "Effect: read (agents/worker/tools.py)" in told["look"]
    assert "Effect: irreversible (agents/worker/tools.py)" in told["send"]
    assert "Effect: read (built-in)" in told["calculate"]
    assert "no tool of that name is known here" in told["pay"]
    said = say(office, BEN, "policy explain --tool look --effect irreversible").text
    assert "Effect: irreversible (as you say)" in said


def test_who_may_start_what_and_see_which_run(office: Governed) -> None:
    assert "'ask' for 'helper'" in say(office, ADA, "run help me --agent helper").text
    assert "the grant 'ask'" in say(office, DEE, "run help me").text
    assert say(office, ADA, "status 1").ok
    assert "#1" in say(office, ADA, "runs").text
    assert "the grant 'see'" in say(office, DEE, "status 1").text
    assert "the grant 'steer'" not in say(office, CYD, "pause 1").text
    assert "the grant 'steer'" in say(office, DEE, "cancel 1").text.replace(", or somebody", "")
    stranger = Person(channel="slack", workspace="T999", external_id="UBEN", name="Ben")
    assert not say(office, stranger, "approve 1").ok
