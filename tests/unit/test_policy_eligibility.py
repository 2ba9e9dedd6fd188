"""Who may decide, and that every doubt is a no."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runtime.domain.approval import Stage
from runtime.domain.conversation import Person, PersonKind
from runtime.policy.case import Case
from runtime.policy.eligibility import may_decide
from runtime.policy.parse import parse_policy
from runtime.policy.policy import Policy

ANN = Person(channel="slack", workspace="T024", external_id="U061", name="Ann")
BOB = Person(channel="slack", workspace="T024", external_id="U002", name="Bob")
STAGE = Stage(eligible=("requester", "role:approver"))


def _case(requester: str) -> Case:
    return Case(requester=requester)


@pytest.fixture
def policy() -> Policy:
    return parse_policy(
        "version: 1\nroles: {approver: ['slack:T024/U061', 'terminal:local/*'], nobody: []}",
        file="policy.yaml",
    )


def test_a_person_of_the_role_may_decide(policy: Policy) -> None:
    assert may_decide(policy, STAGE, ANN, _case(BOB.principal)) is None


def test_the_requester_may_decide_where_the_stage_says_so(policy: Policy) -> None:
    assert may_decide(policy, STAGE, BOB, _case(BOB.principal)) is None


def test_anybody_else_is_told_which_role_is_missing(policy: Policy) -> None:
    reason = may_decide(policy, STAGE, BOB, _case(ANN.principal))

    assert reason is not None
    assert "slack:T024/U002" in reason
    assert "the requester or the role 'approver'" in reason


def test_a_glob_names_everybody_on_this_machine(policy: Policy) -> None:
    person = Person(channel="terminal", workspace="local", external_id="eve")

    assert may_decide(policy, STAGE, person, _case(ANN.principal)) is None


@pytest.mark.parametrize("kind", [kind for kind in PersonKind if kind is not PersonKind.MEMBER])
def test_guests_externals_and_bots_never_decide(policy: Policy, kind: PersonKind) -> None:
    reason = may_decide(policy, STAGE, replace(ANN, kind=kind), _case(ANN.principal))

    assert reason is not None
    assert "may not decide" in reason


@pytest.mark.parametrize("field", ["channel", "workspace", "external_id"])
def test_an_incomplete_identity_never_decides(policy: Policy, field: str) -> None:
    unknown = replace(ANN, **{field: ""})

    assert may_decide(policy, Stage(eligible=("requester",)), unknown, _case(unknown.principal))


@pytest.mark.parametrize("eligible", [(), ("role:nobody",), ("role:gone",)])
def test_a_stage_that_names_nobody_lets_nobody_in(
    policy: Policy, eligible: tuple[str, ...]
) -> None:
    reason = may_decide(policy, Stage(eligible=eligible), ANN, _case(ANN.principal))

    assert reason is not None
    assert "nobody is eligible" in reason
    assert policy.eligible_names(Stage(eligible=eligible), _case(ANN.principal)) == ()


def test_the_same_id_in_another_workspace_is_somebody_else(policy: Policy) -> None:
    stranger = replace(ANN, workspace="T999")

    assert may_decide(policy, STAGE, stranger, _case(BOB.principal)) is not None


def test_a_requester_named_like_a_pattern_opens_nothing(policy: Policy) -> None:
    star = Person(channel="slack", workspace="T024", external_id="*")

    assert (
        may_decide(policy, Stage(eligible=("requester",)), BOB, _case(star.principal)) is not None
    )
    assert may_decide(policy, Stage(eligible=("requester",)), star, _case(star.principal)) is None


def test_a_stage_may_shut_the_requester_out(policy: Policy) -> None:
    stage = Stage(eligible=("role:approver", "!requester"))

    assert may_decide(policy, stage, ANN, _case(BOB.principal)) is None
    reason = may_decide(policy, stage, ANN, _case(ANN.principal))

    assert reason is not None
    assert "somebody else must" in reason


def test_names_for_display_are_resolved_and_not_repeated(policy: Policy) -> None:
    names = policy.eligible_names(STAGE, _case("slack:T024/U061"))

    assert names == ("slack:T024/U061", "terminal:local/*")


def test_eligibility_follows_the_policy_as_it_is_now(policy: Policy) -> None:
    without = parse_policy("version: 1\nroles: {approver: ['slack:T024/U002']}", file="p")

    assert may_decide(policy, STAGE, ANN, _case("x")) is None
    assert may_decide(without, STAGE, ANN, _case("x")) is not None


def test_somebody_is_eligible_and_kept_out_by_any_of_their_accounts(policy: Policy) -> None:
    both = replace(ANN, also=("teams:T/ann",))

    assert may_decide(policy, Stage(eligible=("teams:T/ann",)), both, _case(BOB.principal)) is None
    kept = may_decide(
        policy, Stage(eligible=(ANN.principal, "!requester")), both, _case("teams:T/ann")
    )

    assert kept is not None
    assert "kept from deciding" in kept
