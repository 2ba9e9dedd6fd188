"""A process that has imported the whole product and forks it: a worker starts in milliseconds.

``python -m tests.faults.zygote`` takes lines: a spec of ``product_process`` to start one (the
answer is its id), or ``?`` to ask which have ended or stopped since.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.product_process import Spec, run_and_exit

_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What became of a process. ``code`` is None while it is only stopped."""

    pid: int
    code: int | None
    """As in ``subprocess``: negative is the signal that ended it."""


class Zygote:
    """The test's side."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self, spec: Spec) -> int:
        """Start a process; give its id."""
        return int(self._ask(spec.to_json()))

    def news(self) -> list[Ended]:
        """Give what ended or stopped since the last call."""
        return [Ended(pid=pid, code=code) for pid, code in json.loads(self._ask("?"))]

    def _ask(self, line: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()


@contextmanager
def zygote() -> Generator[Zygote]:
    """Run one; its children die with it."""
    command = [sys.executable, "-m", "tests.faults.zygote"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_ROOT
    ) as process:
        try:
            yield Zygote(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(30)


def serve() -> None:
    """Answer until the input closes; then end whatever is left."""
    gc.freeze()
    alive: set[int] = set()
    for line in sys.stdin:
        if line.strip() == "?":
            _answer(_news(alive))
            continue
        pid = os.fork()
        if pid == 0:
            os.close(0)
            run_and_exit(line)
        alive.add(pid)
        _answer(pid)
    for pid in alive:
        os.kill(pid, 9)


def _news(alive: set[int]) -> list[tuple[int, int | None]]:
    found: list[tuple[int, int | None]] = []
    while alive:
        pid, status = os.waitpid(-1, os.WNOHANG | os.WUNTRACED)
        if pid == 0:
            break
        if os.WIFSTOPPED(status):
            found.append((pid, None))
            continue
        alive.discard(pid)
        found.append((pid, os.waitstatus_to_exitcode(status)))
    return found


def _answer(value: object) -> None:
    sys.stdout.write(f"{json.dumps(value)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve()
