"""What unwinds a handler that is to go on later. Handlers never catch these."""

from __future__ import annotations

from datetime import datetime

from runtime.domain.errors import Upstream


class Unwind(BaseException):
    """The base; not an ``Exception``, so that no broad ``except`` in a handler swallows it."""


class Suspend(Unwind):
    """The handler waits; its step becomes a row and holds nothing else."""

    def __init__(self, reason: str, *, wake_at: datetime | None = None, pending: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wake_at = wake_at
        self.pending = pending
        """How many ends of children must come before it is woken."""


class GiveBack(Unwind):
    """This process is stopping, or was too slow: somebody else goes on from here."""


class Interrupted(Unwind):
    """The database did not answer, so nobody knows what is journalled: enter again and look.

    No error a handler may catch: one that went on would leave its journal behind, open.
    """

    def __init__(self, error: Upstream) -> None:
        super().__init__(error.public)
        self.error = error


class Lost(Unwind):
    """Another attempt has the step, or the run was stopped: write nothing more."""
