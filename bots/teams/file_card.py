"""A file of a run, opened in the card of whoever wants to read it."""

from __future__ import annotations

from bots.spelling import exact, one_line, plural
from bots.teams.drawn import Drawn, first_fitting
from bots.teams.elements import button, card, fixed, header, line, run, small
from runtime.domain.run import Artifact, RunView

_READABLE = ("text/", "application/json", "application/xml", "application/x-yaml")
_LENGTHS = (400, 200, 120, 80, 50, 30, 15, 6, 2, 0)


def draw_file(view: RunView, file: Artifact, content: bytes) -> Drawn:
    """Draw a file line by line, as far as it fits; what is no text is named only."""
    back = button("Back to the answer", verb="answer.back", data={"run": view.run.id})
    title = header(f"{exact(file.name)} · run {view.run.number}")
    text = _text(file, content)
    if text is None:
        words = f"{exact(file.media_type)}, {file.size_bytes:,} bytes: the console opens it."
        return Drawn(summary=one_line(file.name), card=card([title, line(run(words))], [back]))
    lines = text.split("\n")
    return first_fitting(
        Drawn(
            summary=one_line(file.name),
            card=card(
                [
                    title,
                    *fixed("\n".join(lines[:shown])),
                    *small(_left(len(lines) - shown)),
                ],
                [back],
            ),
        )
        for shown in _LENGTHS
    )


def _text(file: Artifact, content: bytes) -> str | None:
    if not file.media_type.startswith(_READABLE):
        return None
    try:
        return content.decode("utf-8").replace("\r\n", "\n").rstrip("\n")
    except UnicodeDecodeError:
        return None


def _left(count: int) -> str:
    return f"… {plural(count, 'more line')}; the console has the whole file" if count > 0 else ""
