"""The real ``baton`` processes, and the worlds they talk to, each in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError

CONTENT = Path(__file__).parent / "content"
SCRIPT = Path(__file__).parent / "script.yaml"
_MOST_SECONDS = 60.0
_KEPT = ("PATH", "HOME", "LANG", "VIRTUAL_ENV", "TMPDIR")
_CODE = "import sys; from bots.terminal.main import main; sys.exit(main())"


@contextmanager
def baton(role: str, settings: Mapping[str, str], *, log: Path) -> Generator[subprocess.Popen[str]]:
    """Run ``baton ROLE`` with these settings and no others while the block lasts."""
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    with log.open("a") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", _CODE, role],
            env={**environment, "PYTHONPATH": str(CONTENT.parents[1]), **settings},
            cwd=log.parent,
            stdout=output,
            stderr=output,
            text=True,
        )
        try:
            yield process
        finally:
            _end(process)


@contextmanager
def scripted_model(log: Path) -> Generator[str]:
    """Serve the script as an OpenAI-compatible model; give its base URL."""
    with _model(["tests.worlds.openai", "--script", str(SCRIPT)], log) as url:
        yield url


@contextmanager
def stub_model(log: Path) -> Generator[str]:
    """Serve a model that takes next to no time; give its base URL."""
    with _model(["bench.stub_model"], log) as url:
        yield url


@contextmanager
def _model(module: list[str], log: Path) -> Generator[str]:
    command = [sys.executable, "-m", *module]
    with log.open("a") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            _end(process)


def wait_until_ready(url: str, process: subprocess.Popen[Any]) -> None:
    """Wait until ``/readyz`` says yes."""
    give_up_at = time.monotonic() + _MOST_SECONDS
    while time.monotonic() < give_up_at:
        assert process.poll() is None, f"it ended with {process.returncode}; see its log"
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.01)
    raise TimeoutError(f"{url} was not ready within {_MOST_SECONDS:.0f} seconds")


def resident_mib(process: subprocess.Popen[str]) -> float:
    """Give what a process holds in memory."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def cpu_seconds(process: subprocess.Popen[str]) -> float:
    """Give what a process has used of the processors, however busy others keep them."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)
