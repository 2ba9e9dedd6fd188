"""What people are shown of runs goes through the one place that decides who may see them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
RAW = re.compile(
    r"runtime\.(?:view|runs|trace|audit|artifact|approvals?|approval_for|show|looking)\b(?!\.)"
)
WITHOUT_SIGHT = {
    "bots/commands/act.py": "acts on approvals and runs; what it answers with was authorised there",
    "bots/console/api.py": "looks an approval up to decide about it",
    "bots/commands/hand_over.py": "looks an approval up to hand it over",
    "bots/console/watch.py": "reads a conversation, after asking what the operator may see",
    "bots/courier.py": "delivers to conversations",
    "bots/downloads.py": "opens sealed links that were given to who had seen the file",
    "bots/http/runs.py": "compares a repeated request, and looks at what its own sender has begun",
    "bots/process.py": "waits for a run this process works on",
    "bots/slack/backing.py": "draws what the courier delivers",
    "bots/slack/hand.py": "looks an approval up to act on it",
    "bots/slack/switchboard.py": "looks up which groups are asked",
    "bots/teams/decisions.py": "looks an approval up to act on it",
    "bots/teams/sighting.py": "redraws a message where it stands",
    "bots/terminal/follow.py": "works on a run, and shows it where its caller has asked sight",
    "bots/terminal/wiring.py": "follows what this terminal has begun",
}


def test_queries_without_a_person_are_where_nothing_is_shown_to_one() -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "bots").rglob("*.py")
        if RAW.search(path.read_text())
    }

    assert found == set(WITHOUT_SIGHT)
