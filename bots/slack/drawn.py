"""A message as Slack takes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bots.slack.blocks import MESSAGE_BLOCKS, MESSAGE_CHARACTERS, Block, size


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """``text`` is what notifications and screen readers get: title, state, what to do."""

    text: str
    blocks: tuple[Block, ...]
    plain: tuple[Block, ...] = ()
    """The same in blocks that every workspace takes; empty where ``blocks`` are such."""

    @property
    def fits(self) -> bool:
        """Say whether Slack will take it."""
        return len(self.blocks) <= MESSAGE_BLOCKS and size(self.blocks) <= MESSAGE_CHARACTERS


def first_fitting(attempts: Iterable[Drawn]) -> Drawn:
    """Give the first of ever shorter attempts that Slack will take, or the shortest.

    Lengths cannot be planned ahead: hostile text grows twentyfold when it is escaped.
    """
    last: Drawn | None = None
    for last in attempts:
        if last.fits:
            break
    if last is None:
        raise ValueError("a message was drawn in no way at all")
    return last
