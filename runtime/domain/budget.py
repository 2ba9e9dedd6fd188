"""What may be used up, decided before a call and not after."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from runtime.domain.step import Cost

NO_TOKENS_LIMIT = 10**15


class Spends(StrEnum):
    """What a budget counts."""

    MONEY = "money"
    TOKENS = "tokens"
    TIME = "time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """Which limit is, or would be, passed."""

    by: Spends
    words: str
    """For whoever is asked what now."""
    reached: bool
    """Nothing is left; where something is, the next step alone would be too much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Limits on one run, or on whatever else spends. Work begun may overshoot by one call."""

    usd: float = 5.0
    tokens: int = 500_000
    seconds: float = 30 * 24 * 3600.0

    def raised(self, *, usd: float, tokens: int, seconds: float) -> Budget:
        """Give the budget with what people have added to it."""
        return Budget(
            usd=self.usd + usd, tokens=self.tokens + tokens, seconds=self.seconds + seconds
        )

    def lowered(self, usd: float | None) -> Budget:
        """Give the budget with no more money than this."""
        return self if usd is None else replace(self, usd=min(self.usd, max(usd, 0.0)))

    def breach(
        self,
        *,
        spent: Cost,
        started_at: datetime,
        now: datetime,
        who: str = "the run",
        forecast: Cost = Cost(),  # noqa: B008 - a frozen value
    ) -> Breach | None:
        """Say which limit stands in the way of a step that will take about ``forecast``."""
        of_money = f"{who} has spent ${spent.usd:.2f} of its ${self.usd:.2f}"
        of_tokens = f"{who} has used {spent.tokens:,} of its {self.tokens:,} tokens"
        if spent.usd >= self.usd:
            return Breach(by=Spends.MONEY, words=of_money, reached=True)
        if spent.tokens >= self.tokens:
            return Breach(by=Spends.TOKENS, words=of_tokens, reached=True)
        if (now - started_at).total_seconds() >= self.seconds:
            words = f"{who} has taken its whole time of {self.seconds:,.0f} seconds"
            return Breach(by=Spends.TIME, words=words, reached=True)
        if spent.usd + forecast.usd > self.usd:
            words = f"{of_money}, and the next step would take about ${forecast.usd:.2f}"
            return Breach(by=Spends.MONEY, words=words, reached=False)
        if spent.tokens + forecast.tokens > self.tokens:
            words = f"{of_tokens}, and the next step would take about {forecast.tokens:,}"
            return Breach(by=Spends.TOKENS, words=words, reached=False)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetLeft:
    """One budget for people to read: whose, set where, and what is used up of it."""

    whose: str
    source: str
    limit: Budget
    """With what people have added."""
    spent: Cost
    took_seconds: float
    was_added: bool
    anew_at: datetime | None
    """When it begins anew; None for a run's, which never does."""


UNLIMITED = Budget(usd=math.inf, tokens=NO_TOKENS_LIMIT, seconds=math.inf)
