"""A message as Teams takes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bots.spelling import one_line
from bots.teams.elements import CARD_BYTES, size_bytes
from runtime.domain.json import JsonObject

_ANGLES = str.maketrans({"<": "‹", ">": "›"})
CARD_TYPE = "application/vnd.microsoft.card.adaptive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """``summary`` is what notifications and screen readers get: title, state, what to do."""

    summary: str
    card: JsonObject

    @property
    def fits(self) -> bool:
        """Say whether Teams will take it."""
        return size_bytes(self.card) <= CARD_BYTES

    @property
    def activity(self) -> JsonObject:
        """Give the message that carries the card."""
        return {
            "type": "message",
            "summary": plain(self.summary, 300),
            "attachments": [{"contentType": CARD_TYPE, "content": self.card}],
        }


def plain(text: str, limit: int) -> str:
    """Fit one line of text that no client may take for markup."""
    return one_line(text, limit).translate(_ANGLES) or "–"


def first_fitting(attempts: Iterable[Drawn]) -> Drawn:
    """Give the first of ever shorter attempts that Teams will take, or the shortest.

    Lengths cannot be planned ahead: one letter can take twelve bytes when it is spelled as JSON.
    """
    last: Drawn | None = None
    for last in attempts:
        if last.fits:
            break
    if last is None:
        raise ValueError("a message was drawn in no way at all")
    return last
