"""All that is wrong with a catalog, said at once and by line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field

from runtime.domain.errors import Misconfigured


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong, and where."""

    file: str
    line: int
    pointer: str
    """Where in the document, as a JSON pointer; empty where that is not known."""
    text: str

    def __str__(self) -> str:
        where = f"{self.pointer}: " if self.pointer else ""
        return f"{self.file}:{self.line}: {where}{self.text}"


@dataclass(slots=True)
class Problems:
    """A list that grows while the files are read."""

    found: list[Problem | Misconfigured] = field(default_factory=list[Problem | Misconfigured])
    warnings: list[Problem] = field(default_factory=list[Problem])
    """What is to be mended, and keeps nothing else from being used."""

    def add(self, file: str, line: int, text: str, *, pointer: str = "") -> None:
        """Note one problem; ``text`` says what is wrong and what to write instead."""
        self.found.append(Problem(file=file, line=line, pointer=pointer, text=text))

    def warn(self, file: str, line: int, text: str, *, pointer: str = "") -> None:
        """Note what is wrong with one part alone, which is left out until it is mended."""
        self.warnings.append(Problem(file=file, line=line, pointer=pointer, text=text))

    def adopt(self, error: Misconfigured) -> None:
        """Note what another reader found; its words already name file and line."""
        self.found.append(error)

    def raise_if_any(self) -> None:
        """Raises ``Misconfigured`` with one problem a line, in the order they were found."""
        if self.found:
            raise Misconfigured("\n".join(map(str, self.found)))


def near(word: str, known: Iterable[str]) -> str:
    """Say what was probably meant, else what there is, as the end of a problem's text."""
    choices = sorted(known)
    close = difflib.get_close_matches(word, choices, n=1)
    if close:
        return f"write {close[0]!r}"
    if not choices:
        return "remove it"
    return f"write one of {', '.join(choices)}"
