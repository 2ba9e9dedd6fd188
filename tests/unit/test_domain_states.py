"""States: every one has a rule, and ends are ends."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import pytest

from runtime.domain.states import (
    ENDED_RUN,
    ENDED_STEP,
    LEGAL_APPROVAL,
    LEGAL_RUN,
    LEGAL_STEP,
    ApprovalStatus,
    RunStatus,
    StepStatus,
)


@pytest.mark.parametrize(
    ("states", "legal"),
    [(StepStatus, LEGAL_STEP), (RunStatus, LEGAL_RUN), (ApprovalStatus, LEGAL_APPROVAL)],
)
def test_every_state_says_what_may_follow(
    states: type[StrEnum], legal: Mapping[Any, frozenset[Any]]
) -> None:
    assert set(legal) == set(states)
    assert all(before not in after for before, after in legal.items())


def test_what_succeeded_or_was_called_off_stays_so() -> None:
    final = {StepStatus.SUCCEEDED, StepStatus.CANCELLED, StepStatus.SKIPPED}

    assert {state for state in ENDED_STEP if not LEGAL_STEP[state]} == final
    assert LEGAL_STEP[StepStatus.FAILED] == {StepStatus.READY}
    assert {state for state in ENDED_RUN if LEGAL_RUN[state]} == {RunStatus.FAILED}


def test_an_approval_that_was_refused_can_never_become_a_yes() -> None:
    for status, after in LEGAL_APPROVAL.items():
        if status != ApprovalStatus.PENDING:
            assert ApprovalStatus.APPROVED not in after
