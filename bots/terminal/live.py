"""A run's plan while it moves: redrawn in place on a terminal, new lines only in a file."""

from __future__ import annotations

import shutil
from typing import TextIO

from bots.builders import run_card
from bots.commands.plain_text import run_lines, step_text
from runtime.domain.run import RunView

_COLOURS = {"✓": "32", "✗": "31", "…": "33", "?": "33", "▸": "36", "–": "2"}
_BOLD, _FAINT, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"


class Live:
    """Draws one run, again and again."""

    def __init__(self, stream: TextIO, *, coloured: bool = True) -> None:
        """``coloured`` holds for terminals only; a file never gets colours."""
        self._stream = stream
        self._coloured = coloured
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
        if self._coloured:
            lines = [_paint(line) for line in lines]
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


def _paint(line: str) -> str:
    """Colour a line's sign, and let what follows a step's title step back."""
    if not line.startswith("  "):
        head, dot, rest = line.partition(" · ")
        return f"{_BOLD}{head}{_PLAIN}{dot}{rest}"
    sign, title = line[2:3], line[3:]
    if sign not in _COLOURS:
        return line
    title, dot, rest = title.partition(" · ")
    return f"  \x1b[{_COLOURS[sign]}m{sign}{_PLAIN}{title}{_FAINT}{dot}{rest}{_PLAIN}"
