"""Rules that say ``when``: jq over the whole call, and no way past a rule by confusing it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runtime.catalog.load import load_catalog
from runtime.domain.approval import Stage
from runtime.domain.effects import Effect
from runtime.domain.errors import Misconfigured
from runtime.domain.json import JsonObject
from runtime.expressions.children import Limits
from runtime.expressions.evaluator import Evaluator
from runtime.policy.decision import Outcome, Proposal
from runtime.policy.expression import Expression
from runtime.policy.parse import parse_policy
from runtime.policy.policy import Policy
from runtime.policy.rule import Rule


@pytest.fixture(scope="module")
def evaluator() -> Iterator[Evaluator]:
    made = Evaluator()
    yield made
    made.close()


def proposal(arguments: JsonObject | None = None) -> Proposal:
    return Proposal(
        tool="pay",
        effect=Effect.WRITE,
        arguments=arguments or {},
        agent="operator",
        requester="slack:T024/U001",
        channel="slack",
        labels=("tool:http_get",),
        at=datetime(2026, 3, 2, 9, tzinfo=UTC),
    )


def rule(when: str, outcome: Outcome = Outcome.DENY, id: str = "r") -> Rule:
    return Rule(id=id, outcome=outcome, tools=("pay",), when=Expression(text=when))


@pytest.mark.parametrize(
    "when",
    [
        "[.arguments.lines[].amount] | add > 10",
        '.tool == "pay" and .effect == "write" and .agent == "operator"',
        '.channel == "slack" and (.requester | startswith("slack:T024/"))',
        'any(.labels[]; startswith("tool:"))',
        '.time == "2026-03-02T09:00:00Z" and now == 1772442000',
        "true # a comment that would swallow what follows",
    ],
)
def test_an_expression_reads_the_whole_call(evaluator: Evaluator, when: str) -> None:
    policy = Policy(roles={}, rules=(rule(when),))
    lines: JsonObject = {"lines": [{"amount": 6}, {"amount": 7}]}

    assert policy.decide(proposal(lines), evaluator).rule == "r"
    opposite = Policy(roles={}, rules=(rule(f"({when}\n) | not"),))
    assert opposite.decide(proposal(lines), evaluator).rule == "default"


@pytest.mark.parametrize(
    "when",
    [
        ".arguments.amount",
        "(.arguments.amount | numbers) > 10",
        "empty",
        "true, true",
        "false, true",
        "error",
        '"true"',
        "null",
        ".arguments.nothing.at[0] | error",
        "ltrimstr(",
    ],
)
def test_what_nobody_can_tell_counts_against_the_call(evaluator: Evaluator, when: str) -> None:
    verdicts = [
        Policy(roles={}, rules=(rule(when, outcome),)).decide(proposal(), evaluator).rule
        for outcome in (Outcome.DENY, Outcome.ASK, Outcome.ALLOW)
    ]

    assert verdicts == ["r", "r", "default"]


def test_what_runs_away_counts_against_the_call() -> None:
    with closing(Evaluator(Limits(cpu_seconds=1))) as evaluator:
        policy = Policy(roles={}, rules=(rule("[range(1e9)] | length < 0"),))
        assert policy.decide(proposal(), evaluator).rule == "r"


def test_without_an_evaluator_an_expression_cannot_be_told() -> None:
    assert Policy(roles={}, rules=(rule("false"),)).decide(proposal()).rule == "r"


def test_the_strictest_rule_wins_whoever_is_asked_in_jq(evaluator: Evaluator) -> None:
    two = replace(
        rule(".arguments.amount > 5", Outcome.ASK, "two"),
        stages=(Stage(eligible=("requester",), quorum=2),),
    )
    plain = Rule(id="plain", outcome=Outcome.ASK, tools=("*",))
    denied = rule(".arguments.amount > 9", id="denied")
    policy = Policy(roles={}, rules=(plain, two, denied))

    decided = [policy.decide(proposal({"amount": amount}), evaluator).rule for amount in (5, 6, 10)]
    assert decided == ["plain", "two", "denied"]


def test_jq_is_asked_only_where_it_could_matter(evaluator: Evaluator) -> None:
    """Neither about other tools nor where a stricter rule is sure: the rest costs no round trip."""
    endless = "[range(1e9)] | length > 0"
    policy = Policy(
        roles={},
        rules=(
            Rule(id="sure", outcome=Outcome.DENY, tools=("pay",)),
            rule(endless, Outcome.ASK, "below"),
            replace(rule(endless, id="elsewhere"), tools=("other",)),
        ),
    )
    before = evaluator.idle()

    assert policy.decide(proposal(), evaluator).rule == "sure"
    assert evaluator.idle() == before


def test_an_expression_is_part_of_the_policys_digest() -> None:
    text = "version: 1\nrules: [{id: a, tools: [t], outcome: deny%s}]"
    plain = parse_policy(text % "", file="policy.yaml")
    one = parse_policy(text % ", when: 'true'", file="policy.yaml")
    other = parse_policy(text % ", when: 'false'", file="policy.yaml")

    assert len({plain.digest, one.digest, other.digest}) == 3


@pytest.mark.parametrize("owner", ["", "clerk/"])
def test_what_is_no_jq_is_refused_with_file_and_line(tmp_path: Path, owner: str) -> None:
    (tmp_path / "clerk").mkdir()
    (tmp_path / "clerk" / "agent.md").write_text(
        "---\nname: clerk\nrole: worker\ndescription: Pays.\ntier: light\n---\nYou pay.\n"
    )
    (tmp_path / f"{owner}policy.yaml").write_text(
        "version: 1\nrules:\n"
        "  - {id: fine, tools: [t], outcome: deny, when: .arguments.a > 1}\n"
        "  - {id: a, tools: [t], outcome: deny, when: nosuch(1)}\n"
        "  - {id: b, tools: [t], outcome: deny, when: .arguments.a >}\n"
    )

    with pytest.raises(Misconfigured) as caught:
        load_catalog(tmp_path)

    first, second = caught.value.public.splitlines()
    assert f"{owner}policy.yaml:4: rules[1].when: this is no usable jq: nosuch/1" in first
    assert f"{owner}policy.yaml:5: rules[2].when: this is no usable jq: " in second
