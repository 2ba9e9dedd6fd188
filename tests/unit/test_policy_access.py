"""Who may use Baton for what, and that whatever nobody allowed is refused by name."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from runtime.catalog.catalog import Catalog
from runtime.catalog.load import load_catalog
from runtime.catalog.policy_of import policy_of
from runtime.domain.conversation import Person, PersonKind
from runtime.domain.effects import Effect
from runtime.domain.errors import Misconfigured
from runtime.policy.access import Right
from runtime.policy.decision import Outcome, Proposal
from runtime.policy.parse import parse_policy

ANN = Person(channel="slack", workspace="T1", external_id="UANN", name="Ann")
BOB = Person(channel="slack", workspace="T1", external_id="UBOB", name="Bob")
STRICT = """version: 1
roles: {buyer: ["slack:T1/UANN"]}
access:
  - {who: ["role:buyer"], may: [ask], start: ["buy-*", analyst]}
  - {who: ["slack:T1/*"], may: [see-own]}
"""


def test_without_a_list_members_ask_and_see_and_roles_do_more() -> None:
    policy = parse_policy("version: 1\nroles: {operator: ['slack:T1/UANN']}", file="policy.yaml")

    for right in (Right.ASK, Right.SEE, Right.GRANT, Right.DELEGATE):
        assert policy.lacks(BOB, right) is None
    for right in (Right.STEER, Right.HALT, Right.PUBLISH, Right.ADMINISTER):
        assert policy.lacks(ANN, right) is None
        assert f"the grant {right.value!r}" in (policy.lacks(BOB, right) or "")


def test_with_a_list_what_is_not_in_it_is_refused_by_the_name_of_the_grant() -> None:
    policy = parse_policy(STRICT, file="policy.yaml")

    assert policy.lacks(ANN, Right.ASK, start="buy-laptops") is None
    assert policy.lacks(ANN, Right.ASK) is None
    assert "'ask' for 'payroll'" in (policy.lacks(ANN, Right.ASK, start="payroll") or "")
    assert "slack:T1/UBOB" in (policy.lacks(BOB, Right.ASK) or "")
    assert policy.lacks(BOB, Right.SEE_OWN) is None
    assert policy.lacks(BOB, Right.SEE) is not None
    assert policy.lacks(replace(BOB, also=(ANN.principal,)), Right.ASK) is None


@pytest.mark.parametrize("kind", [kind for kind in PersonKind if kind is not PersonKind.MEMBER])
def test_guests_externals_and_bots_have_no_rights(kind: PersonKind) -> None:
    policy = parse_policy("version: 1", file="policy.yaml")

    assert all(policy.lacks(replace(ANN, kind=kind), right) for right in Right)


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ("{who: [member]}", "needs 'may'"),
        ("{who: [member], may: [fly]}", "'fly' is not known"),
        ("{who: ['role:nobody'], may: [ask]}", "not defined"),
        ("{who: [ann], may: [ask]}", "names nobody"),
    ],
)
def test_a_mistake_in_the_list_is_named_with_its_line(entry: str, complaint: str) -> None:
    with pytest.raises(Misconfigured, match=complaint) as caught:
        parse_policy(f"version: 1\naccess:\n  - {entry}\n", file="policy.yaml")

    assert "policy.yaml:3" in caught.value.public


def _proposal(agent: str, amount: int) -> Proposal:
    return Proposal(
        tool="pay", effect=Effect.WRITE, arguments={"amount": amount}, agent=agent,
        requester=ANN.principal, channel="slack",
    )  # fmt: skip


def test_an_agents_own_policy_tightens_for_that_agent_alone() -> None:
    catalog = Catalog.of(
        [],
        policy_text="version: 1\nroles: {boss: ['slack:T1/UANN']}",
        agent_policies={
            "clerk": "version: 1\nrules:\n  - {id: big, tools: [pay], where: {amount: {over: 5}},"
            " outcome: ask, eligible: ['role:boss']}\n"
        },
    )
    policy = policy_of(Catalog.from_json(catalog.to_json()))

    decided = policy.decide(_proposal("clerk", 6))
    assert (decided.outcome, decided.rule) == (Outcome.ASK, "clerk/big")
    assert policy.decide(_proposal("clerk", 5)).outcome is Outcome.ALLOW
    assert policy.decide(_proposal("other", 6)).outcome is Outcome.ALLOW


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ("{id: a, tools: [pay], outcome: allow}", "only tightens"),
        ("{id: a, tools: [pay], agents: [other], outcome: deny}", "speaks of 'clerk' alone"),
        ("{id: a, tools: [pay], outcome: ask, eligible: ['role:none']}", "not defined"),
    ],
)
def test_an_agents_own_policy_may_not_loosen(tmp_path: Path, rule: str, complaint: str) -> None:
    (tmp_path / "clerk").mkdir()
    (tmp_path / "clerk" / "agent.md").write_text(
        "---\nname: clerk\nrole: worker\ndescription: Pays.\ntier: light\n---\nYou pay.\n"
    )
    (tmp_path / "clerk" / "policy.yaml").write_text(f"version: 1\nrules:\n  - {rule}\n")

    with pytest.raises(Misconfigured, match=complaint) as caught:
        load_catalog(tmp_path)

    assert "clerk/policy.yaml" in caught.value.public


def test_two_hundred_rules_are_decided_in_less_than_a_millisecond() -> None:
    rules = "\n".join(
        f"  - {{id: r{n}, tools: [tool_{n}, 'x{n}_*'], where: {{amount: {{over: {n}}}}},"
        f" outcome: {'deny' if n % 3 else 'ask'}}}"
        for n in range(200)
    )
    policy = parse_policy(f"version: 1\nrules:\n{rules}\n", file="policy.yaml")
    proposal = Proposal(
        tool="tool_199", effect=Effect.WRITE, arguments={"amount": 1000}, agent="a",
        requester=ANN.principal, channel="slack",
    )  # fmt: skip

    best = 1.0
    for _ in range(20):
        began = time.perf_counter()
        policy.decide(proposal)
        best = min(best, time.perf_counter() - began)

    assert best < 0.001
