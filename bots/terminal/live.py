"""A run's plan while it moves: redrawn in place on a terminal, new lines only in a file."""

from __future__ import annotations

import shutil
from typing import TextIO

from bots.builders import run_card
from bots.commands.plain_text import run_lines, step_text
from runtime.domain.run import RunView


class Live:
    """Draws one run, again and again."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._in_place = stream.isatty()
        self._drawn = 0
        self._told: dict[str, str] = {}

    def draw(self, view: RunView) -> None:
        """Show how the run stands now."""
        if self._in_place:
            self._redraw(view)
        else:
            self._append(view)

    def below(self) -> None:
        """Leave what was drawn where it is, because something was written under it."""
        self._drawn = 0

    def _redraw(self, view: RunView) -> None:
        size = shutil.get_terminal_size()
        # A line that wraps, or a plan that scrolls away, cannot be found again to be redrawn.
        lines = [line[: size.columns - 1] for line in run_lines(run_card(view))][: size.lines - 2]
        up = f"\x1b[{self._drawn}F" if self._drawn else ""
        self._stream.write(up + "".join(f"\x1b[2K{line}\n" for line in lines) + "\x1b[J")
        self._stream.flush()
        self._drawn = len(lines)

    def _append(self, view: RunView) -> None:
        card = run_card(view)
        self._tell("run", card.status, f"Run #{card.number}: {card.status_line}")
        for step, line in zip(view.steps, card.steps, strict=True):
            self._tell(step.path, f"{line.status} {line.detail}", f"  {step_text(line)}")
        self._stream.flush()

    def _tell(self, what: str, state: str, text: str) -> None:
        if self._told.get(what) != state:
            self._told[what] = state
            self._stream.write(text + "\n")
