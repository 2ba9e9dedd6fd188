"""What policy calls critical wants a fresh code from the person's own device."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pyotp.totp import TOTP

from bots.commands import CommandReply, run_command
from bots.commands.factor import take_code
from runtime.domain.approval import Decide, Verdict
from runtime.domain.conversation import Person, PersonKind, Place
from runtime.domain.errors import Refused
from runtime.storage.governance_tables import second_factor
from tests.worlds.crew import calls, plan, step
from tests.worlds.governed import ADA, BEN, CYD, Governed, governed
from tests.worlds.leaks import stands_in
from tests.worlds.openai import Answer, OpenAIWorld

POLICY = """version: 1
roles:
  approver: ["slack:T024/UBEN", "slack:T024/UCYD"]
rules:
  - id: letters
    tools: [send]
    outcome: ask
    eligible: ["role:approver"]
    assurance: stepped-up
"""
KEY = "a key of more than thirty-two letters"
PLACE = Place(channel="slack", workspace="T024", key="cmd", address={})


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Governed]:
    """Give an office where Ada's letter waits for a proven word of Ben or Cyd."""
    with (
        OpenAIWorld() as models,
        governed(tmp_path, models, monkeypatch, policy=POLICY, secret_keys=KEY) as made,
    ):
        made.crew.plans(plan(step("a")))
        letters = [calls(("send", {"to": name})) for name in ("Xenia", "Yves")]
        made.crew.works(*letters, Answer(text="that is all"))
        made.ask()
        made.asked()
        yield made


def say(office: Governed, person: Person, text: str) -> CommandReply:
    return run_command(
        text, runtime=office.product.runtime, person=person, place=PLACE, surface="slack"
    )


def enrol(office: Governed, person: Person) -> TOTP:
    """Have a device; its first code has been used up when this returns."""
    shown = say(office, person, "factor new")
    assert shown.private
    device = TOTP(shown.text.split("\n")[1].strip())
    assert say(office, person, f"factor {code(office, device)}").ok
    office.product.clock.pass_time(60)
    return device


def code(office: Governed, device: TOTP, *, at: datetime | None = None) -> str:
    return device.at(at or office.product.clock.now())


def test_only_a_fresh_code_of_ones_own_lets_it_happen(office: Governed) -> None:
    [approval] = office.asked()
    without = say(office, BEN, "approve 1 looks fine")
    assert not without.ok
    assert "needs a fresh code" in without.text
    assert "factor new" in without.text

    ben, cyd = enrol(office, BEN), enrol(office, CYD)
    now = office.product.clock.now()
    for wrong in (
        code(office, cyd),
        code(office, ben, at=now - timedelta(minutes=5)),
        code(office, ben, at=now + timedelta(minutes=5)),
    ):
        assert not say(office, BEN, f"approve 1 {wrong}").ok
    with pytest.raises(Refused, match="fresh code"):
        office.decide(approval, BEN)
    with pytest.raises(Refused, match="fresh code"):
        office.decide(approval, BEN, arguments=dict(approval.arguments))

    # Leave in advance proves nothing: the second letter is asked about all the same.
    assert say(office, BEN, "grant 1 send --uses 3").ok
    right = code(office, ben)
    assert say(office, BEN, f"approve 1 {right} looks fine").ok
    office.asked()
    assert say(office, CYD, "reject 2 not now").ok, "a no needs no code"
    office.ended()
    assert office.marks() == ["sent Xenia"]

    records = office.product.runtime.audit("1", workspace=None)
    decided = next(one for one in records if one.event == "ApprovalDecided")
    assert isinstance(decided.facts, dict)
    assert (decided.facts["assurance"], decided.facts["reason"]) == ("stepped-up", "looks fine")
    assert not stands_in(right, [one.facts for one in records])
    assert sum(one.event == "DecisionRefused" for one in records) == 6


def test_a_code_counts_once_and_guessing_locks(office: Governed) -> None:
    device = enrol(office, BEN)
    used = code(office, device)
    assert say(office, BEN, f"factor new {used}").ok, "the old device vouches for the new one"
    assert not say(office, BEN, f"approve 1 {used}").ok, "what is not confirmed does not count"
    device = enrol(office, BEN)

    for _ in range(4):
        assert "does not count" in say(office, BEN, "factor remove 000000").text
    assert "too many wrong codes" in say(office, BEN, "factor remove 000000").text
    right = say(office, BEN, f"approve 1 {code(office, device)}")
    assert "too many wrong codes" in right.text

    office.product.clock.pass_time(16 * 60)
    again = code(office, device)
    assert say(office, BEN, f"approve 1 {again}").ok
    replay = say(office, BEN, f"factor remove {again}")
    assert "does not count" in replay.text


def test_a_secret_is_sealed_and_its_owners_alone(office: Governed) -> None:
    shown = say(office, BEN, "factor new").text
    secret = shown.split("\n")[1].strip()

    with office.product.runtime.database.read() as connection:
        rows = connection.execute(second_factor.select()).all()
    assert secret not in str(rows)
    assert not say(office, replace(BEN, kind=PersonKind.GUEST), "factor new").ok
    assert "no second factor" in say(office, CYD, "factor").text
    assert not say(office, CYD, "factor reset slack:T024/UBEN").ok
    with pytest.raises(Refused, match="no second factor"):
        office.product.runtime.decide(
            Decide(approval="1", person=ADA, verdict=Verdict.APPROVE, surface="slack", code="1")
        )


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("123456", ("123456", "")),
        ("123456 looks fine", ("123456", "looks fine")),
        ("looks fine 123456", ("123456", "looks fine")),
        ("123 456 fine", ("123 456", "fine")),
        ("fine, order 1234567", ("", "fine, order 1234567")),
        ("pays 123456 twice", ("", "pays 123456 twice")),
    ],
)
def test_a_code_stands_at_either_end(typed: str, found: tuple[str, str]) -> None:
    assert take_code(typed) == found
