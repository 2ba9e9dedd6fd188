"""A CSV text as a table: named columns, each of one type."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import Final

from runtime.domain.errors import ToolFailed

MOST_ROWS: Final = 200_000
_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})")
_NUMBER = re.compile(r"-?(\d{1,15})(\.\d{1,15})?([eE][+-]?\d{1,2})?")
_LEADING_ZERO = re.compile(r"-?0\d")

Cell = str | int | float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column. ``type`` is ``integer``, ``number`` or ``text``; empty cells are null."""

    name: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What a CSV holds."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


def parse_csv(text: str, *, name: str) -> Table:
    """Read a CSV with a header line, separated by commas, semicolons, tabs or bars.

    A column has a number type only where every cell reads as one; ``007`` stays text, because an
    article number is no quantity.

    Raises:
        ToolFailed: naming the line that does not fit.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    lines: list[list[str]] = []
    try:
        for line in reader:
            if any(cell.strip() for cell in line):
                lines.append(line)
            if len(lines) > MOST_ROWS + 1:
                raise ToolFailed(f"{name!r} has more than {MOST_ROWS:,} rows; use a smaller file")
    except csv.Error as error:
        raise ToolFailed(f"{name!r}, line {reader.line_num}: {error}; this is no CSV") from error
    if not lines:
        raise ToolFailed(f"{name!r} is empty; there is no table in it")
    names = _names(lines[0])
    for number, line in enumerate(lines[1:], start=2):
        if len(line) > len(names):
            raise ToolFailed(
                f"{name!r}, row {number}: {len(line)} cells, but the header names {len(names)}; "
                "this row cannot be understood"
            )
    cells = [
        [cell.strip() for cell in line] + [""] * (len(names) - len(line)) for line in lines[1:]
    ]
    types = [_type([row[index] for row in cells]) for index in range(len(names))]
    return Table(
        columns=tuple(Column(name=n, type=t) for n, t in zip(names, types, strict=True)),
        rows=tuple(
            tuple(_value(cell, kind) for cell, kind in zip(row, types, strict=True))
            for row in cells
        ),
    )


def _separator(text: str) -> str:
    header = text.split("\n", 1)[0]
    return max(",;\t|", key=lambda letter: (header.count(letter), letter == ","))


def _names(header: list[str]) -> list[str]:
    names: list[str] = []
    seen: set[str] = set()
    for index, cell in enumerate(header, start=1):
        base = cell.strip() or f"column_{index}"
        name, again = base, 2
        while name.lower() in seen:
            name, again = f"{base}_{again}", again + 1
        seen.add(name.lower())
        names.append(name)
    return names


def _type(cells: list[str]) -> str:
    filled = [cell for cell in cells if cell]
    if not filled:
        return "text"
    if all(_INTEGER.fullmatch(cell) for cell in filled):
        return "integer"
    if all(_NUMBER.fullmatch(cell) and not _LEADING_ZERO.match(cell) for cell in filled):
        return "number"
    return "text"


def _value(cell: str, kind: str) -> Cell:
    if not cell:
        return None
    if kind == "integer":
        return int(cell)
    return float(cell) if kind == "number" else cell
