"""What a run may use up, decided before a call and not after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from runtime.domain.step import Cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Caps of one run; work already begun may overshoot by one call."""

    usd: float = 5.0
    tokens: int = 500_000
    seconds: float = 30 * 24 * 3600.0

    def breach(self, *, spent: Cost, started_at: datetime, now: datetime) -> str | None:
        """Say which cap is reached, in words for the requester, or None."""
        if spent.usd >= self.usd:
            return f"the run has spent ${spent.usd:.2f} of its ${self.usd:.2f}"
        if spent.tokens >= self.tokens:
            return f"the run has used {spent.tokens:,} of its {self.tokens:,} tokens"
        if (now - started_at).total_seconds() >= self.seconds:
            return f"the run has taken its whole time of {self.seconds:.0f} seconds"
        return None
