"""What the approval engine does with stages: vetoes, limits, reminders, escalation, hand-overs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from runtime.audit.words import sentence
from runtime.domain.approval import Approval, Verdict
from runtime.domain.errors import NotFound, Refused
from runtime.domain.json import object_of
from runtime.domain.states import ApprovalStatus
from runtime.outbox.announce import Announcements
from runtime.storage import trees
from tests.worlds.crew import calls, plan, step
from tests.worlds.governed import ADA, BEN, CYD, DEE, EVE, Governed, member
from tests.worlds.openai import Answer

POLICY = """version: 1
roles:
  approver: ["slack:T024/UBEN", "slack:T024/UCYD", "slack:T024/UADA"]
  security: ["slack:T024/UDEE"]
  lead: ["slack:T024/UDEE"]
  head: ["slack:T024/UEVE"]
on_call:
  nights:
    begins: "2020-01-06T00:00:00Z"
    turn: 9999w
    rotation: ["slack:T024/UEVE"]
rules:
  - {id: two, tools: [send], where: {to: {equals: Two}}, outcome: ask, quorum: 2,
     eligible: ["role:approver", "!requester"], veto: ["role:security"]}
  - {id: three, tools: [send], where: {to: {equals: Three}}, outcome: ask, quorum: 3,
     eligible: ["role:approver", "!requester"]}
  - id: ladder
    tools: [send]
    where: {to: {equals: Ladder}}
    outcome: ask
    eligible: ["slack:T024/UBEN"]
    expires_after: 1h
    on_expiry: escalate
    escalate_to: [["role:lead"], ["role:head"]]
    remind_every: 20m
  - {id: refuses, tools: [send], where: {to: {equals: Refuse}}, outcome: ask,
     eligible: ["slack:T024/UBEN"], expires_after: 1h, on_expiry: deny}
  - id: rounds
    tools: [send]
    where: {to: {equals: Rounds}}
    outcome: ask
    stages:
      - {eligible: ["slack:T024/UBEN"], expires_after: 1h, on_expiry: hold}
      - {eligible: ["slack:T024/UCYD"], expires_after: 2h, on_expiry: deny}
  - {id: reasoned, tools: [send], where: {to: {equals: Why}}, outcome: ask,
     eligible: ["slack:T024/UBEN"], reasons_for: [approve]}
  - {id: nights, tools: [send], where: {to: {equals: Night}}, outcome: ask,
     eligible: ["on-call:nights", "group:slack:T024/SNIGHT", thread-owner, "!requester"]}
  - {id: helped, tools: [look], agents: [helper], outcome: ask, eligible: ["role:approver"]}
  - {id: others, tools: [send], outcome: ask, eligible: ["role:approver", "!requester"]}
"""
HOUR = 3600.0


def letter(office: Governed, to: str) -> Approval:
    """Let the worker write to somebody; give what people are asked."""
    office.crew.plans(plan(step("a")))
    office.crew.works(calls(("send", {"to": to})), Answer(text="that is all"))
    office.ask()
    return office.asked()[0]


def now(office: Governed, approval: Approval) -> Approval:
    return office.product.runtime.approval(approval.id, workspace=None)


def later(office: Governed, approval: Approval, *, hours: float, until: str) -> Approval:
    """Let time pass, and wait until the sweep has put this on record."""
    office.product.clock.pass_time(hours * HOUR)
    office.product.until(lambda: until in office.events())
    return now(office, approval)


def test_a_quorum_is_distinct_people_and_a_no_without_veto_is_one_voice(office: Governed) -> None:
    asked = letter(office, "Two")

    with pytest.raises(Refused, match="kept from deciding"):
        office.decide(asked, ADA)
    assert not office.decide(asked, BEN).final
    with pytest.raises(Refused, match="you have decided already"):
        office.decide(asked, BEN)
    assert [one.name for one in now(office, asked).history] == ["Ben"]
    # Cyd is the only one left of two who must agree, so that no ends it.
    ended = office.decide(asked, CYD, Verdict.REJECT, reason="no")

    assert (ended.final, ended.approval.status) == (True, ApprovalStatus.REJECTED)
    office.ended()
    assert office.marks() == []


def test_who_has_a_veto_ends_it_alone_and_cannot_approve_by_it(office: Governed) -> None:
    asked = letter(office, "Two")

    with pytest.raises(Refused, match="may not decide"):
        office.decide(asked, DEE)
    ended = office.decide(asked, DEE, Verdict.REJECT, reason="not safe")

    assert (ended.final, ended.approval.decided_by) == (True, DEE.principal)


def test_an_approval_that_too_few_could_ever_give_raises_an_alarm_at_once(
    office: Governed,
) -> None:
    letter(office, "Three")

    assert "ApprovalCannotBeDecided" in office.events()
    place = office.product.runtime.view("1", workspace=None).place
    said = [
        str(entry.delivery.payload.get("text"))
        for entry in office.product.runtime.thread(place)
        if entry.delivery is not None
    ]
    assert any("3 must agree and only 2 could" in one for one in said)


def test_nobody_in_time_adds_people_rung_by_rung_and_then_holds(office: Governed) -> None:
    asked = letter(office, "Ladder")
    with pytest.raises(Refused, match="may not decide"):
        office.decide(asked, DEE)

    reminded = later(office, asked, hours=0.4, until="ApprovalReminded")
    assert reminded.reminders >= 1
    first = later(office, asked, hours=0.7, until="ApprovalEscalated")
    assert (first.rung, first.added) == (1, ("role:lead",))
    assert first.eligible_people == (BEN.principal, DEE.principal)
    office.product.clock.pass_time(1.1 * HOUR)
    office.product.until(lambda: now(office, asked).rung == 2)
    held = later(office, asked, hours=1.1, until="ApprovalOverdue")

    assert (held.status, held.expires_at) == (ApprovalStatus.PENDING, None)
    assert office.decide(asked, EVE).final
    office.ended()
    assert office.marks() == ["sent Ladder"]


def test_an_end_that_refuses_is_nobodys_no(office: Governed) -> None:
    asked = letter(office, "Refuse")

    ended = later(office, asked, hours=1.1, until="ApprovalExpired")

    assert (ended.status, ended.decided_by) == (ApprovalStatus.EXPIRED, None)
    office.ended()
    assert office.marks() == []
    assert "nobody decided in time" in office.crew.asked("worker")[1]
    told = [
        sentence(one.event, object_of(one.facts))
        for one in office.product.runtime.audit("1", workspace=None)
        if one.event == "ApprovalExpired"
    ]
    assert told == ["Nobody decided in time about send, and it was not made"]


def test_each_round_has_its_own_time(office: Governed) -> None:
    asked = letter(office, "Rounds")
    held = later(office, asked, hours=1.1, until="ApprovalOverdue")
    assert held.expires_at is None

    further = office.decide(asked, BEN)

    assert not further.final
    second = now(office, asked)
    assert (second.stage, second.eligible_people) == (1, (CYD.principal,))
    assert second.expires_at is not None
    ended = later(office, asked, hours=2.1, until="ApprovalExpired")
    assert ended.status == ApprovalStatus.EXPIRED


def test_a_reason_is_required_where_policy_says_so(office: Governed) -> None:
    asked = letter(office, "Why")

    with pytest.raises(Refused, match="wants a reason to approve"):
        office.decide(asked, BEN)

    assert office.decide(asked, BEN, reason="they wait for it").won


def test_who_is_on_call_or_in_a_group_at_the_click_may_decide(office: Governed) -> None:
    asked = letter(office, "Night")

    assert asked.eligible_groups == ("slack:T024/SNIGHT",)
    assert EVE.principal in asked.may_decide
    with pytest.raises(Refused, match="the group 'slack:T024/SNIGHT'"):
        office.decide(asked, CYD)
    assert office.decide(asked, replace(CYD, groups=("slack:T024/SNIGHT",))).won


def test_a_substitute_decides_once_and_never_who_is_kept_out(office: Governed) -> None:
    governing = office.product.runtime.governing
    asked = letter(office, "Other")
    with pytest.raises(NotFound, match="nobody called 'Zed'"):
        governing.away(BEN, until=None, to="Zed", present=False)
    governing.away(BEN, until=None, to=EVE.principal, present=False)
    governing.away(CYD, until=None, to="ada", present=True)

    assert now(office, asked).eligible_people == (CYD.principal, EVE.principal)
    with pytest.raises(Refused, match="kept from deciding"):
        office.decide(asked, ADA)
    decided = office.decide(asked, EVE)

    assert decided.final
    (said,) = now(office, asked).history
    assert (said.principal, said.on_behalf_of) == (EVE.principal, BEN.principal)


def test_one_vote_is_cast_once_by_a_person_or_their_substitute(office: Governed) -> None:
    governing = office.product.runtime.governing
    asked = letter(office, "Two")
    governing.away(BEN, until=None, to=EVE.principal, present=True)

    assert not office.decide(asked, EVE).final
    with pytest.raises(Refused, match="Eve has decided for you already"):
        office.decide(asked, BEN)
    with pytest.raises(Refused, match="may not decide"):
        office.decide(asked, EVE)
    assert governing.back(BEN) == 1
    assert office.decide(asked, CYD).final


def test_what_was_handed_on_ends_at_its_time_and_when_one_is_back(office: Governed) -> None:
    governing = office.product.runtime.governing
    asked = letter(office, "Other")
    soon = office.product.clock.now().replace(microsecond=0)
    governing.away(BEN, until=soon + timedelta(hours=1), to=EVE.principal, present=False)
    office.product.clock.pass_time(2 * HOUR)

    with pytest.raises(Refused, match="may not decide"):
        office.decide(asked, EVE)
    with pytest.raises(Refused, match="over already"):
        governing.away(BEN, until=soon, to=None, present=False)
    with pytest.raises(Refused, match="another workspace"):
        governing.away(BEN, until=None, to=_met(office, "Zoe", "T999"), present=False)


def _met(office: Governed, name: str, team: str) -> str:
    stranger = member(name, team=team)
    office.product.runtime.governing.away(stranger, until=None, to=None, present=True)
    return stranger.principal


def test_when_a_task_fails_what_was_asked_below_it_closes_with_it(office: Governed) -> None:
    office.crew.plans(plan(step("a"), step("b")))
    office.crew.works(calls(("send", {"to": "Other"})), task="task of a")
    office.crew.works(
        calls(("send", {"to": "Other"}), ("hand_off", {"agent": "helper", "task": "help"})),
        task="task of b",
    )
    office.ask()
    office.asked(2)
    runtime = office.product.runtime

    # The one task that failed takes its question with it; its sibling's goes on being asked.
    database = runtime.database
    with database.write() as connection:
        tasks = trees.tasks_of_root(connection, runtime.view("1", workspace=None).run.id)
        failed = next(one for one in tasks if one.path.endswith("/a"))
        trees.cancel_below(connection, failed, now=office.product.clock.now())
        Announcements(office.product.clock).cut_off(connection, failed)

    statuses = {
        one.step_id.split("/")[3]: one.status for one in runtime.view("1", workspace=None).approvals
    }
    assert statuses == {"a": ApprovalStatus.CANCELLED, "b": ApprovalStatus.PENDING}


def test_a_call_of_an_agents_agent_asks_in_the_runs_own_thread_and_names_the_way(
    office: Governed,
) -> None:
    office.crew.plans(plan(step("a")))
    office.crew.works(
        calls(("hand_off", {"agent": "helper", "task": "look it up"})), Answer(text="done")
    )
    office.crew.works(calls(("look", {"what": "it"})), Answer(text="found"), who="helper")
    run = office.ask(key="thread-of-ada")
    (asked,) = office.asked()

    assert [one.split("@")[0] for one in asked.chain] == ["worker", "helper"]
    assert asked.agent.startswith("helper@")
    assert office.marks() == []
    place = office.product.runtime.view(run, workspace=None).place
    shown = [
        entry.delivery.subject_id
        for entry in office.product.runtime.thread(place)
        if entry.delivery is not None
    ]
    assert place.key == "thread-of-ada"
    assert asked.id in shown
    # The decision wakes every agent above the call.
    office.decide(asked, BEN)
    assert office.ended(run).status == "succeeded"
    assert office.marks() == ["looked it"]
