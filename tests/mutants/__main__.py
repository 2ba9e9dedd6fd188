"""Break the product in one place after another, and see that it is noticed.

``python -m tests.mutants`` tries all mutants and prints a line for each: what noticed it and after
how long, or that nothing did, which is a promise nobody watches, and ends the command with 1.
Words after it name the mutants to try: ``… tests.mutants halted "the first stage"``.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from runtime.storage.database import Database
from tests.histories.company import Together
from tests.histories.play import play
from tests.mutants import of_approvals, of_doors, of_promises, of_rules, of_teams
from tests.mutants.mutant import Mutant, in_place
from tests.worlds.services import fresh_sqlite

MUTANTS: Final = (
    *of_approvals.MUTANTS,
    *of_doors.MUTANTS,
    *of_promises.MUTANTS,
    *of_rules.MUTANTS,
    *of_teams.MUTANTS,
)
_LEAST_PATIENCE_SECONDS: Final = 5.0
_AT_ONCE: Final = 25
"""Histories that are played between two looks at the clock."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a mutant was noticed, and by what."""

    is_caught: bool
    words: str


def main() -> int:
    """Print the table; give 0 where every mutant was caught."""
    asked = _arguments()
    chosen = [
        one for one in MUTANTS if not asked.words or any(word in one.name for word in asked.words)
    ]
    began = time.monotonic()
    caught = 0
    for mutant in chosen:
        at = time.monotonic()
        verdict = (
            _by_tests(mutant, asked.seconds)
            if mutant.watched_by
            else _by_histories(mutant, asked.seconds)
        )
        caught += verdict.is_caught
        word = "caught" if verdict.is_caught else "NOT CAUGHT"
        _say(f"{word:10} {time.monotonic() - at:5.1f} s  {mutant.name}\n{'':20}{verdict.words}")
    _say(f"{caught} of {len(chosen)} caught in {time.monotonic() - began:.0f} s")
    return 0 if caught == len(chosen) else 1


def _by_histories(mutant: Mutant, seconds: float) -> Verdict:
    """Play histories until one fails or the time is over."""
    deadline = time.monotonic() + seconds
    number = 0
    with _folder() as folder, fresh_sqlite(folder) as url:
        database, company = Database(url), Together(url, folder)
        try:
            while time.monotonic() < deadline:
                number += 1
                with in_place(mutant), _silent():
                    play(
                        database, company, home=folder, most=_AT_ONCE, number=number, shrinks=False
                    )
        except Exception as error:
            # Whatever a broken engine does that a sound one does not: the histories have noticed.
            return Verdict(True, f"by histories of number {number}: {_first_line(error)}")
        finally:
            company.close()
            database.close()
    return Verdict(False, f"by none of {number * _AT_ONCE} histories")


def _by_tests(mutant: Mutant, seconds: float) -> Verdict:
    """Run the tests that watch over it until one fails, or does not end when it should have."""
    for test in mutant.watched_by:
        usual = _usual_seconds(test, seconds)
        if usual is None:
            return Verdict(False, f"{_named(test)} fails where nothing is broken")
        # Tests wait for minutes for what comes late; what never comes is told much earlier.
        patience = min(seconds, _LEAST_PATIENCE_SECONDS + 2 * usual)
        began = time.monotonic()
        ended = _run(test, seconds=patience, mutant=mutant.name)
        if ended == pytest.ExitCode.TESTS_FAILED:
            hung = time.monotonic() - began >= patience
            return Verdict(True, f"by {_named(test)}" + ", which did not come to an end" * hung)
        if ended != pytest.ExitCode.OK:
            return Verdict(False, f"{_named(test)} could not be run ({ended})")
    return Verdict(False, f"by none of {', '.join(map(_named, mutant.watched_by))}")


@functools.cache
def _usual_seconds(test: str, most: float) -> float | None:
    """Say how long a test takes here where nothing is broken; None where it fails all the same."""
    began = time.monotonic()
    ended = _run(test, seconds=3 * most, mutant="")
    return time.monotonic() - began if ended == pytest.ExitCode.OK else None


def _run(test: str, *, seconds: float, mutant: str) -> int:
    """Run a test in a process of its own, with its services; give how pytest ended."""
    how = ["-x", "-q", "-o", "addopts=", "-p", "no:cacheprovider", f"--timeout={seconds}"]
    planted = ["-p", "tests.mutants.planted", f"--mutant={mutant}"]
    command = [sys.executable, "-m", "pytest", test, *how, *planted]
    return subprocess.run(command, capture_output=True, check=False).returncode


def _named(test: str) -> str:
    return test.rpartition("/")[2].rpartition("::")[2]


@contextlib.contextmanager
def _folder() -> Generator[Path]:
    """Give a folder in memory where there is one: what a disk would lose is not in question."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@contextlib.contextmanager
def _silent() -> Generator[None]:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def _first_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:160]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("words", nargs="*", help="words of the names of those to try")
    parser.add_argument("--seconds", type=float, default=60, help="the most that one may take")
    return parser.parse_args()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
