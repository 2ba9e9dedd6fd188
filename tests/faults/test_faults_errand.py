"""A workflow with everything in it is killed at every point, in real processes.

Loops within loops, branches, a race, tries, a pause, an event, people who agree, and a payment:
each task's effect is counted outside, and every life comes to the same answer by the same tasks.
``BATON_FAULT_KILLS`` says how many kills there are in all; ``make faults`` asks for thousands.
"""

from __future__ import annotations

import os

import pytest

from tests.faults.campaign import Campaign, Setting, chosen, table, violations
from tests.faults.product_process import ERRAND
from tests.faults.zygote import Zygote

KILLS = int(os.environ.get("BATON_FAULT_ERRANDS", "0")) or max(
    2, int(os.environ.get("BATON_FAULT_KILLS", "300")) // 150
)
SEED = int(os.environ.get("BATON_FAULT_SEED", "20260105"))

pytestmark = [pytest.mark.faults, pytest.mark.timeout(0 if KILLS > 50 else 600)]


def test_a_killed_workflow_goes_the_same_way_and_does_nothing_twice(
    forked: Zygote, setting: Setting, capsys: pytest.CaptureFixture[str]
) -> None:
    campaign = Campaign(forked, setting)
    passed = {ERRAND: campaign.points(last=ERRAND)}

    results = campaign.kills(chosen(passed, count=KILLS, seed=SEED))

    with capsys.disabled():
        total = len(passed[ERRAND])
        print(f"\n{setting.name}: {total} points in an errand, seed {SEED}\n{table(results)}")  # noqa: T201 - the report is meant to be read
    assert violations(results) == []
    assert {one.findings.answers for one in results} == {
        ('{\n  "sides": 2,\n  "sum": 45,\n  "paid": true\n}',)
    }
    assert len({one.findings.tasks for one in results}) == 1
