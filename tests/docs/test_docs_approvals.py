"""The page on approvals names tests that exist, and every failure that was seen elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "approvals.md"


def test_every_failure_has_a_test_and_every_test_is_there() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (F\d+) \|[^|]+\| ([^|]+) \|$", text, flags=re.MULTILINE)
    written = {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)", file.read_text(encoding="utf-8"))
    }

    assert [name for name, _ in rows] == [f"F{number}" for number in range(1, 36)]
    named = {name for _, tests in rows for name in re.findall(r"`(test_\w+)`", tests)}
    assert named - written == set()
    assert all("`test_" in tests or tests.strip() == "the same" for _, tests in rows)
