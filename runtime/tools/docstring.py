"""What a docstring tells a model: a description, and a text for each parameter."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field

_ARGUMENTS = re.compile(r"^(args|arguments|parameters):\s*$", re.IGNORECASE)
_SECTION = re.compile(r"^(returns?|raises?|yields?|examples?|notes?):\s*$", re.IGNORECASE)
_ENTRY = re.compile(r"^\s+(\*{0,2}\w+)(?:\s*\([^)]*\))?:\s*(.*)$")
_FIELD = re.compile(r"^:param\s+(?:\S+\s+)?(\w+):\s*(.*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A docstring taken apart. Sections on returns, raises and examples are for people only."""

    text: str
    parameters: dict[str, str] = field(default_factory=dict[str, str])


def describe(docstring: str | None) -> Described:
    """Take a docstring apart: ``Args:`` sections and ``:param name:`` lines are understood."""
    text: list[str] = []
    parameters: dict[str, str] = {}
    section, current, depth = "text", "", 0
    for line in inspect.cleandoc(docstring or "").splitlines():
        if _ARGUMENTS.match(line):
            section, current = "arguments", ""
        elif _SECTION.match(line):
            section = "other"
        elif found := _FIELD.match(line):
            section, current, depth = "arguments", found[1], 0
            parameters[current] = found[2]
        elif line and not line[0].isspace() and section != "text":
            section = "text"
            text.append(line)
        elif section == "text":
            text.append(line)
        elif section == "arguments" and line.strip():
            indent = len(line) - len(line.lstrip())
            entry = _ENTRY.match(line)
            if entry and (not current or indent <= depth):
                current, depth = entry[1], indent
                parameters[current] = entry[2]
            elif current:
                parameters[current] = f"{parameters[current]} {line.strip()}".strip()
    return Described(text=_reflowed(text), parameters=parameters)


def _reflowed(lines: list[str]) -> str:
    """Join the lines of each paragraph: a model pays for every line break."""
    paragraphs = re.split(r"\n\s*\n", "\n".join(lines).strip())
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs if paragraph)
