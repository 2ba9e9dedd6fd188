"""A few evaluating processes: started when needed, lent to a thread each, ended when they fail."""

from __future__ import annotations

import importlib.util
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from runtime.domain.errors import Misconfigured


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one evaluation may use."""

    cpu_seconds: int = 2
    """Computing time; rounded up to the next whole second of the process's life."""
    deadline_seconds: float = 15.0
    """Time on the wall, for a machine so busy that computing time does not pass."""
    memory_bytes: int = 512 * 1024 * 1024
    answer_bytes: int = 16 * 1024 * 1024
    children: int = 4
    """How many evaluations happen at once; further threads wait."""


class Died(Exception):
    """The child is gone; ``why`` says what the program had done."""

    def __init__(self, why: str, *, idle: bool) -> None:
        super().__init__(why)
        self.why = why
        self.idle = idle
        """It was gone before it was asked, so the program has no part in it."""


class Child:
    """One evaluating process and its pipes. One thread at a time."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        library = importlib.util.find_spec("jq")
        if library is None or library.origin is None:
            raise Misconfigured("the jq package is not installed; install Baton's requirements")
        script = Path(__file__).with_name("child.py")
        # Isolated and without site packages: nothing is read but the script and the library.
        command = [sys.executable, "-I", "-S", "-B", str(script)]
        self._process = subprocess.Popen(  # noqa: S603 - our own script, and nothing of a user's
            [*command, library.origin, str(limits.memory_bytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"TZ": "UTC", "LC_ALL": "C.UTF-8"},
            cwd="/",
            bufsize=0,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._out = self._process.stdin, self._process.stdout

    def ask(self, request: bytes) -> bytes:
        """Send a request and give the answer's line.

        Raises:
            Died: no answer came in time, or the process ended; do not use it again.
        """
        try:
            left = memoryview(request)
            while left:
                left = left[self._in.write(left) or 0 :]
        except OSError as error:
            raise Died("the evaluator had ended", idle=True) from error
        return self._line(time.monotonic() + self._limits.deadline_seconds)

    @property
    def process_id(self) -> int:
        """Give the id its process has on this machine."""
        return self._process.pid

    def end(self) -> None:
        """Kill it and wait for it."""
        self._process.kill()
        self._process.wait()
        self._in.close()
        self._out.close()

    def forget(self) -> None:
        """Let go of a process that belongs to another: the one this was forked from."""
        self._in.close()
        self._out.close()
        self._process.returncode = 0

    def _line(self, deadline: float) -> bytes:
        parts: list[bytes] = []
        size = 0
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._out], [], [], left)[0]:
                raise Died(f"it took over {self._limits.deadline_seconds:g} seconds", idle=False)
            part = self._out.read(65536)
            if not part:
                raise Died(self._why_ended(), idle=False)
            parts.append(part)
            size += len(part)
            if part.endswith(b"\n"):
                return b"".join(parts)
            if size > self._limits.answer_bytes:
                raise Died(f"it gives over {self._limits.answer_bytes} bytes", idle=False)

    def _why_ended(self) -> str:
        status = self._process.wait()
        if status in (-24, -9):
            return f"it computes for over {self._limits.cpu_seconds} seconds"
        return "it needs too much memory"


class Children:
    """The processes of this process. Any thread may borrow one."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._home = _Home(limits.children)

    @contextmanager
    def borrow(self) -> Generator[Child]:
        """Lend a child; it is ended where the block raises ``Died``."""
        home = self._here()
        home.free.acquire()
        try:
            child = home.take() or Child(self._limits)
            try:
                yield child
            except BaseException:
                # Also an interrupt: an answer may still come that nobody asked for any more.
                child.end()
                raise
            if not home.keep(child):
                child.end()
        finally:
            home.free.release()

    def idle(self) -> list[int]:
        """Give the process ids of those that are lent to nobody."""
        return self._here().ids()

    def close(self) -> None:
        """End them all; those that are lent are ended when they come back."""
        self._here().close()

    def _here(self) -> _Home:
        """Give what belongs to this process: after a fork, nothing of the parent's is used."""
        home = self._home
        if home.process != os.getpid():
            self._home = _Home(self._limits.children)
            home.abandon()
            home = self._home
        return home


class _Home:
    """Idle children of one process."""

    def __init__(self, children: int) -> None:
        self.process = os.getpid()
        self.free = threading.Semaphore(children)
        self._lock = threading.Lock()
        self._idle: list[Child] = []
        self._closed = False

    def take(self) -> Child | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def keep(self, child: Child) -> bool:
        with self._lock:
            if not self._closed:
                self._idle.append(child)
            return not self._closed

    def ids(self) -> list[int]:
        with self._lock:
            return [child.process_id for child in self._idle]

    def close(self) -> None:
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for child in idle:
            child.end()

    def abandon(self) -> None:
        # Without the lock: a thread that does not exist here may have held it at the fork.
        for child in self._idle:
            child.forget()
        self._idle = []
