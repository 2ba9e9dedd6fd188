"""What the outside provides: time, and bells."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Give the time. Every time in the product comes from here."""

    def now(self) -> datetime:
        """Give the present moment, aware, in UTC."""
        ...


class Bell(Protocol):
    """Wake somebody up. The queue rings; the database holds the truth.

    An implementer may lose a ring or ring twice: the sweep repairs the one, conditional claims
    make the other harmless. It must not raise: a ring that fails is a ring that was lost.
    """

    def ring(self, *, steps: Iterable[str] = (), conversations: Iterable[str] = ()) -> None:
        """Say that these steps are ready and these conversations have deliveries due.

        Call only after their rows are committed. Each is rung once, however often it is named.
        """
        ...
