"""All that is wrong with a catalog, said at once and by line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field

from runtime.domain.errors import Misconfigured


@dataclass(slots=True)
class Problems:
    """A list that grows while the files are read."""

    found: list[str] = field(default_factory=list[str])

    def add(self, file: str, line: int, text: str) -> None:
        """Note one problem; ``text`` says what is wrong and what to write instead."""
        self.found.append(f"{file}:{line}: {text}")

    def adopt(self, error: Misconfigured) -> None:
        """Note what another reader found; its words already name file and line."""
        self.found.append(error.public)

    def raise_if_any(self) -> None:
        """Raises ``Misconfigured`` with one problem a line, in the order they were found."""
        if self.found:
            raise Misconfigured("\n".join(self.found))


def near(word: str, known: Iterable[str]) -> str:
    """Say what was probably meant, else what there is, as the end of a problem's text."""
    choices = sorted(known)
    close = difflib.get_close_matches(word, choices, n=1)
    if close:
        return f"write {close[0]!r}"
    if not choices:
        return "remove it"
    return f"write one of {', '.join(choices)}"
