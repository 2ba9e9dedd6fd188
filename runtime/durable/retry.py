"""How often a failing effect is tried again, and when."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.domain.errors import Upstream


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Exponential back-off, without chance so that a replay decides the same."""

    tries: int = 5
    """How many in all, the first included."""
    first_seconds: float = 1.0
    factor: float = 3.0
    most_seconds: float = 300.0

    def delay(self, failures: int, error: Upstream) -> float | None:
        """Give the seconds to wait after the ``failures``-th failure; None: give up."""
        if failures >= self.tries:
            return None
        wait = min(self.first_seconds * self.factor ** (failures - 1), self.most_seconds)
        return max(wait, error.retry_after_seconds or 0.0)


BACK_OFF = Retry()
NEVER = Retry(tries=1)
