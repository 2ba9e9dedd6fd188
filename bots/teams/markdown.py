"""A model's Markdown, drawn by us: headings, lists, bold, italics, code. No links, no HTML.

A link is shown as its words and its address, so that nobody is led where the words do not say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bots.spelling import prose
from bots.teams.elements import Element, line, run
from runtime.domain.json import Json

_FENCE = re.compile(r"^\s*(```|~~~)")
_HEADING = re.compile(r"^(#{1,6})\s+(.*)$")
_ROW = re.compile(r"^\s*\|.*\|\s*$")
_DASHES = re.compile(r":?-{1,}:?")
_WIDEST_CELL = 40
_BULLET = re.compile(r"^(\s*)[-*+]\s+(.*)$")
_LINK = re.compile(r"!?\[([^\[\]\n]{0,300})\]\(([^()\s]{1,2000})\)")
_SPAN = re.compile(
    r"\*\*([^*\n]+)\*\*|`([^`\n]+)`|(?<![\w*])\*([^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])"
)


def drawn_markdown(text: str) -> list[Element]:
    """Draw text block by block; what is no Markdown stands as it is."""
    return list(_blocks(_tabulated(prose(text).strip("\n").split("\n"))))


def _tabulated(lines: list[str]) -> list[str]:
    """Align the cells of tables; the line of dashes below a head is left out."""
    told: list[str] = []
    rows: list[list[str]] = []
    in_code = False
    for one in [*lines, ""]:
        in_code = in_code != bool(_FENCE.match(one))
        if _ROW.match(one) and not in_code:
            rows.append([cell.strip() for cell in one.strip().strip("|").split("|")])
            continue
        told += _aligned([row for row in rows if not all(map(_DASHES.fullmatch, row))])
        rows = []
        told.append(one)
    return told[:-1]


def _aligned(rows: list[list[str]]) -> list[str]:
    columns = max(map(len, rows), default=0)
    whole = [[*row, *[""] * (columns - len(row))] for row in rows]
    widths = [min(max(len(row[at]) for row in whole), _WIDEST_CELL) for at in range(columns)]
    return [
        "| " + " | ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        for row in whole
    ]


def _blocks(lines: list[str]) -> Iterator[Element]:
    in_code = False
    gap = False
    for one in lines:
        if _FENCE.match(one):
            in_code = not in_code
            continue
        if in_code:
            yield line(run(one, mono=True), spacing="Default" if gap else "None")
            gap = False
            continue
        if not one.strip():
            gap = True
            continue
        yield _block(one, spacing="Default" if gap else "Small")
        gap = False


def _block(one: str, *, spacing: str) -> Element:
    close = spacing if spacing == "Default" else "None"
    if heading := _HEADING.match(one):
        return line(run(heading.group(2), bold=True, size="Medium"), spacing=spacing)
    if bullet := _BULLET.match(one):
        indent = "\u00a0\u00a0" * (len(bullet.group(1).replace("\t", "    ")) // 2)
        return line(run(f"{indent}• "), _spans(bullet.group(2)), spacing=close)
    if one.lstrip().startswith("|"):
        return line(run(one, mono=True), spacing=close)
    return line(_spans(one), spacing=spacing)


def _spans(text: str) -> list[Json]:
    text = _LINK.sub(_spelled_link, text)
    runs: list[Json] = []
    at = 0
    for span in _SPAN.finditer(text):
        runs += run(text[at : span.start()])
        bold, code, italic = span.groups()
        if bold:
            runs += run(bold, bold=True)
        else:
            runs += run(code, mono=True) if code else run(italic, italic=True)
        at = span.end()
    return [*runs, *run(text[at:])]


def _spelled_link(link: re.Match[str]) -> str:
    words, address = link.group(1).strip(), link.group(2)
    return address if words in ("", address) else f"{words} ({address})"
