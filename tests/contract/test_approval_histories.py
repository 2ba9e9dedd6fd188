"""Random histories of approvals: whatever people, time and crashes do, and in whatever order.

Never an effect without a valid decision, never two, never a decision by somebody who may not, and
every history ends. A few here; ``python -m tests.histories`` plays thousands, in processes of
their own.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.storage.database import Database
from tests.histories.company import Together
from tests.histories.play import play

HISTORIES = 12


@pytest.mark.timeout(360)
def test_random_histories_of_approvals(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    company = Together(database_url, tmp_path)
    try:
        played = play(database, company, home=tmp_path, most=HISTORIES)
    finally:
        company.close()

    assert played["histories"] >= HISTORIES
    assert played["paid"] > 0
    assert played["killed"] > 0
