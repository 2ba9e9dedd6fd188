"""A worker is killed at every point around a start that nobody asks for, in real processes.

A workflow is due every second and at each of two events. Whatever dies when: every time that
was due is in one run, alone or as one that was missed, and every event has one of its own.
``BATON_FAULT_KILLS`` says how many kills there are in all; ``make faults`` asks for thousands.
"""

from __future__ import annotations

import os

import pytest

from tests.faults.campaign import Campaign, Setting, chosen, table, violations
from tests.faults.product_process import ROUND
from tests.faults.zygote import Zygote

KILLS = max(2, int(os.environ.get("BATON_FAULT_KILLS", "300")) // 50)
SURE = 16
"""So many points every life passes: it is set going, four runs begin, and two times and the events
are moved on from; how many more there are is a matter of speed."""
SEED = int(os.environ.get("BATON_FAULT_SEED", "20260105"))

pytestmark = [pytest.mark.faults, pytest.mark.timeout(0 if KILLS > 50 else 600)]


def test_whatever_starts_by_itself_starts_once_whoever_is_killed(
    forked: Zygote, setting: Setting, capsys: pytest.CaptureFixture[str]
) -> None:
    campaign = Campaign(forked, setting)
    passed = {ROUND: campaign.points(last=ROUND)[:SURE]}

    results = campaign.kills(chosen(passed, count=KILLS, seed=SEED))

    with capsys.disabled():
        print(f"\n{setting.name}: {SURE} points around starts, seed {SEED}\n{table(results)}")  # noqa: T201 - the report is meant to be read
    assert violations(results) == []
    assert [one.kill for one in results if one.point is None] == []
