"""One player of histories: a process of its own, on a database of its own."""

from __future__ import annotations

import functools
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from runtime.storage.database import Database
from tests.histories.apart import Apart
from tests.histories.play import play


@dataclass(frozen=True, slots=True)
class Played:
    """What came of the histories of one number."""

    number: int
    tally: Counter[str] = field(default_factory=Counter[str])
    broken: str = ""


def game(number: int, most: int, url: str, folder: Path, deadline: float) -> Played:
    """Play the histories of one number, unless it is too late by now."""
    if time.time() > deadline:
        return Played(number)
    database, company, home = _company(url, folder)
    try:
        tally = play(database, company, home=home, most=most, number=number, shrinks=False)
    except BaseException:
        # Whatever it was, sound processes do not do it: it is what was looked for.
        return Played(number, broken=traceback.format_exc())
    return Played(number, tally)


@functools.cache
def _company(url: str, folder: Path) -> tuple[Database, Apart, Path]:
    """Begin the processes of this player, once; they end with it."""
    home = Path(tempfile.mkdtemp(dir=folder))
    return Database(url), Apart(url, home), home
