"""Play random histories, and stop at the first that breaks a promise."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from runtime.storage.database import Database
from tests.histories.company import Company
from tests.histories.machine import Histories

_STEPS: Final = 25


def play(
    database: Database,
    company: Company,
    *,
    home: Path,
    most: int,
    number: int | None = None,
    shrinks: bool = True,
) -> Counter[str]:
    """Play so many histories; give what happened in them. Raises what the broken one raised.

    ``number`` chooses which; else Hypothesis does. With ``shrinks`` it looks for a shorter one.
    """
    home.mkdir(exist_ok=True)
    tally = Counter[str]()
    where = {"database": database, "home": home, "company": company, "tally": tally}
    played = type("Played", (Histories,), where)
    chosen = settings(
        max_examples=most,
        stateful_step_count=_STEPS,
        deadline=None,
        database=None,
        derandomize=number is None,
        phases=[Phase.generate, *([Phase.shrink] if shrinks else [])],
        report_multiple_bugs=False,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    if number is not None:
        played = seed(number)(played)
    run_state_machine_as_test(played, settings=chosen)
    return tally
