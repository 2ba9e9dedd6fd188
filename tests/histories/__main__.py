"""Play thousands of random histories of approvals: ``python -m tests.histories``.

Each is played in three processes on PostgreSQL, several histories at a time, each player on a
database of its own. A broken promise ends it with 1, and is told with the number to play it again.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from tests.histories.player import Played, game
from tests.worlds.services import postgres

_AT_ONCE: Final = 50
"""Histories that share a number, and stand between two looks at the clock."""


def main() -> int:
    """Play them and print what was found; give 0 where every promise was kept."""
    asked = _arguments()
    began = time.monotonic()
    # Of the system, so that every player reads the same clock.
    deadline = time.time() + asked.minutes * 60
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="baton-histories-")))
        # Databases outlive their players, who would still be connected to what is used anew.
        urls = [stack.enter_context(postgres().fresh_database()) for _ in range(asked.players)]
        spawning = multiprocessing.get_context("spawn")
        players = [
            (stack.enter_context(ProcessPoolExecutor(1, mp_context=spawning)), url) for url in urls
        ]
        games: list[Future[Played]] = []
        for at, first in enumerate(range(0, asked.histories, _AT_ONCE)):
            pool, url = players[at % len(players)]
            most = min(_AT_ONCE, asked.histories - first)
            games.append(pool.submit(game, asked.number + at, most, url, folder, deadline))
        total, broken = _watched(games, began)
    seconds = time.monotonic() - began
    _say(
        f"{total['histories']} histories in {seconds:.0f} s, {total['histories'] / seconds:.1f} a"
        f" second, {asked.players} at a time, each in three processes on PostgreSQL:\n"
        f"{total['runs']} runs, {total['said']} words said and {total['counted']} taken,"
        f" {total['paid']} paid, {total['killed']} processes killed"
    )
    for one in broken:
        _say(f"BROKEN in number {one.number}; again with: --number {one.number}\n{one.broken}")
    if total["histories"] < asked.histories and not broken:
        _say(f"the time was over before {asked.histories} were played; see --minutes")
    _say("a promise was broken" if broken else "every promise was kept")
    return 1 if broken else 0


def _watched(games: list[Future[Played]], began: float) -> tuple[Counter[str], list[Played]]:
    """Add up what came of all of them; after one that was broken, begin no other."""
    total, broken = Counter[str](), list[Played]()
    for ended in as_completed(games):
        if ended.cancelled():
            continue
        played = ended.result()
        total += played.tally
        if played.broken:
            broken.append(played)
            for other in games:
                other.cancel()
        sys.stderr.write(f"\r{total['histories']} in {time.monotonic() - began:.0f} s ")
        sys.stderr.flush()
    sys.stderr.write("\n")
    return total, broken


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.histories", description=__doc__)
    parser.add_argument("--histories", type=int, default=2000)
    parser.add_argument("--minutes", type=float, default=10, help="begin none after so many")
    parser.add_argument("--players", type=int, default=3, help="histories at a time")
    parser.add_argument("--number", type=int, default=1, help="which histories: the first number")
    return parser.parse_args()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
