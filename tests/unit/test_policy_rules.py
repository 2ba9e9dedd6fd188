"""Which outcome a policy gives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.domain.approval import OnExpiry, Stage
from runtime.domain.effects import Effect
from runtime.domain.json import Json, JsonObject
from runtime.policy.binding import call_digest
from runtime.policy.condition import Comparison, Condition
from runtime.policy.decision import Outcome, Proposal
from runtime.policy.parse import parse_policy
from runtime.policy.policy import Policy
from runtime.policy.rule import Rule

POLICY = """
version: 1
roles:
  approver: ["console:local/*", "slack:T024/U061"]
  treasurer: ["slack:T024/U900"]
defaults: {read: allow, write: allow, irreversible: ask}
rules:
  - id: purchase-orders
    tools: [record_purchase_order]
    where: {amount: {over: 10000}}
    outcome: ask
    stages:
      - {eligible: ["role:approver"], quorum: 2}
      - {eligible: ["role:treasurer"]}
    expires_after: 1d12h
    on_expiry: hold
    reason: A purchase order commits money.
  - id: small-orders
    tools: [record_purchase_order]
    where: {amount: {at_most: 500}, currency: {in: [EUR, USD]}}
    outcome: allow
  - id: no-deletes
    tools: ["*.delete_*"]
    outcome: deny
  - id: outside-mail
    tools: [send_mail]
    where: {"to.0.address": {matches: '[^@]+@example\\.com'}}
    outcome: allow
"""


def proposal(
    tool: str = "record_purchase_order",
    arguments: JsonObject | None = None,
    effect: Effect = Effect.IRREVERSIBLE,
) -> Proposal:
    return Proposal(
        tool=tool,
        effect=effect,
        arguments=arguments or {},
        agent="operator",
        requester="slack:T024/U001",
        channel="slack",
    )


@pytest.fixture
def policy() -> Policy:
    return parse_policy(POLICY, file="policy.yaml")


def test_a_rule_that_applies_gives_its_outcome_stages_and_reason(policy: Policy) -> None:
    decision = policy.decide(proposal(arguments={"amount": 12_000, "currency": "EUR"}))

    assert decision.outcome is Outcome.ASK
    assert decision.rule == "purchase-orders"
    assert decision.reason == "A purchase order commits money."
    assert decision.stages == (
        Stage(eligible=("role:approver",), quorum=2),
        Stage(eligible=("role:treasurer",)),
    )
    assert decision.expires_after_seconds == 36 * 3600
    assert decision.on_expiry is OnExpiry.HOLD
    assert decision.policy == policy.digest


def test_a_call_no_rule_speaks_of_gets_the_default_of_its_effect(policy: Policy) -> None:
    reading = policy.decide(proposal("list_files", effect=Effect.READ))
    sending = policy.decide(proposal("post", effect=Effect.IRREVERSIBLE))

    assert (reading.outcome, reading.rule) == (Outcome.ALLOW, "default")
    assert (sending.outcome, sending.rule) == (Outcome.ASK, "default")
    assert sending.stages == (Stage(eligible=("requester", "role:approver")),)


@pytest.mark.parametrize("arguments", [{}, {"amount": "12000"}, {"amount": None}, {"amount": True}])
def test_an_argument_that_is_missing_or_mistyped_counts_against_the_call(
    policy: Policy, arguments: JsonObject
) -> None:
    decision = policy.decide(proposal(arguments=arguments))

    assert decision.rule == "purchase-orders"


def test_an_allowing_rule_needs_every_condition_to_hold(policy: Policy) -> None:
    both = policy.decide(proposal(arguments={"amount": 500, "currency": "EUR"}))
    other_currency = policy.decide(proposal(arguments={"amount": 500, "currency": "GBP"}))
    none = policy.decide(proposal(arguments={"amount": 500}))

    assert both.rule == "small-orders"
    assert other_currency.rule == "default"
    assert none.rule == "default"


def test_the_strictest_of_several_rules_wins_whatever_their_order() -> None:
    rules = [
        Rule(id="allow", outcome=Outcome.ALLOW, tools=("*",)),
        Rule(id="deny", outcome=Outcome.DENY, tools=("post",)),
        Rule(id="ask", outcome=Outcome.ASK, tools=("po*",)),
    ]

    for order in (rules, rules[::-1]):
        decision = Policy(roles={}, rules=tuple(order)).decide(proposal("post"))
        assert decision.rule == "deny"


def test_among_asking_rules_the_one_that_needs_more_people_wins() -> None:
    one = Rule(
        id="one", outcome=Outcome.ASK, tools=("*",), stages=(Stage(eligible=("requester",)),)
    )
    two = Rule(
        id="two",
        outcome=Outcome.ASK,
        tools=("*",),
        stages=(Stage(eligible=("slack:T/U",), quorum=2),),
    )

    plain = Rule(id="plain", outcome=Outcome.ASK, tools=("*",))

    assert Policy(roles={}, rules=(one, two)).decide(proposal()).rule == "two"
    assert Policy(roles={}, rules=(plain, one)).decide(proposal()).rule == "plain"
    assert Policy(roles={}, rules=(one, plain)).decide(proposal()).rule == "one"


def test_a_glob_reaches_the_tools_of_every_server(policy: Policy) -> None:
    assert policy.decide(proposal("crm.delete_customer")).outcome is Outcome.DENY
    assert policy.decide(proposal("crm.read_customer")).outcome is Outcome.ASK


def test_a_pattern_must_match_the_whole_value(policy: Policy) -> None:
    inside: JsonObject = {"to": [{"address": "ann@example.com"}]}
    disguised: JsonObject = {"to": [{"address": "ann@example.com.evil.test"}]}
    endless: JsonObject = {"to": [{"address": "a" * 300 + "@example.com"}]}

    assert policy.decide(proposal("send_mail", inside)).outcome is Outcome.ALLOW
    assert policy.decide(proposal("send_mail", disguised)).outcome is Outcome.ASK
    assert policy.decide(proposal("send_mail", endless)).outcome is Outcome.ASK


def test_selectors_on_agent_requester_channel_and_effect_all_must_fit() -> None:
    rule = Rule(
        id="r",
        outcome=Outcome.DENY,
        agents=("oper*",),
        requesters=("slack:T024/*",),
        channels=("slack",),
        effects=(Effect.IRREVERSIBLE,),
    )

    assert rule.fits(proposal())
    assert not rule.fits(proposal(effect=Effect.READ))


@pytest.mark.parametrize(
    ("test", "value", "actual", "expected"),
    [
        (Comparison.EQUALS, 5, 5, True),
        (Comparison.EQUALS, 1, True, None),
        (Comparison.NOT, "EUR", "USD", True),
        (Comparison.NOT, "EUR", 5, None),
        (Comparison.IN, ["a", "b"], "c", False),
        (Comparison.IN, ["a"], 5, None),
        (Comparison.OVER, 10, 10, False),
        (Comparison.AT_LEAST, 10, 10, True),
        (Comparison.UNDER, 10, 9.99, True),
        (Comparison.AT_MOST, 10, float("nan"), None),
        (Comparison.MATCHES, "[a-z]+", "abc\n", False),
        (Comparison.MATCHES, "[a-z]+", ["abc"], None),
    ],
)
def test_a_condition_compares_like_with_like(
    test: Comparison, value: Json, actual: Json, expected: bool | None
) -> None:
    assert Condition(path="x", test=test, value=value).holds({"x": actual}) is expected


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(arguments=st.dictionaries(st.sampled_from(["amount", "currency", "to"]), _json))
def test_no_arguments_slip_past_a_rule_unless_they_plainly_do_not_match(
    arguments: dict[str, Json],
) -> None:
    policy = parse_policy(POLICY, file="policy.yaml")

    decision = policy.decide(proposal(arguments=arguments))

    amount = arguments.get("amount")
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        assert decision.rule == "purchase-orders"
        return
    if amount > 10_000:
        assert decision.rule == "purchase-orders"
    if decision.outcome is Outcome.ALLOW:
        assert amount <= 500
        assert arguments["currency"] in ("EUR", "USD")


def test_the_digest_names_the_meaning_and_not_the_spelling() -> None:
    spaced = "# ours\n" + POLICY.replace("quorum: 2", "quorum:   2")
    other = POLICY.replace("quorum: 2", "quorum: 3")

    digests = [parse_policy(text, file="p").digest for text in (POLICY, spaced, other)]

    assert digests[0] == digests[1] != digests[2]


def test_a_call_digest_covers_everything_a_person_agreed_to() -> None:
    base = {
        "tool": "post",
        "arguments": {"a": 1, "b": [2]},
        "agent": "operator@1",
        "policy": "p",
        "fingerprint": None,
    }
    same = {**base, "arguments": {"b": [2], "a": 1}}
    changes = [
        {"tool": "put"},
        {"arguments": {"a": 1, "b": [3]}},
        {"agent": "operator@2"},
        {"policy": "q"},
        {"fingerprint": "f"},
    ]

    digests = {call_digest(**{**base, **change}) for change in changes}  # pyright: ignore[reportArgumentType] - built from parts

    assert call_digest(**base) == call_digest(**same)  # pyright: ignore[reportArgumentType] - built from parts
    assert len(digests | {call_digest(**base)}) == 6  # pyright: ignore[reportArgumentType] - built from parts
