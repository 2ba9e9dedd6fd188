"""A run is killed at every point where it can be, and nothing is lost and nothing is doubled.

``BATON_FAULT_KILLS`` says how many kills there are in all; ``make faults`` asks for thousands.
"""

from __future__ import annotations

import os
import signal
from dataclasses import replace

import pytest

from tests.faults.campaign import Campaign, Kill, Setting, chosen, table, violations
from tests.faults.zygote import Zygote

KILLS = int(os.environ.get("BATON_FAULT_KILLS", "300"))
SEED = int(os.environ.get("BATON_FAULT_SEED", "20260105"))

pytestmark = [pytest.mark.faults, pytest.mark.timeout(0 if KILLS > 1000 else 900)]


def test_a_killed_process_loses_nothing_and_doubles_nothing(
    forked: Zygote, setting: Setting, capsys: pytest.CaptureFixture[str]
) -> None:
    campaign = Campaign(forked, setting)
    passed = {last: campaign.points(last=last) for last in ("payer", "signer")}

    results = campaign.kills(chosen(passed, count=KILLS // 2, seed=SEED))

    with capsys.disabled():
        total = sum(map(len, passed.values()))
        print(f"\n{setting.name}: {total} points in two runs, seed {SEED}\n{table(results)}")  # noqa: T201 - the report is meant to be read
    assert violations(results) == []
    assert sum(one.point is not None for one in results) >= len(results) * 0.8


def test_what_was_turned_down_never_happens_however_often_it_is_killed(
    forked: Zygote, setting: Setting
) -> None:
    campaign = Campaign(forked, setting)
    passed = {"payer": campaign.points(last="payer", approves=False)}

    results = campaign.kills(chosen(passed, count=max(6, KILLS // 50), seed=SEED, approves=False))

    assert violations(results) == []


def test_an_effect_cut_off_between_intent_and_outcome_is_asked_about_not_assumed(
    forked: Zygote, setting: Setting
) -> None:
    campaign = Campaign(forked, setting)
    passed = campaign.points(last="payer")
    between = [
        Kill(last="payer", approves=True, at=at + 1)
        for at, label in enumerate(passed)
        if label.startswith("effect pay")
    ]

    results = campaign.kills(between)

    assert violations(results) == []
    hit = [one for one in results if str(one.point).startswith("effect pay")]
    assert [one.findings.doubts for one in hit] == [1] * len(hit)


def test_a_process_that_sleeps_past_its_lease_writes_nothing_afterwards(
    forked: Zygote, setting: Setting, capsys: pytest.CaptureFixture[str]
) -> None:
    """SIGSTOP past the lease, another takes over, SIGCONT while it is at work.

    Not stopped inside a transaction, where it would hold the database's own locks, nor inside the
    far side itself: a request that leaves late arrives late, whoever sends it.
    """
    campaign = Campaign(forked, setting)
    passed = {last: campaign.points(last=last) for last in ("payer", "signer")}
    freezes = [
        replace(kill, number=signal.SIGSTOP)
        for kill in chosen(passed, count=10**4, seed=SEED)
        if _may_freeze(passed[kill.last][kill.at - 1])
    ][: max(20, KILLS // 15)]

    results = campaign.kills(freezes)

    with capsys.disabled():
        print(f"\n{setting.name}, frozen:\n{table(results)}", *violations(results), sep="\n")  # noqa: T201 - the report is meant to be read
    assert violations([one for one in results if _may_freeze(str(one.point))]) == []
    # Whoever sleeps between the courier's last look at the clock and the far side posts late.
    assert sum(one.findings.late_posts for one in results) <= max(1, len(results) // 20)


def _may_freeze(label: str) -> bool:
    if label.startswith("commit "):
        return label.endswith(" after")
    return label.startswith(("effect model", "effect look"))
