"""What was measured, and the one table it is told in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One number. Without a goal it is there to be compared with."""

    name: str
    on: str
    value: float
    unit: str
    goal: float | None = None
    at_least: bool = False
    """The goal is a floor, not a ceiling."""
    beside: str = ""
    """What was measured in the same breath."""

    @property
    def met(self) -> bool:
        """Tell whether the goal is reached; true where there is none."""
        if self.goal is None:
            return True
        return self.value >= self.goal if self.at_least else self.value <= self.goal


def spelled(rows: Sequence[Measured]) -> str:
    """Give the table as text. ``of goal`` below 1.00 means room is left."""
    cells = [("measurement", "on", "value", "goal", "of goal", "verdict", "beside")]
    cells += [_cells(row) for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(7)]
    lines = [
        "  ".join(
            text.rjust(width) if 2 <= column <= 4 else text.ljust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def _cells(row: Measured) -> tuple[str, str, str, str, str, str, str]:
    value = f"{_number(row.value)} {row.unit}"
    if row.goal is None:
        return row.name, row.on, value, "", "", "", row.beside
    sign = "≥" if row.at_least else "≤"
    ratio = row.goal / row.value if row.at_least else row.value / row.goal
    return (
        row.name,
        row.on,
        value,
        f"{sign} {_number(row.goal)} {row.unit}",
        f"{ratio:.2f}",
        "met" if row.met else "MISSED",
        row.beside,
    )


def _number(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def quantile(samples: Sequence[float], share: float) -> float:
    """Give the sample that ``share`` of all samples do not exceed."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median(samples: Sequence[float]) -> float:
    """Give the middle sample."""
    return quantile(samples, 0.5)
