"""What was said in a conversation, both ways, as a page or a terminal shows it again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from runtime.domain.delivery import Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadEntry:
    """One entry: a person's words, or something Baton owes or has said."""

    at: datetime
    mine: bool
    """True where Baton speaks; then ``delivery`` is set and ``text`` is empty."""
    text: str
    delivery: Delivery | None
