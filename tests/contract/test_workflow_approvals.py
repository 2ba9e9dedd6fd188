"""Who decides on what a workflow puts before people: its own stages, or a rule of the policy."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from runtime.domain.approval import Approval, OnExpiry, Verdict
from runtime.expressions.evaluator import Evaluator
from runtime.storage import approvals
from tests.worlds.flows import FlowWorld, opened

POLICY = """\
version: 1
roles: {boss: ["slack:T1/U9"], board: ["slack:T1/U7", "slack:T1/U8"]}
defaults: {read: allow, write: allow, irreversible: ask}
rules:
  - id: big-spending
    tools: [pay]
    outcome: ask
    stages:
      - {eligible: ['role:boss']}
      - {eligible: ['role:board'], quorum: 2, reasons_for: [reject]}
    expires_after: 3d
    on_expiry: deny
    reason: It is much money.
  - {id: never, tools: [burn], outcome: deny}
"""


@pytest.fixture
def world(sqlite_url: str, evaluator: Evaluator, tmp_path: Path) -> Iterator[FlowWorld]:
    make = partial(FlowWorld, evaluator=evaluator, data=tmp_path, policy=POLICY)
    with opened(sqlite_url, make) as made:
        yield made


def asked(world: FlowWorld, given: str) -> Approval:
    run_id = world.accept(f"do:\n  - a: {{call: approval, with: {{title: Go on, {given}}}}}\n")
    world.engines.do(world.process(), run_id)
    with world.database.read() as connection:
        found = approvals.of_run(connection, run_id)
    assert len(found) == 1, world.outcome(run_id)
    return found[0]


def refused(world: FlowWorld, given: str) -> str:
    run_id = world.accept(f"do:\n  - a: {{call: approval, with: {{title: Go on, {given}}}}}\n")
    world.engines.do(world.process(), run_id)
    problem = world.outcome(run_id).problem
    assert str(problem["type"]).endswith("/errors/configuration"), problem
    return str(problem["detail"])


def test_a_rule_of_the_policy_says_who_is_asked_and_what_time_does(world: FlowWorld) -> None:
    found = asked(world, "policy: big-spending")

    assert [(stage.eligible, stage.quorum) for stage in found.stages] == [
        (("role:boss",), 1),
        (("role:board",), 2),
    ]
    assert found.stages[1].reasons_for == (Verdict.REJECT,)
    assert (found.rule, found.reason) == ("big-spending", "It is much money.")
    assert found.ends_at is not None
    assert (found.ends_at - found.created_at).days == 3
    assert found.ends_how is OnExpiry.DENY


def test_what_the_task_says_itself_goes_before_the_rule(world: FlowWorld) -> None:
    found = asked(
        world,
        "policy: big-spending, stages: [{eligible: requester}], expires: PT1H, on_expiry: hold,"
        " reason: Just so",
    )

    assert [stage.eligible for stage in found.stages] == [("requester",)]
    assert found.ends_at is not None
    assert (found.ends_at - found.created_at).total_seconds() == 3600
    assert (found.ends_how, found.reason) == (OnExpiry.HOLD, "Just so")


def test_a_stage_says_all_that_one_of_a_rule_may_say(world: FlowWorld) -> None:
    found = asked(
        world,
        "stages: [{eligible: ['role:board', '!requester'], quorum: 2, veto: ['role:boss'],"
        " expires_after: PT4H30M, on_expiry: escalate, escalate_to: ['role:boss'],"
        " remind_every: {minutes: 30}, reasons_for: [reject]}]",
    )

    [stage] = found.stages
    assert (stage.quorum, stage.veto, stage.escalate_to) == (2, ("role:boss",), (("role:boss",),))
    assert (stage.limit_seconds, stage.remind_seconds) == (4.5 * 3600, 1800)
    assert stage.on_limit is OnExpiry.ESCALATE


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("policy: big-spendin", "no rule 'big-spendin' by which people are asked; write 'big-sp"),
        ("policy: never", "no rule 'never' by which people are asked"),
        ("stages: [{quorum: 2}]", "stages[0]: say who may decide"),
        ("stages: [{eligible: [Ann]}]", "stages[0].eligible: 'Ann' names nobody"),
        ("stages: [{eligible: requester, quorum: 0}]", "a quorum is a whole number"),
        ("on_expiry: '${ \"approve\" }'", "'on_expiry' is 'approve'; write hold or deny"),
    ],
)
def test_what_cannot_be_asked_so_fails_with_a_word_about_it(
    world: FlowWorld, given: str, words: str
) -> None:
    assert words in refused(world, given)


def test_a_role_that_is_gone_stands_for_nobody_and_ends_no_run(world: FlowWorld) -> None:
    assert asked(world, "stages: [{eligible: ['role:gone']}]").stages[0].eligible == ("role:gone",)
