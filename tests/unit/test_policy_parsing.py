"""Every mistake in policy.yaml is named with file, line and what to write."""

from __future__ import annotations

import time

import pytest

from runtime.domain.approval import Verdict
from runtime.domain.errors import Misconfigured
from runtime.policy.condition import Comparison, Condition
from runtime.policy.parse import parse_policy
from runtime.policy.pattern import complaint_about

RULE = "version: 1\nrules:\n  - id: a\n    tools: [t]\n    outcome: ask\n"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("version: 1\nrules: [", r"policy\.yaml:\d+: this is not YAML"),
        ("rules: []", r"policy\.yaml:1: .*`version: 1`"),
        ("version: 2", r"policy\.yaml:1: version: only version 1"),
        ("version: 1\nrulez: []", r"policy\.yaml:2: rulez: .*did you mean 'rules'"),
        ("version: 1\nversion: 1", "stands here twice"),
        ("version: 1\n---\nversion: 1", "not YAML"),
        ("- a", "write a mapping"),
        ("version: 1\nroles: {a: [bob]}", r"policy\.yaml:2: .*'bob' names nobody"),
        ("version: 1\nroles: {a: ['role:b']}", "names nobody"),
        ("version: 1\ndefaults: {read: maybe}", "one of: allow, ask, deny"),
        ("version: 1\ndefaults: {reed: allow}", "did you mean 'read'"),
        ("version: 1\ndefault_eligible: []", "nobody could ever decide"),
        ("version: 1\ndefault_eligible: ['role:approvr']", "not defined; add `approvr`"),
        ("version: 1\nrules:\n  - outcome: ask\n    tools: [t]", r"policy\.yaml:3: .*needs 'id'"),
        ("version: 1\nrules: [{id: a, tools: [t]}]", "needs 'outcome'"),
        ("version: 1\nrules: [{id: a, outcome: deny}]", "every call"),
        ("version: 1\nrules: [{id: default, outcome: deny, tools: [t]}]", "is taken"),
        (RULE + "  - {id: a, tools: [u], outcome: deny}", r"policy\.yaml:6: .*is taken"),
        ("version: 1\nrules: [{id: a, outcome: yes, tools: [t]}]", "one of: allow, ask, deny"),
        ("version: 1\nrules: [{id: a, outcome: deny, tools: []}]", "fits nothing"),
        (RULE + "    eligible: []", "nobody could ever decide"),
        (RULE + "    eligible: ['!requester']", "nobody could ever decide"),
        (RULE + "    eligible: [Bob]", "names nobody"),
        (RULE + "    quorum: 2", "add `eligible"),
        (RULE + "    eligible: [requester]\n    quorum: 0", "whole number from 1"),
        (RULE + "    eligible: [requester]\n    quorum: 1.5", "whole number from 1"),
        (RULE + "    eligible: [requester]\n    critical: perhaps", "write `critical: true`"),
        (
            RULE + "    eligible: [requester]\n    critical: true\n    assurance: member",
            "write one of them",
        ),
        (RULE + "    critical: true", "add `eligible"),
        (RULE + "    stages: [{quorum: 1}]", "say who may decide"),
        (RULE + "    stages: []", "fits nothing"),
        (RULE + "    stages: [{eligible: [requester]}]\n    quorum: 1", "either `stages` or"),
        (RULE + "    expires_after: soon", r"policy\.yaml:6: .*such as 45m"),
        (RULE + "    expires_after: 0s", "longer than nothing"),
        (RULE + "    on_expiry: approve", "one of: hold, deny"),
        (RULE + "    effects: [reading]", "one of: read, write, irreversible"),
        (RULE + "    where: {amount: 5}", "write a mapping"),
        (RULE + "    where: {amount: {above: 5}}", r"'above' is not known"),
        (RULE + "    where: {amount: {over: lots}}", "write a number"),
        (RULE + "    where: {amount: {over: .inf}}", "finite"),
        (RULE + "    where: {amount: {}}", "say what is compared"),
        (RULE + "    when: .amount > (", r"policy\.yaml:6: rules\[0\]\.when: .*not closed"),
        (RULE + "    when: env.HOME == null", "would reach the environment"),
        (RULE + "    where: {name: {matches: '('}}", "not a regular expression"),
        (RULE + "    where: {name: {matches: '(a+)+'}}", "repeats a group"),
        (
            "version: 1\nrules: [{id: a, outcome: deny, tools: [t], quorum: 1}]",
            "belongs to rules whose outcome is ask",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, complaint: str) -> None:
    with pytest.raises(Misconfigured, match=complaint) as caught:
        parse_policy(text, file="policy.yaml")

    assert caught.value.public.startswith("policy.yaml:")


def test_an_empty_file_is_the_standard_policy() -> None:
    policy = parse_policy("# nothing yet\n", file="policy.yaml")

    assert policy.rules == ()
    assert policy.roles == {}


def test_critical_is_short_for_a_fresh_code() -> None:
    short, long = (
        parse_policy(f"{RULE}    eligible: [requester]\n    {words}", file="policy.yaml")
        for words in ("critical: true", "assurance: stepped-up")
    )

    assert short.rules[0].stages[0].wants_code(Verdict.APPROVE)
    assert not short.rules[0].stages[0].wants_code(Verdict.REJECT)
    assert short.digest == long.digest


def test_the_short_form_is_one_stage() -> None:
    text = RULE + "    eligible: [requester, 'slack:T/U']\n    quorum: 2"

    (rule,) = parse_policy(text, file="policy.yaml").rules

    (stage,) = rule.stages
    assert (stage.eligible, stage.quorum) == (("requester", "slack:T/U"), 2)


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+",
        "(a|a)*",
        "((ab)*c)+",
        "(a*){2,}",
        "(x+x+)+y",
        "a*a*a*a*a*b",
        r"(a)\1",
        "x" * 201,
        "(?P<n>a)(?P=n)",
    ],
)
def test_a_pattern_that_could_run_away_is_refused(pattern: str) -> None:
    assert complaint_about(pattern) is not None


@pytest.mark.parametrize(
    "pattern", [r"[^@]+@example\.com", r"PO-\d{6}", "(EUR|USD)", r"(ab)+c", r"\(x\)+", "[(+*]+"]
)
def test_ordinary_patterns_are_accepted(pattern: str) -> None:
    assert complaint_about(pattern) is None


def test_the_worst_accepted_pattern_ends_soon() -> None:
    worst = ".*.*.*b"
    assert complaint_about(worst) is None
    begun = time.monotonic()

    Condition(path="x", test=Comparison.MATCHES, value=worst).holds({"x": "a" * 256})

    assert time.monotonic() - begun < 5
