"""Containers by an engine that is there: its command line, walled in as far as it can be.

A container has no network unless the operator gives it one, no privilege, and of this machine's
files only folders by name below one folder. https://docs.docker.com/reference/cli/docker/container/run/
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from runtime.domain.errors import ToolFailed

_ENGINES: Final = ("docker", "podman")
_OFF: Final = "off"
_LONGEST_OUTPUT: Final = 1024 * 1024
_OF_THE_ENGINE: Final = ("PATH", "HOME", "DOCKER_HOST", "DOCKER_CONFIG", "CONTAINER_HOST")
_ENGINE_FAILED: Final = 125
"""What the engine itself ends with where it could not run the container."""
_WALLS: Final = (
    *("--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
    *("--pids-limit", "256", "--memory", "512m", "--cpus", "1"),
)
_STOPPING_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What is to be run, and what of the outside it is given."""

    image: str
    name: str
    """The engine knows it by this; two cannot have the same."""
    command: str | None = None
    """For a shell in the container, which is given ``arguments``; else its own command is."""
    arguments: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    stdin: bytes | None = None
    volumes: Mapping[str, str] = field(default_factory=dict[str, str])
    """Path in the container by the name of a folder."""
    ports: Mapping[str, str] = field(default_factory=dict[str, str])
    """Port in the container by port of this machine, which only this machine reaches."""
    pull: str = "missing"
    """``missing``, ``always`` or ``never``."""
    stays: bool = False
    """It is not removed at its end."""
    replaces: bool = False
    """An earlier one of that name, whose worker died, is removed first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What came of it."""

    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Containers:
    """Runs containers. Any thread may call it."""

    engine: str
    """Name or path of the program; empty looks for docker and podman, ``off`` has none."""
    network: str
    """Name of the engine's network, ``none`` for no network at all."""
    seconds: float
    """How long each may run."""
    folder: Path
    """What volumes lie in."""
    environment: Mapping[str, str]
    """Of this process; the engine is given only what it needs to find its other half."""

    def run(self, wanted: Image, *, seconds: float) -> Ran:
        """Run it to its end, or until its time is over: then it is killed and removed.

        Raises:
            ToolFailed: there is no engine, it could not run this, or the time was over.
        """
        program = self._program()
        if wanted.replaces:
            self._quietly(program, "rm", "--force", wanted.name)
        with (
            tempfile.TemporaryFile() as output,
            tempfile.TemporaryFile() as errors,
            tempfile.NamedTemporaryFile() as variables,
        ):
            # Not on the command line, where others can read them; nor in the engine's environment,
            # where they would steer the engine.
            variables.write(_spelled(wanted.environment))
            variables.flush()
            options = [*self._options(wanted), "--env-file", variables.name]
            command = [program, "run", *options, *_inner(wanted)]
            try:
                ended = subprocess.run(  # noqa: S603 - the engine, with options checked before
                    command,
                    input=wanted.stdin or b"",
                    stdout=output,
                    stderr=errors,
                    env=self._own(),
                    timeout=seconds,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                self._quietly(program, "rm", "--force", wanted.name)
                words = f"the container was killed after {seconds:g} seconds; let it do less"
                raise ToolFailed(words) from None
            except OSError as error:
                raise ToolFailed(f"{program!r} cannot be started: {error.strerror}") from error
            ran = Ran(code=ended.returncode, stdout=_text(output), stderr=_text(errors))
        if ran.code == _ENGINE_FAILED:
            raise ToolFailed(f"{program!r} could not run it: {ran.stderr[-500:].strip()}")
        return ran

    def _program(self) -> str:
        path = self.environment.get("PATH")
        wanted = () if self.engine == _OFF else (self.engine,) if self.engine else _ENGINES
        found = next((one for name in wanted if (one := shutil.which(name, path=path))), None)
        if found is None:
            raise ToolFailed(
                "there is no container engine here; install docker or podman, or name one in"
                " BATON_CONTAINER_ENGINE"
            )
        return found

    def _options(self, wanted: Image) -> list[str]:
        options = ["--name", wanted.name, "--pull", wanted.pull, "--network", self.network, *_WALLS]
        options += [] if wanted.stays else ["--rm"]
        options += [] if wanted.stdin is None else ["--interactive"]
        for name, inside in wanted.volumes.items():
            options += ["--volume", f"{self._volume(name)}:{inside}"]
        if wanted.ports and self.network == "none":
            raise ToolFailed(
                "a container here has no network, so no ports; an operator may give it one with"
                " BATON_CONTAINER_NETWORK"
            )
        for outside, inside in wanted.ports.items():
            options += ["--publish", f"127.0.0.1:{outside}:{inside}"]
        return options

    def _volume(self, name: str) -> Path:
        if Path(name).name != name or name.startswith("."):
            raise ToolFailed(
                f"{name!r} is no name for a volume; write a plain name, whose folder is made in"
                f" {self.folder}"
            )
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder.resolve()

    def _own(self) -> dict[str, str]:
        return {name: self.environment[name] for name in _OF_THE_ENGINE if name in self.environment}

    def _quietly(self, *command: str) -> None:
        with suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(  # noqa: S603 - the engine, to remove what it was told to run
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=self._own(),
                timeout=_STOPPING_SECONDS,
                check=False,
            )


def _spelled(environment: Mapping[str, str]) -> bytes:
    for name, value in environment.items():
        if "\n" in value:
            raise ToolFailed(f"{name!r} has more than one line; give it to a container by stdin")
    return "".join(f"{name}={value}\n" for name, value in environment.items()).encode()


def _inner(wanted: Image) -> list[str]:
    if wanted.command is None:
        return [wanted.image, *wanted.arguments]
    return ["--entrypoint", "sh", wanted.image, "-c", wanted.command, "sh", *wanted.arguments]


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(_LONGEST_OUTPUT).decode(errors="replace")
