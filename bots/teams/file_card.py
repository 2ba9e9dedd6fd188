"""A file of a run, opened in the card of whoever wants to read it."""

from __future__ import annotations

from bots.spelling import exact, one_line, plural
from bots.teams.drawn import Drawn, first_fitting
from bots.teams.elements import button, card, fixed, header, line, link, run, small
from runtime.domain.run import Artifact, RunView

_READABLE = ("text/", "application/json", "application/xml", "application/x-yaml")
_ASKED = "Teams asks you below whether it may go into your OneDrive."
_LENGTHS = (400, 200, 120, 80, 50, 30, 15, 6, 2, 0)


def draw_file(
    view: RunView,
    file: Artifact,
    content: bytes,
    *,
    url: str = "",
    at: int | None = None,
    asked: bool = False,
) -> Drawn:
    """Draw a file line by line, as far as it fits; what is no text is named only.

    ``url`` is where the person who opened it, and nobody else here, fetches the whole of it; ``at``
    is its place among the run's files, where it may be put into their OneDrive, which ``asked``
    says Teams asks for just now.
    """
    back = button("Back to the answer", verb="answer.back", data={"run": view.run.id})
    keep = button("Save to OneDrive", verb="file.keep", data={"run": view.run.id, "file": at})
    actions = [
        *([link(f"Download {file.name}", url)] if url else []),
        *([keep] if at is not None and file.size_bytes and not asked else []),
        back,
    ]
    elsewhere = "Download has the whole file" if url else "the console has the whole file"
    title = header(f"{exact(file.name)} · run {view.run.number}")
    text = _text(file, content)
    if text is None:
        how = "" if url else ": the console opens it"
        words = f"{exact(file.media_type)}, {file.size_bytes:,} bytes{how}."
        shown = [title, line(run(words)), *small(_held(url), _ASKED if asked else "")]
        return Drawn(summary=one_line(file.name), card=card(shown, actions))
    lines = text.split("\n")
    return first_fitting(
        Drawn(
            summary=one_line(file.name),
            card=card(
                [
                    title,
                    *fixed("\n".join(lines[:shown])),
                    *small(
                        _left(len(lines) - shown, elsewhere), _held(url), _ASKED if asked else ""
                    ),
                ],
                actions,
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


def _left(count: int, elsewhere: str) -> str:
    return f"… {plural(count, 'more line')}; {elsewhere}" if count > 0 else ""


def _held(url: str) -> str:
    return "Only you see this. The download is good for fifteen minutes." if url else ""
