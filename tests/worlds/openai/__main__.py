"""Serve a script until interrupted."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from tests.worlds.openai.script import read_script
from tests.worlds.openai.server import OpenAIWorld


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.worlds.openai")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--script", type=Path, required=True, help="YAML list of rules")
    chosen = parser.parse_args()
    script = read_script(chosen.script.read_text(encoding="utf-8"))
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    with OpenAIWorld(script=script, port=chosen.port) as world:
        sys.stdout.write(f"{world.base_url}\n")
        sys.stdout.flush()
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    main()
