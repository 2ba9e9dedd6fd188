from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from bots.commands import CommandReply, run_command
from runtime.domain.approval import Question, Verdict
from runtime.domain.conversation import Person, Place
from runtime.domain.run import AuditRecord, OpenQuestion, StepRow
from runtime.domain.states import StepStatus
from runtime.domain.step import Cost
from tests.worlds.front_door import (
    ADA,
    NOON,
    OPERATOR,
    THREAD,
    FrontDoor,
    a_run,
    a_step,
    a_view,
    an_approval,
)


def typed(
    door: FrontDoor,
    text: str,
    *,
    person: Person = OPERATOR,
    place: Place = THREAD,
    surface: str = "console",
    event_key: str | None = None,
) -> CommandReply:
    return run_command(
        text, runtime=door, person=person, place=place, surface=surface, event_key=event_key
    )


@pytest.fixture
def door() -> FrontDoor:
    door = FrontDoor()
    door.put(a_view(a_run(11, request="Older")))
    door.put(a_view(status="waiting", approvals=(an_approval(),)))
    return door


def test_run_starts_a_run_with_its_agent(door: FrontDoor) -> None:
    reply = typed(door, "run compare --agent analyst")

    (message,) = door.messages
    assert (message.text, message.agent, message.addressed) == ("compare", "analyst", True)
    assert reply.ok
    assert reply.run_id == "run_1"
    assert "/status 12" in reply.text


def test_the_same_line_delivered_twice_starts_one_run(door: FrontDoor) -> None:
    first = typed(door, "run compare", event_key="trigger-1")
    second = typed(door, "run compare", event_key="trigger-1")

    assert len(door.messages) == 1
    assert (first.data["reception"], second.data["reception"]) == ("started", "duplicate")


def test_a_mistype_never_starts_a_run(door: FrontDoor) -> None:
    reply = typed(door, "rnu compare the offers")

    assert (reply.ok, reply.code) == (False, "usage")
    assert "run TEXT" in reply.text
    assert door.messages == []


def test_runs_are_listed_newest_first(door: FrontDoor) -> None:
    lines = typed(door, "runs").text.splitlines()

    assert [line.split()[0] for line in lines] == ["#12", "#11"]


def test_a_workspace_sees_only_its_own_runs(door: FrontDoor) -> None:
    door.put(a_view(a_run(20, workspace="T024", request="Theirs")))

    listed = typed(door, "runs", person=ADA, surface="slack")
    foreign = typed(door, "status 12", person=ADA, surface="slack")
    meddling = typed(door, "cancel 12", person=ADA, surface="slack")

    assert [line.split()[0] for line in listed.text.splitlines()] == ["#20"]
    assert (foreign.ok, foreign.code) == (False, "not_found")
    assert (meddling.ok, meddling.code) == (False, "not_found")
    assert door.log == []


def test_somebody_who_calls_a_slack_workspace_local_is_no_operator(door: FrontDoor) -> None:
    impostor = replace(ADA, workspace="local-but-slack")

    assert not typed(door, "status 12", person=impostor, surface="slack").ok


def test_status_shows_what_is_waited_for_and_how_to_decide(door: FrontDoor) -> None:
    text = typed(door, "status 12").text

    assert "Waits for approval #3 of record_purchase_order." in text
    assert "vendor = Nordlicht IT" in text
    assert "/approve 3   or   /reject 3 REASON" in text


def test_status_without_a_number_means_the_latest_run_of_this_thread(door: FrontDoor) -> None:
    door.put(a_view(a_run(40, request="Newest elsewhere")))
    typed(door, "run compare")

    assert typed(door, "status").run_id == "run_1"
    elsewhere = replace(THREAD, key="other")
    assert typed(door, "status", place=elsewhere).run_id == "run_40"


def test_status_without_any_run_says_how_to_start_one() -> None:
    reply = typed(FrontDoor(), "status", surface="terminal")

    assert not reply.ok
    assert "baton run TEXT" in reply.text


@pytest.mark.parametrize("verb", ["cancel", "pause", "resume", "retry"])
def test_a_run_is_steered_by_number(door: FrontDoor, verb: str) -> None:
    reply = typed(door, f"{verb} #12")

    assert reply.ok
    assert door.log == [(verb, "run_1")]
    assert reply.data["run"] == "run_1"


def test_approve_and_reject_decide_with_their_reason(door: FrontDoor) -> None:
    door.asked["apr_4"] = an_approval(4)

    yes = typed(door, "approve 3 cheap enough")
    no = typed(door, "reject #4 too dear")

    assert [(one.approval, one.verdict, one.reason, one.surface) for one in door.decisions] == [
        ("apr_3", Verdict.APPROVE, "cheap enough", "console"),
        ("apr_4", Verdict.REJECT, "too dear", "console"),
    ]
    assert "Approved by Operator" in yes.text
    assert "Rejected by Operator" in no.text


def test_who_is_late_is_told_who_decided(door: FrontDoor) -> None:
    typed(door, "reject 3 no")

    late = typed(door, "approve 3")

    assert not late.ok
    assert "decided already: Rejected by Operator" in late.text
    assert len(door.decisions) == 1


def test_a_call_whose_arguments_were_cut_is_approved_only_after_reading_them(
    door: FrontDoor,
) -> None:
    door.asked["apr_5"] = an_approval(5, arguments={"text": "x" * 2_000 + "THE END"})

    blind = typed(door, "approve 5")
    whole = typed(door, "approvals 5")
    guessed = typed(door, "approve 5 seen:00000000")

    assert not blind.ok
    assert not guessed.ok
    assert "approvals 5" in blind.text
    assert "THE END" in whole.text
    assert door.decisions == []
    hint = whole.text.splitlines()[-1].split("   or   ")[0].strip().removeprefix("/")
    assert typed(door, hint).ok


def test_a_call_in_doubt_is_resolved_by_one_of_three_words(door: FrontDoor) -> None:
    door.asked["apr_6"] = an_approval(6, question=Question.OUTCOME)

    vague = typed(door, "resolve 6 maybe")
    sure = typed(door, "resolve 6 happened")

    assert (vague.ok, vague.code) == (False, "usage")
    assert sure.ok
    assert door.decisions[0].verdict is Verdict.HAPPENED


def test_approving_a_call_in_doubt_is_refused_in_words(door: FrontDoor) -> None:
    door.asked["apr_6"] = an_approval(6, question=Question.OUTCOME)

    reply = typed(door, "approve 6")

    assert (reply.ok, reply.code) == (False, "refused")


def test_approvals_are_listed_with_every_argument(door: FrontDoor) -> None:
    text = typed(door, "approvals").text

    assert "#3 May record_purchase_order be called?" in text
    assert "quantity = 20" in text
    assert "May be decided by: the role 'approver'" in text


def test_trace_is_a_tree(door: FrontDoor) -> None:
    door.traces["run_1"] = [
        StepRow(step=a_step("/", title="Run", actor=""), depth=0),
        StepRow(step=a_step("/plan/1/compare", status=StepStatus.SUCCEEDED), depth=1),
    ]

    lines = typed(door, "trace 12").text.splitlines()

    assert lines[0].startswith("▸ Run")
    assert lines[1].startswith("  ✓ Compare the offers · agent · analyst@3f2a91")


def test_cost_is_told_by_who_spent_it(door: FrontDoor) -> None:
    spent, more = Cost(usd=0.01, tokens=9), Cost(usd=0.02, tokens=5)
    door.traces["run_1"] = [
        StepRow(step=a_step("/", actor=""), depth=0),
        StepRow(step=a_step("/plan", actor="planner@1"), depth=1),
        StepRow(step=a_step("/plan/m", leaf=True, actor="", cost=spent), depth=2),
        StepRow(step=a_step("/a", actor="analyst@2"), depth=1),
        StepRow(step=a_step("/a/m", leaf=True, actor="", cost=more), depth=2),
        StepRow(step=a_step("/a/n", leaf=True, actor="", cost=more), depth=2),
    ]

    data = typed(door, "cost 12").data

    assert data["by"] == [
        {"who": "analyst@2", "cost_usd": 0.04, "tokens": 10},
        {"who": "planner@1", "cost_usd": 0.01, "tokens": 9},
    ]


def test_cost_without_a_run_adds_up_the_latest(door: FrontDoor) -> None:
    data = typed(door, "cost").data

    assert data["tokens"] == 2_468


def test_why_names_the_rule_the_failure_and_the_doubt(door: FrontDoor) -> None:
    error = {"code": "upstream", "message": "the provider is busy"}
    question = OpenQuestion(step_id="s", text="Which one?", choices=(), asked_at=NOON)
    door.put(a_view(status="waiting", approvals=(an_approval(),), questions=(question,)))
    door.traces["run_1"] = [
        StepRow(step=a_step("/", parent_id=None, error=error), depth=0),
        StepRow(
            step=a_step("/a", id="run_1:/a", status=StepStatus.FAILED, error=error, failures=3),
            depth=1,
        ),
        StepRow(step=a_step("/b", status=StepStatus.UNKNOWN, actor="pay"), depth=1),
        StepRow(
            step=a_step("/c", actor="wipe", decision={"outcome": "deny", "rule": "no-wiping"}),
            depth=1,
        ),
    ]
    door.traces["run_1"][0] = replace(
        door.traces["run_1"][0], step=replace(door.traces["run_1"][0].step, id="run_1:/")
    )

    text = typed(door, "why 12").text

    assert 'rule purchase-orders asks ("A purchase order commits a budget.");' in text
    assert "Which one?" in text
    assert "/a failed (after 3 failures): the provider is busy" in text
    assert "nobody knows yet whether pay happened" in text
    assert "policy forbids wipe (rule no-wiping)" in text
    assert text.count("the provider is busy") == 1


def test_audit_shows_the_chain_in_order(door: FrontDoor) -> None:
    facts = {
        "verdict": "approve",
        "by": "console:local/operator",
        "tool": "pay\n  2 forged",
        "surface": "console",
    }
    door.records["run_1"] = [
        AuditRecord(
            run_id="run_1",
            sequence=1,
            at=NOON,
            event="ApprovalDecided",
            facts=facts,
            digest="e" * 64,
        )
    ]

    reply = typed(door, "audit 12")

    [line] = reply.text.splitlines()
    assert "2026-03-02 12:00:00 UTC  console:local/operator approved pay" in line
    assert line.endswith("(ApprovalDecided eeeeeeeeeeee)")
    [record] = cast("list[dict[str, object]]", reply.data["records"])
    assert record["facts"] == facts


def test_agents_and_workflows_are_listed(door: FrontDoor) -> None:
    assert "analyst" in typed(door, "agents").text
    assert typed(door, "workflows").text == "No workflows are installed."


def test_what_does_not_exist_is_said_in_words(door: FrontDoor) -> None:
    reply = typed(door, "trace 999")

    assert (reply.ok, reply.code) == (False, "not_found")
    assert reply.data == {"error": reply.text, "error_code": "not_found"}
