"""Run a job inside walls that the kernel holds, or not at all."""

from __future__ import annotations

import base64
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast

from runtime.domain.errors import Misconfigured
from runtime.tools.confined import calls
from runtime.tools.confined.limits import Limits
from runtime.tools.confined.pipes import Carried, Ended, carry

__all__ = ["Confinement", "Ended", "Finished", "Job", "python"]

_INSIDE: Final = Path(__file__).with_name("inside.py")
_SYSTEM: Final = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/alternatives",
)
_BUILDING_SECONDS: Final = 10.0
"""How long the walls may take to be built, on a busy machine, besides the job's own time."""
_THREADS: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A program, and all that it will ever see of this machine."""

    command: tuple[str, ...]
    """Full path of the program and its arguments; ``python(…)`` gives one."""
    stdin: bytes = b""
    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    """Placed in its working folder; plain names. Nothing it writes there outlives it."""
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    """Its whole environment but for PATH, HOME, TMPDIR and the language."""
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What came of a job."""

    status: int
    """Its exit status; minus the number of the signal that ended it."""
    output: bytes
    errors: bytes
    ended: Ended
    walls: tuple[str, ...]
    """What the kernel held: files, network, processes (namespaces of its own), landlock, calls,
    limits, privileges."""

    @property
    def has_own_view(self) -> bool:
        """Tell whether it had a file system, a network and a process table of its own."""
        return {"files", "network", "processes"} <= set(self.walls)


def python(*arguments: str) -> tuple[str, ...]:
    """Give the command that runs this interpreter, deaf to its environment and to user folders."""
    return (sys.executable, "-I", *arguments)


class Confinement:
    """Runs jobs in processes of their own. Any thread may call it.

    A job has no network, sees an interpreter and the system's libraries read-only and nothing
    else, and cannot gain a privilege. Where a kernel lacks namespaces, Landlock and a filter of
    system calls keep network and files away; where it lacks these too, nothing is run.
    """

    def __init__(self, *, namespaces: bool = True) -> None:
        """``namespaces`` off leaves them out, as on kernels and in containers that refuse them."""
        self._namespaces = namespaces

    def run(self, job: Job) -> Finished:
        """Run a job to its end.

        Raises:
            Misconfigured: this machine cannot wall it in, or the program is not there.
        """
        if sys.platform != "linux":
            raise Misconfigured("code is only run on Linux, which can confine it; use Linux")
        folder = Path(tempfile.mkdtemp(prefix="confined-"))
        try:
            self._lay_out(folder, job)
            carried = _carry(folder, job)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return _finished(job, carried)

    def walls(self) -> tuple[str, ...]:
        """Give what this machine's kernel holds.

        Raises:
            Misconfigured: that is too little to run anything.
        """
        return self.run(Job(command=python("-S", "-c", "pass"))).walls

    def _lay_out(self, folder: Path, job: Job) -> None:
        work = folder / "work"
        work.mkdir(mode=0o700)
        for name, content in job.files.items():
            if Path(name).name != name:
                raise Misconfigured(f"{name!r} is no plain name for a file; leave out folders")
            (work / name).write_bytes(content)
        home = "/scratch" if self._namespaces else str(work)
        limits = job.limits
        machine = platform.machine()
        further = limits.processes > 0
        spec = {
            "command": list(job.command),
            "environment": {
                "PATH": "/usr/bin:/bin",
                "HOME": home,
                "TMPDIR": home,
                "LANG": "C.UTF-8",
                "PYTHONDONTWRITEBYTECODE": "1",
                **job.environment,
            },
            "readable": list(_readable()),
            "namespaces": self._namespaces,
            "filters": {
                "own": _spelled(calls.program(machine, processes=further, signals=True)),
                "shared": _spelled(calls.program(machine, processes=False, signals=False)),
            },
            "memory_bytes": limits.memory_bytes,
            "cpu_seconds": limits.cpu_seconds,
            "scratch_bytes": limits.scratch_bytes,
            "open_files": limits.open_files,
            "tasks": _THREADS + limits.processes,
            "further": further,
        }
        (folder / "spec.json").write_text(json.dumps(spec), encoding="utf-8")
        # The job's user must pass through; nobody can list it.
        folder.chmod(0o711)


def _carry(folder: Path, job: Job) -> Carried:
    reading, writing = os.pipe()
    try:
        process = subprocess.Popen(  # noqa: S603 - our own file, by the interpreter that runs us
            [sys.executable, "-I", "-S", str(_INSIDE), str(folder), str(writing)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={},
            cwd="/",
            pass_fds=(writing,),
            start_new_session=True,
        )
        os.close(writing)
        writing = -1
        return carry(
            process,
            given=job.stdin,
            status=reading,
            seconds=job.limits.seconds,
            building_seconds=_BUILDING_SECONDS,
            most_bytes=job.limits.output_bytes,
        )
    finally:
        for opened in (reading, writing):
            with suppress(OSError):
                os.close(opened)


def _finished(job: Job, carried: Carried) -> Finished:
    told: dict[str, object] = {}
    for line in carried.status.splitlines():
        told |= cast("dict[str, object]", json.loads(line))
    if "refused" in told:
        raise Misconfigured(
            f"{job.command[0]!r} was not run, because this machine cannot confine it:"
            f" {told['refused']}; see the how-to on operating Baton for what it needs"
        )
    walls = cast("list[str]", told.get("walls", []))
    return Finished(
        status=int(str(told.get("status", -9))),
        output=carried.output,
        errors=carried.errors,
        ended=carried.ended,
        walls=tuple(walls),
    )


def _readable() -> tuple[str, ...]:
    """Name what a job may read: the system's programs and libraries, and this interpreter."""
    interpreter = [sys.prefix, sys.base_prefix]
    covered = tuple(f"{path}/" for path in _SYSTEM)
    return (*_SYSTEM, *dict.fromkeys(one for one in interpreter if not one.startswith(covered)))


def _spelled(program: bytes | None) -> str | None:
    return None if program is None else base64.b64encode(program).decode()
