"""One number an operator watches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "approvals_pending": "Questions that wait for people.",
        "deliveries_due": "Messages owed to conversations.",
        "overdue_seconds": "How late the longest overdue step is.",
        "spent_usd": "Money all runs have spent on models.",
        "spent_tokens": "Tokens all runs have used.",
        "runs": "Runs by status.",
        "open_tasks": "Tasks that have not ended, by status.",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A measurement of this moment; ``MEANINGS`` tells what its name stands for."""

    name: str
    value: float
    labels: dict[str, str] = field(default_factory=dict[str, str])
