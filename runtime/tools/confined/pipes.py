"""The bytes that go into a process and come out of it, within a time and an amount."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import IO, Final

_CHUNK: Final = 65_536


class Ended(StrEnum):
    """How a job came to its end."""

    BY_ITSELF = "by itself"
    OUT_OF_TIME = "out of time"
    TOO_MUCH_OUTPUT = "too much output"


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What came out of a process."""

    output: bytes
    errors: bytes
    status: bytes
    ended: Ended


def carry(
    process: subprocess.Popen[bytes],
    *,
    given: bytes,
    status: int,
    seconds: float,
    building_seconds: float,
    most_bytes: int,
) -> Carried:
    """Feed a process that leads its own group and read it to its end, then kill what is left.

    ``status`` is the reading end of the pipe on which the first process tells what became of the
    job: the job's ``seconds`` begin with the first line, which says that its walls stand, and when
    the pipe closes the job is over, whoever still holds its output.
    """
    pipes = _Pipes(process, given, status)
    deadline = time.monotonic() + building_seconds
    ended = Ended.BY_ITSELF
    while pipes.open:
        left = deadline - time.monotonic()
        if left <= 0:
            ended = Ended.OUT_OF_TIME
            break
        walled = bool(pipes.heard[status])
        pipes.move(left)
        if pipes.heard[status] and not walled:
            deadline = time.monotonic() + seconds
        if any(len(said) > most_bytes for said in pipes.heard.values()):
            ended = Ended.TOO_MUCH_OUTPUT
            break
    pipes.end()
    return Carried(
        output=bytes(pipes.heard[pipes.output][:most_bytes]),
        errors=bytes(pipes.heard[pipes.errors][:most_bytes]),
        status=bytes(pipes.heard[status]),
        ended=ended,
    )


class _Pipes:
    """The open ends of a process, looked at together."""

    def __init__(self, process: subprocess.Popen[bytes], given: bytes, status: int) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._process = process
        self._files: tuple[IO[bytes], ...] = (process.stdin, process.stdout, process.stderr)
        self._input, self.output, self.errors = (one.fileno() for one in self._files)
        self._status = status
        self._pending = memoryview(given)
        self.heard = {one: bytearray() for one in (self.output, self.errors, status)}
        self._waiting = selectors.DefaultSelector()
        for one in self.heard:
            self._waiting.register(one, selectors.EVENT_READ)
        os.set_blocking(self._input, False)
        self._waiting.register(self._input, selectors.EVENT_WRITE)

    @property
    def open(self) -> bool:
        """Tell whether anything may still come out."""
        return any(one in self._waiting.get_map() for one in self.heard)

    def move(self, seconds: float) -> None:
        """Wait for any end to be ready, and move what can be moved."""
        for key, _ in self._waiting.select(seconds):
            if key.fd == self._input:
                self._feed()
                continue
            chunk = os.read(key.fd, _CHUNK)
            self.heard[key.fd] += chunk
            if not chunk:
                self._waiting.unregister(key.fd)
                if key.fd == self._status:
                    self._kill()

    def end(self) -> None:
        """Kill what is left, wait for it and close every end."""
        self._waiting.close()
        self._kill()
        self._process.wait()
        for one in self._files:
            with suppress(BrokenPipeError):
                one.close()

    def _feed(self) -> None:
        try:
            if self._pending:
                self._pending = self._pending[os.write(self._input, self._pending[:_CHUNK]) :]
        except BrokenPipeError:
            # It does not want to know; that is its own affair.
            self._pending = self._pending[:0]
        except BlockingIOError:
            return
        if not self._pending and self._input in self._waiting.get_map():
            self._waiting.unregister(self._input)
            self._files[0].close()

    def _kill(self) -> None:
        # The leader has not been waited for, so its number is nobody else's yet.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
