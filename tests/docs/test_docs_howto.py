"""The how-to pages, done as they stand: their files written, their commands typed."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from runtime.settings import Settings
from tests.worlds.pages import ROOT, Block, blocks_of

BATON = [sys.executable, "-m", "bots.terminal.main"]
DONE, STARTED = 0, 3
"""A command that sets a run going ends with 3 while that run has not ended."""
PATIENCE_SECONDS = 150.0
pytestmark = pytest.mark.timeout(300)
_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Somebody with a fresh copy of the project who does what a page says."""

    folder: Path
    environment: Mapping[str, str]

    def do(self, block: Block) -> None:
        """Write the block's file, or type its commands, each until it works."""
        what, _, path = block.mark.partition(": ")
        if what == "run":
            for command in block.commands:
                word, *words = shlex.split(command)
                assert word == "baton", f"{block.name} types {word!r}"
                self.until_it_works(*words)
        elif what in ("file", "append"):
            file = self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            before = file.read_text(encoding="utf-8") if what == "append" else ""
            file.write_text(before + ("\n" if before else "") + block.text, encoding="utf-8")

    def until_it_works(self, *words: str) -> str:
        """Type a command again until it succeeds, as people do while they wait for a card."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            typed = subprocess.run(
                [*BATON, *words], cwd=self.folder, env=dict(self.environment), timeout=60,
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            if typed.returncode in (DONE, STARTED):
                return typed.stdout
            if time.monotonic() > deadline:
                raise TimeoutError(f"baton {shlex.join(words)}: {typed.stdout}{typed.stderr}")
            time.sleep(_LOOK_SECONDS)

    def end_of(self, run: str) -> dict[str, object]:
        """Wait for the end of a run and give it as scripts see it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            told = self.until_it_works("status", run, "--json")
            seen = cast("dict[str, object]", json.loads(told))
            if seen["status"] in ("succeeded", "failed", "cancelled"):
                return seen
            if time.monotonic() > deadline:
                raise TimeoutError(told)
            time.sleep(_LOOK_SECONDS)


@contextmanager
def served(folder: Path) -> Generator[Reader]:
    """Copy the agents, start ``baton up`` on them, and stop it in the end."""
    shutil.copytree(ROOT / "agents", folder / "agents")
    (folder / ".venv").symlink_to(sys.prefix)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = cast("int", free.getsockname()[1])
    ours = {str(field.alias) for field in Settings.model_fields.values()}
    keys = {name for name in os.environ if name.endswith(("_API_KEY", "_API_BASE"))}
    environment = {
        **{name: value for name, value in os.environ.items() if name not in ours | keys},
        "BATON_PORT": str(port),
        "PYTHONPATH": str(ROOT),
    }
    log = folder / "up.log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [*BATON, "up"], cwd=folder, env=environment, stdout=out, stderr=out
        )
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while b"Baton is ready" not in log.read_bytes():
            assert server.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
            time.sleep(_LOOK_SECONDS)
        yield Reader(folder=folder, environment=environment)
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(timeout=30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@pytest.mark.parametrize(
    ("page", "answer"),
    [
        ("docs/quickstart.md", "PO-1"),
        ("docs/howto/write-an-agent.md", "Ash is booked for Monday"),
        ("docs/howto/add-an-mcp-server.md", "There are 4 pieces of laptop"),
    ],
)
def test_who_does_what_the_page_says_gets_there(page: str, answer: str, tmp_path: Path) -> None:
    blocks = blocks_of(ROOT / page)
    with served(tmp_path) as reader:
        for block in blocks:
            reader.do(block)

        ended = reader.end_of("1")

    assert ended["status"] == "succeeded", ended
    assert answer in str(ended["answer"])


def test_the_small_room_is_booked_without_asking(tmp_path: Path) -> None:
    blocks = blocks_of(ROOT / "docs/howto/write-an-agent.md")
    with served(tmp_path) as reader:
        for block in blocks:
            if block.mark != "run":
                reader.do(block)
        tools = tmp_path / "agents/rooms/tools.py"
        text = tools.read_text(encoding="utf-8")
        tools.write_text(text.replace('("Ash", "Birch", "Cedar")', '("Birch",)'), encoding="utf-8")

        reader.until_it_works("run", "Book a room for Monday", "--agent", "rooms")
        ended = reader.end_of("1")

    assert ended["status"] == "succeeded", ended
    assert ended["approvals"] == []
